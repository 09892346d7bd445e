use std::{io::Cursor, path::Path};

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    metadata::Orientation,
};

use psom_objects::{
    annotation::{Constraint, Properties, Property},
    client::Upload,
};

use super::board::{BoardSession, annotations, new_local_id};
use crate::{
    error::{CommandError, OrCannot, Result},
    files,
    slides::has_end,
};

/// Upper bound on an image file, unless the server's limit is lower.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The longest side of an image whose size is not given, in pixels: it fits on a screen.
const DEFAULT_MAX_SIDE: f64 = 640.0;

/// Adds an image to the board.
pub async fn add(
    board: &mut BoardSession,
    file: &Path,
    at: String,
    size: Option<String>,
) -> Result<String> {
    let shown = file.display().to_string();
    let limit = board.limit(Constraint::MaxImageFileSize).await?;
    let bytes = files::read(file, limit.map_or(MAX_FILE_BYTES, |limit| limit.min(MAX_FILE_BYTES)))?;
    let decoding = tokio::task::spawn_blocking(move || ImageFile::read(bytes));
    let picture = decoding.await?.map_err(|error| error.prefixed(&shown))?;
    let ImageFile { bytes, format, width, height } = picture;
    let (width, height) = (f64::from(width), f64::from(height));
    let scale = (DEFAULT_MAX_SIDE / width.max(height)).min(1.0);
    let size = size.unwrap_or_else(|| format!("{:.0},{:.0}", width * scale, height * scale));
    let extension = format.extensions_str().first().copied();
    let local = new_local_id();
    let properties = Properties::from([
        (Property::LocalId, local.clone()),
        (Property::Anchor, at),
        (Property::Extent, size),
        (Property::ImageType, extension.unwrap_or_default().to_owned()),
    ]);
    let upload = Upload::image(board.content, &properties, &bytes.into());
    board.meeting.upload(upload.or_cannot("pack the image")?).await?;
    board.meeting.settle().await?;
    let all = board.board().await?.annotations;
    let own = all.iter().find(|(_, it)| it.get(Property::LocalId) == Some(&local));
    match own {
        Some((id, _)) => Ok(format!("Added {}.", annotations(&[id]))),
        None => Err(CommandError::new("another user has removed the image already")),
    }
}

/// Upper bound on the pixels of an image: more than any camera has, and little enough to decode.
const MAX_PIXELS: u64 = 100_000_000;

/// The quality of a JPEG that is encoded again, so that no difference is visible.
const JPEG_QUALITY: u8 = 92;

/// An image as people see it.
#[derive(Debug, PartialEq, Eq)]
struct ImageFile {
    bytes: Vec<u8>,
    format: ImageFormat,
    width: u32,
    height: u32,
}

impl ImageFile {
    /// Reads an image, and rotates it as its EXIF orientation says: not all programs that receive it
    /// know the orientation. Blocks.
    fn read(bytes: Vec<u8>) -> Result<Self> {
        let unreadable = || {
            CommandError::new("it is not an image, or damaged or incomplete; take a PNG or a JPEG")
        };
        let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format();
        let mut reader = reader.map_err(|_| unreadable())?;
        let format = reader.format().ok_or_else(unreadable)?;
        // The size is checked here, before the pixels are decoded, for an error with the numbers.
        reader.no_limits();
        let mut decoder = reader.into_decoder().map_err(|_| unreadable())?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(CommandError::new(format!(
                "the image has {width} x {height} pixels, and at most {MAX_PIXELS} pixels are \
                 accepted; make it smaller"
            )));
        }
        decoder.set_limits(Limits::default()).map_err(|_| unreadable())?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut image = DynamicImage::from_decoder(decoder).map_err(|_| unreadable())?;
        // The decoder fills missing pixels of a JPEG with grey.
        if format == ImageFormat::Jpeg && !has_end(&bytes) {
            return Err(unreadable());
        }
        if orientation == Orientation::NoTransforms {
            return Ok(Self { bytes, format, width, height });
        }
        image.apply_orientation(orientation);
        let mut turned = Cursor::new(Vec::new());
        let encoded = if format == ImageFormat::Jpeg {
            let encoder = JpegEncoder::new_with_quality(&mut turned, JPEG_QUALITY);
            image.to_rgb8().write_with_encoder(encoder)
        } else {
            image.write_to(&mut turned, format)
        };
        encoded.or_cannot("rotate the image")?;
        let (width, height) = (image.width(), image.height());
        Ok(Self { bytes: turned.into_inner(), format, width, height })
    }
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
    fn an_incomplete_image_is_rejected() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let bytes = encoded(format);
            let picture = ImageFile::read(bytes.clone()).unwrap();
            assert_eq!(picture, ImageFile { bytes: bytes.clone(), format, width: 60, height: 40 });
            assert!(ImageFile::read(bytes[..bytes.len() * 3 / 4].to_vec()).is_err());
        }
        assert!(ImageFile::read(b"no image".to_vec()).is_err());
    }

    #[test]
    fn the_exif_orientation_is_applied() {
        let jpeg = encoded(ImageFormat::Jpeg);
        for orientation in 2..=8 {
            let picture = ImageFile::read(with_orientation(&jpeg, orientation)).unwrap();
            let is_turned = orientation > 4;
            let size = if is_turned { (40, 60) } else { (60, 40) };
            assert_eq!((picture.width, picture.height), size, "{orientation}");
            // The result needs no orientation any more.
            let again = ImageFile::read(picture.bytes.clone()).unwrap();
            assert_eq!(again, picture);
        }
    }

    #[test]
    fn a_huge_image_is_rejected_before_it_is_decoded() {
        let mut png = encoded(ImageFormat::Png);
        // The width and the height in the header, and its checksum.
        png[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        let error = format!("{:?}", ImageFile::read(png).unwrap_err());
        assert!(error.contains("20000 x 20000 pixels"), "{error}");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        })
    }
}
