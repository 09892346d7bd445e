//! Palettes that are shorter than announced.

use super::{assert_colour, converted, decoded, file, pdf_file::*, small};
use image::RgbImage;

/// The announced colors, of which the last byte is missing.
const SHORT: &str = "<ffffff285adce63c281020>";

const COLORS: [[u8; 3]; 4] = [[255; 3], [40, 90, 220], [230, 60, 40], [16, 32, 0]];

/// Draws the first page of a PDF, 192 pixels wide.
fn drawn(pdf: &[u8]) -> RgbImage {
    let (_directory, path) = file("Plan.pdf", pdf);
    let deck = converted(&path, &small());
    assert!(deck.remarks.is_empty(), "{:?}", deck.remarks);
    decoded(&std::fs::read(&deck.slides[0].jpeg).unwrap())
}

/// Asserts the colors of an image of four columns that fills the page.
#[track_caller]
fn assert_columns(picture: &RgbImage, colors: [[u8; 3]; 4]) {
    for (x, color) in [24, 72, 120, 168].into_iter().zip(colors) {
        assert_colour(picture, x, 54, color);
    }
}

/// A PDF with a page that draws this image, and more objects.
fn with_image(space: &str, mut objects: Vec<(u32, Vec<u8>)>) -> Vec<u8> {
    let entries = format!(
        "/Type /XObject /Subtype /Image /Width 4 /Height 1 /BitsPerComponent 8 /ColorSpace {space}"
    );
    objects.push((9, stream(&entries, &[0, 1, 2, 3])));
    let page = Page::with("960 0 0 540 0 0 cm /Self Do");
    let text = String::from_utf8(pdf(&[page])).unwrap();
    without_index(text.replace("/Self 5 0 R", "/Self 9 0 R").as_bytes(), &objects)
}

#[test]
fn missing_colors_of_an_image_are_black() {
    let black = |from: usize| {
        let mut colors = COLORS;
        colors[from..].fill([0; 3]);
        colors
    };
    let hex = "ffffff285adce63c281020";
    for (space, objects, colors) in [
        (format!("[/Indexed /DeviceRGB 3 {SHORT}]"), vec![], COLORS),
        (format!("[ /I /RGB 3 {SHORT} ]"), vec![], COLORS),
        // Several entries are missing, or all of them.
        (format!("[/Indexed /DeviceRGB 3 <{}>]", &hex[..6]), vec![], black(1)),
        ("[/Indexed /DeviceRGB 255 <ffffff285adce63c28>]".to_owned(), vec![], black(3)),
        ("[/Indexed /DeviceRGB 3 ()]".to_owned(), vec![], black(0)),
        // The palette, the color space or the base are objects of their own.
        (
            "[/Indexed /DeviceRGB 3 10 0 R]".to_owned(),
            vec![(10, stream("", &[255, 255, 255, 40, 90, 220, 230, 60, 40]))],
            black(3),
        ),
        ("[/Indexed /DeviceRGB 3 10 0 R]".to_owned(), vec![(10, SHORT.into())], COLORS),
        (
            "10 0 R".to_owned(),
            vec![(10, format!("[/Indexed /DeviceRGB 3 {SHORT}]").into())],
            COLORS,
        ),
        (
            format!("[/Indexed 10 0 R 3 {SHORT}]"),
            vec![
                (10, "[/ICCBased 11 0 R]".into()),
                (11, stream("/N 3 /Alternate /DeviceRGB", b"")),
            ],
            COLORS,
        ),
        // A highest index that is not a whole number.
        (format!("[/Indexed /DeviceRGB 3.0 {SHORT}]"), vec![], COLORS),
    ] {
        let picture = drawn(&with_image(&space, objects));
        for (x, color) in [24, 72, 120, 168].into_iter().zip(colors) {
            let found = picture.get_pixel(x, 54).0;
            let is_near = found.iter().zip(color).all(|(one, other)| one.abs_diff(other) < 40);
            assert!(is_near, "{space}: {found:?} at {x}, not {color:?}");
        }
    }
}

