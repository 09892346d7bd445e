//! Images.

use std::{io::Cursor, path::Path};

use image::{ImageFormat, ImageReader};

use psom_objects::{
    annotation::{Constraint, Properties, Property},
    client::Parcel,
};

use super::{At, local_id, numbers};
use crate::{
    failure::{Failure, Result, While},
    files,
    slides::has_end,
};

/// The largest image that is read, in bytes, unless the server takes only smaller ones.
const LARGEST: u64 = 64 << 20;

/// No side of an image is shown longer than that unless it is asked for.
const LONGEST: f64 = 640.0;

impl At {
    pub(super) async fn pin(
        &mut self,
        file: &Path,
        at: String,
        size: Option<String>,
    ) -> Result<String> {
        let shown = file.display();
        let largest = self.board().constraints.get(&Constraint::MaxImageFileSize).copied();
        let largest = largest.and_then(|largest| u64::try_from(largest).ok());
        let bytes = files::read(file, largest.map_or(LARGEST, |largest| largest.min(LARGEST)))?;
        let (bytes, whole) = tokio::task::spawn_blocking(move || {
            let whole = whole(&bytes);
            (bytes, whole)
        })
        .await?;
        let (format, width, height) = whole.ok_or_else(|| {
            Failure::new(format!(
                "{shown} is no image that can be read, or not all of it; pin a PNG or a JPEG"
            ))
        })?;
        let (width, height) = (f64::from(width), f64::from(height));
        let scale = (LONGEST / width.max(height)).min(1.0);
        let size = size.unwrap_or_else(|| format!("{:.0},{:.0}", width * scale, height * scale));
        let extension = format.extensions_str().first().copied();
        let local = local_id();
        let properties = Properties::from([
            (Property::LocalId, local.clone()),
            (Property::Anchor, at),
            (Property::Extent, size),
            (Property::ImageType, extension.unwrap_or_default().to_owned()),
        ]);
        let parcel = Parcel::image(self.content, &properties, &bytes.into());
        self.joined.upload(parcel.or_cannot("pack the image")?).await?;
        self.joined.settle().await?;
        let board = self.board();
        let mut all = board.annotations.iter();
        let own = all.find(|(_, it)| it.get(Property::LocalId) == Some(&local));
        match own {
            Some((id, _)) => Ok(format!("Pinned {}.", numbers(&[id]))),
            None => Err(Failure::new("somebody has removed the image already")),
        }
    }
}

/// What an image is, and its width and height, where all of it can be read. Blocks.
fn whole(bytes: &[u8]) -> Option<(ImageFormat, u32, u32)> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let format = reader.format()?;
    let image = reader.decode().ok()?;
    // The decoder paints grey what a JPEG lacks.
    let ends = format != ImageFormat::Jpeg || has_end(bytes);
    ends.then(|| (format, image.width(), image.height()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_image_that_was_cut_off_is_none() {
        let image = image::RgbImage::from_fn(60, 40, |x, y| {
            image::Rgb([x as u8 * 4, y as u8 * 6, (x * y) as u8])
        });
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let mut bytes = Cursor::new(Vec::new());
            image.write_to(&mut bytes, format).unwrap();
            let bytes = bytes.into_inner();
            assert_eq!(whole(&bytes), Some((format, 60, 40)));
            assert_eq!(whole(&bytes[..bytes.len() * 3 / 4]), None);
            assert_eq!(whole(b"no image"), None);
        }
    }
}
