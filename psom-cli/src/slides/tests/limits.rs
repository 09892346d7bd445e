//! Pages that demand more than they may have, and fonts that are missing.

use super::{converted, file, pdf_file::*, refused, small};

/// A PDF with a page that draws an image with this dictionary and this data.
fn with_image(entries: &str, data: &[u8]) -> Vec<u8> {
    let page = Page::with("960 0 0 540 0 0 cm /Self Do");
    let text = String::from_utf8(pdf(&[page])).unwrap().replace("/Self 5 0 R", "/Self 9 0 R");
    let entries = format!("/Type /XObject /Subtype /Image /BitsPerComponent 8 {entries}");
    without_index(text.as_bytes(), &[(9, stream(&entries, data))])
}

#[test]
fn a_page_with_too_large_an_image_is_named() {
    // The beginning of a JPEG of 65500 by 65500 pixels.
    let jpeg = b"\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\x3f\0\xff\xd9";
    let rgb = "/ColorSpace /DeviceRGB";
    for (entries, data, size) in [
        (format!("/Width 60000 /Height 60000 {rgb}"), &b"x"[..], "60000 x 60000"),
        (format!("/Width 4294967295 /Height 4294967295 {rgb}"), b"x", "4294967295 x 4294967295"),
        ("/ImageMask true /Width 1000000 /Height 1000".to_owned(), b"x", "1000000 x 1000"),
        (format!("/Width 8 /Height 8 /Filter /DCTDecode {rgb}"), jpeg, "65500 x 65500"),
        (format!("/Width 8 /Height 8 /SMask 9 0 R {rgb}"), b"x", ""),
    ] {
        let (_directory, path) = file("Plan.pdf", &with_image(&entries, data));
        if size.is_empty() {
            // An image that is its own mask is small, and must not be followed forever.
            assert_eq!(converted(&path, &small()).slides.len(), 1);
            continue;
        }
        let why = refused(&path, &small());
        assert!(why.starts_with("page 1 of ") && why.contains(size), "{why}");
        assert!(why.contains("export it again, or leave that page out"), "{why}");
    }
}

#[test]
fn a_large_inline_image_is_rejected() {
    let content = "q BI /W 50000 /H 50000 /CS /G /BPC 8 ID x EI Q";
    let (_directory, path) = file("Plan.pdf", &pdf(&[Page::numbered(1), Page::with(content)]));
    let why = refused(&path, &small());
    assert!(why.starts_with("page 2 of ") && why.contains("50000 x 50000 pixels"), "{why}");
}

/// A PDF whose pages use a font that is not embedded. Its code 5000 is this character.
fn with_font(character: char, entries: &str) -> Vec<u8> {
    let to_unicode = format!(
        "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> \
         endcodespacerange 1 beginbfchar <1388> <{:04x}> endbfchar endcmap end",
        u32::from(character)
    );
    let pages = [Page::with("BT /F1 50 Tf 50 50 Td <1388> Tj ET"), Page::numbered(2)];
    let text = String::from_utf8(pdf(&pages)).unwrap();
    let font = format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /Unheard-Of /Encoding /Identity-H /ToUnicode 21 0 R \
         /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Unheard-Of \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> \
         /FontDescriptor << /Type /FontDescriptor /FontName /Unheard-Of /Flags 4 {entries} >> >>] >>"
    );
    let text = text.replace("/Font << /F1 3 0 R >>", "/Font << /F1 20 0 R >>");
    let text = text.split("xref\n").next().unwrap().to_owned();
    let length = to_unicode.len();
    format!(
        "{text}20 0 obj {font} endobj\n21 0 obj << /Length {length} >>\nstream\n{to_unicode}\n\
         endstream\nendobj\ntrailer << /Size 22 /Root 1 0 R >>\n"
    )
    .into_bytes()
}

#[test]
fn text_that_no_font_has_is_named_with_its_page() {
    // No font has a character that is not assigned.
    let (_directory, path) = file("Plan.pdf", &with_font('\u{378}', ""));
    let deck = converted(&path, &small());
    let [remark] = &deck.remarks[..] else { panic!("{:?}", deck.remarks) };
    for part in ["Plan.pdf: on page 1, ", "the font Unheard-Of is missing", "\u{378}"] {
        assert!(remark.contains(part), "{remark}");
    }
}

