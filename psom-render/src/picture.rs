//! JPEGs: encoding pixels, checking files, and making thumbnails.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, ImageResult, Limits,
    RgbImage, codecs::jpeg::JpegEncoder, error::DecodingError, metadata::Orientation,
};
use psom_render::Picture;

use crate::jpeg;

/// The long side of a thumbnail, in pixels.
const THUMBNAIL_SIDE: u32 = 160;

/// The JPEG quality of thumbnails: lower than that of slides, because details are not visible.
const THUMBNAIL_QUALITY: u8 = 80;

/// Upper bound on the sides of a picture that is read, in pixels.
const MAX_SIDE: u32 = 20_000;

/// Encodes pixels as a JPEG.
pub(crate) fn encode(pixels: RgbImage, quality: u8) -> ImageResult<Picture> {
    let pixels = DynamicImage::ImageRgb8(pixels);
    Ok(Picture { jpeg: encoded(&pixels, quality)?, thumbnail: thumbnail(&pixels)? })
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
    if let Err(fault) = jpeg::check(&jpeg) {
        let kind = ImageFormat::Jpeg.into();
        return Err(ImageError::Decoding(DecodingError::new(kind, fault.what())));
    }
    // Viewers apply the orientation of the JPEG itself. The thumbnail has no such tag.
    pixels.apply_orientation(orientation);
    let thumbnail = thumbnail(&pixels)?;
    Ok(Picture { jpeg, thumbnail })
}

fn thumbnail(pixels: &DynamicImage) -> ImageResult<Vec<u8>> {
    if pixels.width().max(pixels.height()) <= THUMBNAIL_SIDE {
        return encoded(pixels, THUMBNAIL_QUALITY);
    }
    encoded(&pixels.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)
}

fn encoded(pixels: &DynamicImage, quality: u8) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    // Pictures with other pixels become RGB, which every client shows.
    match pixels.as_rgb8() {
        Some(pixels) => encoder.encode_image(pixels)?,
        None => encoder.encode_image(&pixels.to_rgb8())?,
    }
    Ok(bytes)
}
