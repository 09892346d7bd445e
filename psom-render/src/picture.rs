//! JPEGs: encoding pixels, checking files, and making thumbnails.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, ImageResult, Limits,
    RgbImage, codecs::jpeg::JpegEncoder, error::DecodingError, metadata::Orientation,
};
use psom_render::Picture;

/// The long side of a thumbnail, in pixels.
const THUMBNAIL_SIDE: u32 = 160;

/// The JPEG quality of thumbnails: lower than that of slides, because nobody looks at details.
const THUMBNAIL_QUALITY: u8 = 80;

/// Upper bound on the sides of a picture that is read, in pixels.
const MAX_SIDE: u32 = 20_000;

/// Encodes pixels as a JPEG.
pub(crate) fn encode(pixels: RgbImage, quality: u8) -> ImageResult<Picture> {
    let pixels = DynamicImage::ImageRgb8(pixels);
    Ok(Picture { jpeg: jpeg(&pixels, quality)?, thumbnail: thumbnail(&pixels)? })
}

/// Takes a JPEG as it is, if it is complete.
pub(crate) fn from_jpeg(jpeg: Vec<u8>) -> ImageResult<Picture> {
    let mut reader = ImageReader::with_format(Cursor::new(&jpeg), ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut pixels = DynamicImage::from_decoder(decoder)?;
    // The decoder fills missing pixels with grey.
    if !has_end(&jpeg) {
        let kind = ImageFormat::Jpeg.into();
        return Err(ImageError::Decoding(DecodingError::new(kind, "its end is missing")));
    }
    // Viewers apply the orientation of the JPEG itself. The thumbnail has no such tag.
    pixels.apply_orientation(orientation);
    let thumbnail = thumbnail(&pixels)?;
    Ok(Picture { jpeg, thumbnail })
}

/// Reports whether the end marker of a JPEG follows its pixels. Data that cameras append does not
/// matter, nor do the end markers of JPEGs inside its metadata.
pub(crate) fn has_end(jpeg: &[u8]) -> bool {
    let mut rest = jpeg.get(2..).unwrap_or_default();
    loop {
        rest = match rest {
            [0xff, 0xff, ..] => &rest[1..],
            [0xff, 0xda, pixels @ ..] => return pixels.windows(2).any(|end| end == [0xff, 0xd9]),
            [0xff, _, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest.get(2 + length..).unwrap_or_default()
            }
            _ => return false,
        };
    }
}

fn thumbnail(pixels: &DynamicImage) -> ImageResult<Vec<u8>> {
    if pixels.width().max(pixels.height()) <= THUMBNAIL_SIDE {
        return jpeg(pixels, THUMBNAIL_QUALITY);
    }
    jpeg(&pixels.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)
}

fn jpeg(pixels: &DynamicImage, quality: u8) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    // Pictures with other pixels become RGB, which every client shows.
    match pixels.as_rgb8() {
        Some(pixels) => encoder.encode_image(pixels)?,
        None => encoder.encode_image(&pixels.to_rgb8())?,
    }
    Ok(bytes)
}