#[test]
fn the_base_of_a_short_palette_can_have_parameters() {
    let space = format!("[/Indexed [/CalRGB << /WhitePoint [0.95 1 1.09] >>] 3 {SHORT}]");
    let picture = drawn(&with_image(&space, vec![]));
    // The calibration changes white, blue and red slightly.
    let [white, blue, red] = [24, 72, 120].map(|x| picture.get_pixel(x, 54).0);
    assert!(white.iter().all(|channel| *channel > 230), "{white:?}");
    assert!(blue[2] > 200 && blue[0] < 100 && red[0] > 200 && red[2] < 120, "{blue:?} {red:?}");
}

#[test]
fn a_complete_palette_stays_unchanged() {
    let space = "[/Indexed /DeviceRGB 3 <ffffff285adce63c28102000ffff>]";
    assert_columns(&drawn(&with_image(space, vec![])), COLORS);
}

#[test]
fn a_short_palette_in_an_object_stream_is_repaired() {
    let object = format!("10 0 [/Indexed /DeviceRGB 3 {SHORT}]");
    let packed = stream("/Type /ObjStm /N 1 /First 5", object.as_bytes());
    assert_columns(&drawn(&with_image("10 0 R", vec![(12, packed)])), COLORS);
}

#[test]
fn an_inline_image_with_a_short_palette_is_drawn() {
    for key in ["/CS", "/ColorSpace"] {
        let image = format!(
            "q 960 0 0 540 0 0 cm BI /W 4 /H 1 /BPC 8 {key} [/I /RGB 3 {SHORT}] ID \0\u{1}\u{2}\u{3} \
             EI Q\n"
        );
        assert_columns(&drawn(&pdf(&[Page::with(image.clone())])), COLORS);
        // In a form, whose other entries stay.
        let form = stream("/Type /XObject /Subtype /Form /BBox [0 0 480 540]", image.as_bytes());
        let text = String::from_utf8(pdf(&[Page::with("/Self Do")])).unwrap();
        let text = text.replace("/Self 5 0 R", "/Self 9 0 R");
        let picture = drawn(&without_index(text.as_bytes(), &[(9, form)]));
        assert_columns(&picture, [COLORS[0], COLORS[1], [255; 3], [255; 3]]);
    }
}

#[test]
fn a_fill_color_of_a_short_palette_is_drawn() {
    let content = "/C cs 1 sc 0 0 480 540 re f 3 sc 480 0 480 540 re f";
    let text = String::from_utf8(pdf(&[Page::with(content)])).unwrap();
    for space in [format!("[/Indexed /DeviceRGB 3 {SHORT}]"), "10 0 R".to_owned()] {
        let text =
            text.replace("/XObject <<", &format!("/ColorSpace << /C {space} >> /XObject <<"));
        let array = format!("[/Indexed /DeviceRGB 3 {SHORT}]");
        let picture = drawn(&without_index(text.as_bytes(), &[(10, array.into())]));
        assert_columns(&picture, [COLORS[1], COLORS[1], COLORS[3], COLORS[3]]);
    }
}

#[test]
fn a_page_with_both_faults_is_repaired() {
    let image = format!("/Annots [] /CropBox [0 0 0 0] /Note [/Indexed /DeviceRGB 3 {SHORT}]");
    let page = Page::with("1 0 0 rg 0 0 960 540 re f").and(&image);
    assert_columns(&drawn(&pdf(&[page])), [[255, 0, 0]; 4]);
}

#[test]
fn encrypted_pages_that_need_no_password_are_repaired() {
    for pdf in [
        &include_bytes!("encrypted/rc4.pdf")[..],
        include_bytes!("encrypted/aes128.pdf"),
        include_bytes!("encrypted/aes256.pdf"),
    ] {
        let (_directory, path) = file("Plan.pdf", pdf);
        let deck = converted(&path, &small());
        assert!(deck.remarks.is_empty(), "{:?}", deck.remarks);
        let picture = |slide: usize| decoded(&std::fs::read(&deck.slides[slide].jpeg).unwrap());
        assert_columns(&picture(0), COLORS);
        assert_columns(&picture(1), [[255, 0, 0]; 4]);
    }
}
