//! JPEGs: made from pixels, read from files, and made small.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, ImageResult, Limits,
    RgbImage, codecs::jpeg::JpegEncoder, error::DecodingError, metadata::Orientation,
};

/// The long side of a thumbnail, in pixels.
pub const THUMBNAIL: u32 = 160;

const THUMBNAIL_QUALITY: u8 = 80;

/// The longest side of a picture that is read, in pixels.
const MAX_SIDE: u32 = 20_000;

/// The picture of a slide, with its thumbnail; both are JPEGs.
pub struct Picture {
    pub jpeg: Vec<u8>,
    pub thumbnail: Vec<u8>,
}

impl Picture {
    /// Makes a JPEG from pixels.
    pub fn encode(pixels: RgbImage, quality: u8) -> ImageResult<Self> {
        let pixels = DynamicImage::ImageRgb8(pixels);
        Ok(Self { jpeg: jpeg(&pixels, quality)?, thumbnail: thumbnail(&pixels)? })
    }

    /// Takes a JPEG as it is, once it turns out to be one that is whole.
    pub fn take(jpeg: Vec<u8>) -> ImageResult<Self> {
        let mut reader = ImageReader::with_format(Cursor::new(&jpeg), ImageFormat::Jpeg);
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        reader.limits(limits);
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut pixels = DynamicImage::from_decoder(decoder)?;
        // The decoder paints grey what is missing.
        if !has_end(&jpeg) {
            let kind = ImageFormat::Jpeg.into();
            return Err(ImageError::Decoding(DecodingError::new(kind, "its end is missing")));
        }
        // Whoever shows the JPEG turns it as it says; the thumbnail says nothing.
        pixels.apply_orientation(orientation);
        let thumbnail = thumbnail(&pixels)?;
        Ok(Self { jpeg, thumbnail })
    }
}

/// Whether a JPEG's end comes after its pixels. What cameras put behind it does not matter, nor the
/// ends of JPEGs that its metadata hold.
pub fn has_end(jpeg: &[u8]) -> bool {
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
    if pixels.width().max(pixels.height()) <= THUMBNAIL {
        return jpeg(pixels, THUMBNAIL_QUALITY);
    }
    jpeg(&pixels.thumbnail(THUMBNAIL, THUMBNAIL), THUMBNAIL_QUALITY)
}

fn jpeg(pixels: &DynamicImage, quality: u8) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    // Grey pictures and those with 16 bits become what every client shows.
    match pixels.as_rgb8() {
        Some(pixels) => encoder.encode_image(pixels)?,
        None => encoder.encode_image(&pixels.to_rgb8())?,
    }
    Ok(bytes)
}