#[test]
fn text_in_a_font_at_hand_is_not_reported() {
    for character in ['A', ' ', '\u{200b}', '\u{e000}'] {
        let (_directory, path) = file("Plan.pdf", &with_font(character, ""));
        assert!(converted(&path, &small()).remarks.is_empty(), "{character:?}");
    }
    let (_directory, path) = file("Plan.pdf", &pdf(&[Page::numbered(1)]));
    assert!(converted(&path, &small()).remarks.is_empty());
}

/// Data that becomes 64 times as long each time it is run-length decoded.
fn runs(length: usize) -> Vec<u8> {
    vec![0x81; length]
}

#[test]
fn contents_that_are_huge_when_unpacked_are_rejected() {
    let thrice = "/Filter [/RunLengthDecode /RunLengthDecode /RunLengthDecode]";
    let bomb = stream(thrice, &runs(1024));
    let with = |from: &str, to: &str, objects: &[(u32, Vec<u8>)]| {
        let text = String::from_utf8(pdf(&[Page::numbered(1), Page::numbered(2)])).unwrap();
        without_index(text.replace(from, to).as_bytes(), objects)
    };
    let form =
        stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 9 9] {thrice}"), &runs(1024));
    let hundred: String = (100..200).map(|number| format!("{number} 0 R ")).collect();
    let twice = stream("/Filter [/RunLengthDecode /RunLengthDecode]", &runs(512));
    let many: Vec<_> = (100..200).map(|number| (number, twice.clone())).collect();
    for file_bytes in [
        // The content of the page, one part of it, many parts, a form, and a form in a pattern.
        with("/Contents 7 0 R", "/Contents 9 0 R", &[(9, bomb.clone())]),
        with("/Contents 7 0 R", "/Contents [7 0 R 9 0 R]", &[(9, bomb)]),
        with("/Contents 7 0 R", &format!("/Contents [ {hundred} ]"), &many),
        with("/Self 7 0 R", "/Self 9 0 R", &[(9, form.clone())]),
        with(
            "/Self 7 0 R",
            "/Self 9 0 R",
            &[
                (9, stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources 10 0 R", b"")),
                (10, b"<< /Pattern << /P 11 0 R >> >>".to_vec()),
                (11, form),
            ],
        ),
    ] {
        let (_directory, path) = file("Plan.pdf", &file_bytes);
        let why = refused(&path, &small());
        assert!(why.starts_with("page 2 of "), "{why}");
        assert!(why.contains("larger than 128 MiB when they are unpacked"), "{why}");
    }
}

#[test]
fn an_image_that_is_huge_when_unpacked_is_rejected() {
    let four = "/RunLengthDecode ".repeat(4);
    let entries = format!("/Width 8 /Height 8 /ColorSpace /DeviceGray /Filter [{four}]");
    let (_directory, path) = file("Plan.pdf", &with_image(&entries, &runs(128)));
    let why = refused(&path, &small());
    assert!(why.contains("an image is larger than 768 MiB when it is unpacked"), "{why}");
}

#[test]
fn many_images_are_rejected_by_their_sum() {
    let names: String = (100..120).map(|number| format!("/I{number} {number} 0 R ")).collect();
    let content: String = (100..120).map(|number| format!("/I{number} Do ")).collect();
    let image = stream(
        "/Type /XObject /Subtype /Image /BitsPerComponent 8 /Width 16000 /Height 16000 /ColorSpace \
         /DeviceGray",
        b"x",
    );
    let text = String::from_utf8(pdf(&[Page::with(content)])).unwrap();
    let text = text.replace("/Self 5 0 R", &names);
    let images: Vec<_> = (100..120).map(|number| (number, image.clone())).collect();
    let (_directory, path) = file("Plan.pdf", &without_index(text.as_bytes(), &images));
    let why = refused(&path, &small());
    assert!(why.contains("its images have more than 1073741824 pixels together"), "{why}");
}
