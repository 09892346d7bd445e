//! Annotations and fields without an appearance, and crop boxes that are repaired before a page is drawn.

use super::{assert_colour, converted, decoded, file, pdf_file::*, small};
use image::RgbImage;

const RED: [u8; 3] = [255, 0, 0];
const WHITE: [u8; 3] = [255; 3];

/// Draws a page of 960 by 540 points with these annotations. Returns its picture, 960 pixels wide, and
/// the remarks.
fn drawn(content: &str, annotations: &str, form: &str) -> (RgbImage, Vec<String>) {
    let page = Page::with(content).and(&format!("/Annots [{annotations}]"));
    let text = String::from_utf8(pdf(&[page])).unwrap();
    let catalog = format!("/Type /Catalog /AcroForm << /NeedAppearances true {form} >>");
    let text = text.replace("/Type /Catalog", &catalog);
    // The reader finds the objects without the index, whose offsets are wrong now.
    let text = text.split("xref\n").next().unwrap();
    let bytes = format!("{text}trailer << /Size 6 /Root 1 0 R >>\n");
    let (_directory, path) = file("Plan.pdf", bytes.as_bytes());
    let deck = converted(&path, &crate::slides::ConvertOptions { size: 960, ..small() });
    let jpeg = std::fs::read(&deck.slides[0].jpeg).unwrap();
    (decoded(&jpeg), deck.remarks)
}

/// Counts the dark pixels in a rectangle: left, top, right, bottom.
fn dark(picture: &RgbImage, [left, top, right, bottom]: [u32; 4]) -> usize {
    let is_dark = |x: u32, y: u32| picture.get_pixel(x, y).0.iter().any(|channel| *channel < 100);
    (top..bottom).map(|y| (left..right).filter(|x| is_dark(*x, y)).count()).sum()
}

#[test]
fn shapes_without_an_appearance_are_drawn() {
    let rect = "/Type /Annot /C [1 0 0] /Rect [100 100 300 200] /BS << /W 10 >>";
    for (annotation, inside, outside) in [
        ("/Subtype /Square", (105, 400), (200, 390)),
        ("/Subtype /Square /IC [1 0 0]", (200, 390), (320, 390)),
        ("/Subtype /Circle", (105, 390), (105, 345)),
        ("/Subtype /Circle /IC [1 0 0]", (200, 390), (102, 343)),
        ("/Subtype /Line /L [100 100 300 200]", (200, 390), (200, 350)),
        ("/Subtype /PolyLine /Vertices [100 150 300 150]", (200, 390), (200, 420)),
        (
            "/Subtype /Polygon /IC [1 0 0] /Vertices [100 100 200 200 300 100]",
            (200, 400),
            (110, 350),
        ),
        ("/Subtype /Ink /InkList [[110 150 290 150]]", (200, 390), (200, 350)),
        (
            "/Subtype /Highlight /QuadPoints [100 200 300 200 100 100 300 100]",
            (200, 390),
            (310, 390),
        ),
        ("/Subtype /Highlight", (200, 390), (310, 390)),
        (
            "/Subtype /StrikeOut /QuadPoints [100 200 300 200 100 100 300 100]",
            (200, 390),
            (200, 430),
        ),
        (
            "/Subtype /Underline /QuadPoints [100 200 300 200 100 100 300 100]",
            (200, 433),
            (200, 390),
        ),
    ] {
        let (picture, remarks) = drawn("", &format!("<< {rect} {annotation} >>"), "");
        assert!(remarks.is_empty(), "{annotation}: {remarks:?}");
        let found = picture.get_pixel(inside.0, inside.1).0;
        assert!(found[0] > 200 && found[1] < 90, "{annotation}: {found:?}");
        assert_colour(&picture, outside.0, outside.1, WHITE);
    }
}

#[test]
fn a_highlight_leaves_the_text_below_readable() {
    let content = "0 g 100 100 50 100 re f";
    let highlight = "<< /Type /Annot /Subtype /Highlight /C [1 1 0] /Rect [100 100 300 200] >>";
    let (picture, _) = drawn(content, highlight, "");
    assert_colour(&picture, 125, 390, [0, 0, 0]);
    assert_colour(&picture, 250, 390, [255, 255, 0]);
}

