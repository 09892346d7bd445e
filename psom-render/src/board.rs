//! Pictures for boards.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    metadata::Orientation,
};

use psom_render::{BoardPicture, Format, one_line};

use crate::jpeg;

/// Upper bound on the pixels of an image. Few cameras have more, and so many pixels can be decoded within
/// the limits of memory and time.
const MAX_PIXELS: u64 = 100_000_000;

/// The quality of a JPEG that is encoded again, so that no difference is visible.
const JPEG_QUALITY: u8 = 92;

/// Reads an image, and applies its EXIF orientation, because not all receiving programs do so. Returns the
/// file to send. The error is the reason why the image cannot be used.
pub(crate) fn read(bytes: Vec<u8>) -> Result<(BoardPicture, Vec<u8>), String> {
    let unreadable = || "it is not an image, or damaged or incomplete".to_owned();
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format();
    let mut reader = reader.map_err(|_| unreadable())?;
    let format = match reader.format().ok_or_else(unreadable)? {
        ImageFormat::Png => Format::Png,
        ImageFormat::Jpeg => Format::Jpeg,
        _ => return Err(unreadable()),
    };
    // The size is checked here, before the pixels are decoded, for an error with the numbers.
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(|_| unreadable())?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(format!(
            "it has {width} x {height} pixels, and at most {MAX_PIXELS} pixels are accepted"
        ));
    }
    decoder.set_limits(Limits::default()).map_err(|_| unreadable())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| unreadable())?;
    // The decoder fills missing pixels of a JPEG with grey.
    if format == Format::Jpeg {
        jpeg::check(&bytes).map_err(|fault| format!("it is {}", fault.what()))?;
    }
    if orientation == Orientation::NoTransforms {
        return Ok((BoardPicture { format, width, height }, bytes));
    }
    image.apply_orientation(orientation);
    let mut turned = Cursor::new(Vec::new());
    let encoded = match format {
        Format::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut turned, JPEG_QUALITY);
            image.to_rgb8().write_with_encoder(encoder)
        }
        Format::Png => image.write_to(&mut turned, ImageFormat::Png),
    };
    encoded.map_err(|error| one_line(&error.to_string()))?;
    let picture = BoardPicture { format, width: image.width(), height: image.height() };
    Ok((picture, turned.into_inner()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use image::{Rgb, RgbImage};

    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let part = |value: u32| u8::try_from(value % 256).unwrap();
        let image = RgbImage::from_fn(60, 40, |x, y| Rgb([part(x * 4), part(y * 6), part(x * y)]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A little-endian TIFF with one entry, the orientation.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        tiff
    }

    fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let content = [b"Exif\0\0".to_vec(), exif(orientation)].concat();
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &content, &jpeg[2..]].concat()
    }

    #[test]
    fn an_image_without_some_of_its_data_is_rejected() {
        let jpeg = encoded(ImageFormat::Jpeg);
        // An end marker does not make it complete.
        let half = [&jpeg[..jpeg.len() * 3 / 4], &[0xff, 0xd9]].concat();
        let error = read(half).unwrap_err();
        assert_eq!(error, "it is incomplete: a part of its data is missing");
        let png = encoded(ImageFormat::Png);
        let half = [&png[..png.len() * 3 / 4], &png[png.len() - 12..]].concat();
        assert!(read(half).unwrap_err().contains("damaged or incomplete"));
    }

    #[test]
    fn an_incomplete_image_is_rejected() {
        for (format, kind) in [(Format::Png, ImageFormat::Png), (Format::Jpeg, ImageFormat::Jpeg)] {
            let bytes = encoded(kind);
            let picture = BoardPicture { format, width: 60, height: 40 };
            assert_eq!(read(bytes.clone()), Ok((picture, bytes.clone())));
            assert!(read(bytes[..bytes.len() * 3 / 4].to_vec()).is_err());
        }
        assert!(read(b"no image".to_vec()).is_err());
    }

    #[test]
    fn the_exif_orientation_is_applied() {
        let jpeg = encoded(ImageFormat::Jpeg);
        for orientation in 2..=8 {
            let (picture, bytes) = read(with_orientation(&jpeg, orientation)).unwrap();
            let is_turned = orientation > 4;
            let size = if is_turned { (40, 60) } else { (60, 40) };
            assert_eq!((picture.width, picture.height), size, "{orientation}");
            // The result needs no orientation any more.
            assert_eq!(read(bytes.clone()), Ok((picture, bytes)));
        }
    }

    #[test]
    fn a_huge_image_is_rejected_before_it_is_decoded() {
        let mut png = encoded(ImageFormat::Png);
        // The width and the height in the header, and its checksum.
        png[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        let error = read(png).unwrap_err();
        assert!(error.contains("20000 x 20000 pixels"), "{error}");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        })
    }
}
