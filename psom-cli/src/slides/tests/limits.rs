//! Pages that demand more than they may have, and fonts that are missing.

use super::{converted, file, pdf_file::*, refused, small};

/// A PDF with a page that draws an image with this dictionary and this data.
fn with_image(entries: &str, data: &[u8]) -> Vec<u8> {
    let page = Page::with("960 0 0 540 0 0 cm /Self Do");
    let mut bytes = pdf(&[page]);
    let image = format!(
        "9 0 obj << /Type /XObject /Subtype /Image /BitsPerComponent 8 {entries} /Length {} >>\nstream\n",
        data.len()
    );
    // The reader finds the objects without the index.
    let text = String::from_utf8(bytes).unwrap().replace("/Self 5 0 R", "/Self 9 0 R");
    bytes = text.split("xref\n").next().unwrap().as_bytes().to_vec();
    bytes.extend([image.as_bytes(), data, b"\nendstream\nendobj\n"].concat());
    bytes.extend(b"trailer << /Size 10 /Root 1 0 R >>\n");
    bytes
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