#[test]
fn texts_and_fields_without_an_appearance_are_drawn() {
    let rect = "/Type /Annot /Rect [100 100 400 200]";
    let area = [100, 340, 400, 440];
    let utf16 = "<FEFF004200FC00630068>";
    for annotation in [
        "/Subtype /FreeText /Contents (Free text) /DA (/Helv 40 Tf 0 g)".to_owned(),
        format!("/Subtype /FreeText /Contents {utf16} /DA (/Helv 40 Tf 0 g)"),
        "/Subtype /Stamp /Name /Approved".to_owned(),
        "/Subtype /Widget /FT /Tx /V (Filled) /DA (/Helv 40 Tf 0 g)".to_owned(),
        "/Subtype /Widget /FT /Tx /V (Filled) /DA (/Helv 0 Tf 0 g) /Q 1".to_owned(),
        "/Subtype /Widget /FT /Tx /Ff 4096 /V (One two three four five six) /DA (/H 30 Tf 0 g)"
            .to_owned(),
        "/Subtype /Widget /FT /Tx /Ff 8192 /V (secret) /DA (/H 60 Tf 0 g)".to_owned(),
        "/Subtype /Widget /FT /Ch /V (a) /Opt [[(a) (Choice A)]] /DA (/Helv 40 Tf 0 g)".to_owned(),
        "/Subtype /Widget /FT /Btn /AS /Yes /DA (/ZaDb 0 Tf 0 g)".to_owned(),
        "/Subtype /Widget /FT /Btn /Ff 32768 /AS /1 /DA (/ZaDb 0 Tf 0 g)".to_owned(),
        "/Subtype /Widget /FT /Btn /Ff 65536 /MK << /CA (Press) >> /DA (/Helv 40 Tf 0 g)"
            .to_owned(),
    ] {
        let (picture, remarks) = drawn("", &format!("<< {rect} {annotation} >>"), "");
        assert!(remarks.is_empty(), "{annotation}: {remarks:?}");
        let count = dark(&picture, area);
        assert!(count > 100, "{annotation}: {count}");
    }
}

#[test]
fn empty_hidden_and_unchecked_annotations_draw_nothing() {
    let rect = "/Type /Annot /Rect [100 100 400 200]";
    for annotation in [
        "/Subtype /Square /F 2",
        "/Subtype /Square /F 32",
        "/Subtype /Link /Border [0 0 1]",
        "/Subtype /Popup",
        "/Subtype /Widget /FT /Btn /AS /Off",
        "/Subtype /Widget /FT /Tx",
        "/Subtype /Square /C []",
        "/Subtype /Square /AP << /N 99 0 R >> /F 2",
    ] {
        let (picture, remarks) = drawn("", &format!("<< {rect} {annotation} >>"), "");
        assert!(remarks.is_empty(), "{annotation}: {remarks:?}");
        assert_eq!(dark(&picture, [0, 0, 960, 540]), 0, "{annotation}");
    }
}

#[test]
fn fields_inherit_from_their_parents_and_the_form() {
    let field = "<< /Type /Annot /Subtype /Widget /Rect [100 100 400 200] /MK << /BG [1 0 0] >> \
                 /Parent << /FT /Tx /V (III) >> >>";
    let (picture, remarks) = drawn("", field, "/DA (/Helv 60 Tf 0 g)");
    assert!(remarks.is_empty(), "{remarks:?}");
    assert_colour(&picture, 390, 350, RED);
    let black = |x: u32, y: u32| picture.get_pixel(x, y).0.iter().all(|channel| *channel < 60);
    assert!((102..160).any(|x| black(x, 390)));
}

#[test]
fn what_cannot_be_drawn_is_named_with_its_page() {
    let note = "<< /Type /Annot /Subtype /Text /Rect [100 100 120 120] >>";
    let sound = "<< /Type /Annot /Subtype /Sound /Rect [100 100 120 120] >>";
    let cyrillic =
        "<< /Type /Annot /Subtype /FreeText /Rect [100 100 400 200] /Contents <FEFF0416> >>";
    for (annotation, kind) in [(note, "Text"), (sound, "Sound"), (cyrillic, "other than Latin")] {
        let (_, remarks) = drawn("", annotation, "");
        let [remark] = &remarks[..] else { panic!("{remarks:?}") };
        assert!(remark.contains("on page 1, ") && remark.contains(kind), "{remark}");
    }
}

#[test]
fn a_page_with_an_empty_crop_box_is_shown_whole() {
    for crop in [
        "/CropBox [0 0 0 0]",
        "/CropBox [100 100 100 400]",
        "/CropBox [2000 2000 3000 3000]",
        "/CropBox [-500 -500 -10 -10]",
        "/CropBox [0 540 960 900]",
    ] {
        let page = Page::with("1 0 0 rg 0 0 480 540 re f").and(crop);
        let (_directory, path) = file("Plan.pdf", &pdf(&[page, Page::numbered(2)]));
        let deck = converted(&path, &small());
        assert_eq!(deck.slides.len(), 2);
        let picture = decoded(&std::fs::read(&deck.slides[0].jpeg).unwrap());
        assert_eq!(picture.dimensions(), (192, 108), "{crop}");
        assert_colour(&picture, 40, 50, RED);
        assert_colour(&picture, 150, 50, WHITE);
    }
}
