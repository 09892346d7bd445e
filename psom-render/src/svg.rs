//! Drawing an SVG as a PNG.

use std::sync::Arc;

use psom_render::{BoardPicture, Format};
use resvg::{tiny_skia, usvg};

/// Upper bound on a side of the picture, in pixels.
const MAX_SIDE: u32 = 8192;

/// Draws a picture that contains all its images. The error is the reason why the picture cannot be drawn.
pub(crate) fn draw(svg: &[u8]) -> Result<(BoardPicture, Vec<u8>), String> {
    let mut options = usvg::Options::default();
    // A reference to another file must not make the program read that file.
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_system_fonts();
    options.fontdb = Arc::new(fonts);
    let tree = usvg::Tree::from_data(svg, &options)
        .map_err(|error| psom_render::one_line(&error.to_string()))?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width(), size.height());
    if width.max(height) > MAX_SIDE {
        return Err(format!("it has {width} x {height} pixels, more than {MAX_SIDE} on a side"));
    }
    let mut pixels = tiny_skia::Pixmap::new(width, height).ok_or("it has no pixels")?;
    resvg::render(&tree, tiny_skia::Transform::identity(), &mut pixels.as_mut());
    let png = pixels.encode_png().map_err(|error| psom_render::one_line(&error.to_string()))?;
    Ok((BoardPicture { format: Format::Png, width, height }, png))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn svg(width: u32, body: &str) -> Vec<u8> {
        let head = format!("<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='20'>");
        format!("{head}{body}</svg>").into_bytes()
    }

    #[test]
    fn paths_and_colors_are_drawn() {
        let body = "<rect width='40' height='20' fill='#ffffff'/>\
                    <path d='M0 10H40' stroke='#ff0000' stroke-width='10'/>";
        let (picture, png) = draw(&svg(40, body)).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (Format::Png, 40, 20));
        let pixels = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(pixels.get_pixel(20, 10).0, [255, 0, 0]);
        assert_eq!(pixels.get_pixel(20, 1).0, [255, 255, 255]);
    }

    #[test]
    fn images_outside_the_file_are_not_read() {
        let file = std::env::temp_dir().join(format!("psom-render-{}.png", std::process::id()));
        let red = image::RgbImage::from_pixel(40, 20, image::Rgb([255, 0, 0]));
        red.save(&file).unwrap();
        let body = format!(
            "<rect width='40' height='20' fill='#ffffff'/>\
             <image width='40' height='20' href='{}'/>",
            file.display()
        );
        let (_, png) = draw(&svg(40, &body)).unwrap();
        std::fs::remove_file(&file).unwrap();
        let pixels = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(pixels.get_pixel(20, 10).0, [255, 255, 255]);
    }

    #[test]
    fn pictures_that_are_damaged_or_too_large_are_refused() {
        assert!(draw(b"no SVG").is_err());
        assert!(draw(&svg(9000, "")).unwrap_err().contains("9000 x 20 pixels"));
    }
}
