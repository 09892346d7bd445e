use std::{io::Cursor, path::Path};

use image::{ImageFormat, ImageReader};

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
    let shown = file.display();
    let limit = board.limit(Constraint::MaxImageFileSize).await?;
    let bytes = files::read(file, limit.map_or(MAX_FILE_BYTES, |limit| limit.min(MAX_FILE_BYTES)))?;
    let (bytes, complete) = tokio::task::spawn_blocking(move || {
        let complete = complete_image(&bytes);
        (bytes, complete)
    })
    .await?;
    let (format, width, height) = complete.ok_or_else(|| {
        CommandError::new(format!(
            "{shown} is not an image, or it is damaged or incomplete; take a PNG or a JPEG"
        ))
    })?;
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

/// Returns the format, the width and the height of an image, if all of it can be decoded. Blocks.
fn complete_image(bytes: &[u8]) -> Option<(ImageFormat, u32, u32)> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let format = reader.format()?;
    let image = reader.decode().ok()?;
    // The decoder fills missing pixels of a JPEG with grey.
    let ends = format != ImageFormat::Jpeg || has_end(bytes);
    ends.then(|| (format, image.width(), image.height()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_incomplete_image_is_rejected() {
        let image = image::RgbImage::from_fn(60, 40, |x, y| {
            image::Rgb([x as u8 * 4, y as u8 * 6, (x * y) as u8])
        });
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let mut bytes = Cursor::new(Vec::new());
            image.write_to(&mut bytes, format).unwrap();
            let bytes = bytes.into_inner();
            assert_eq!(complete_image(&bytes), Some((format, 60, 40)));
            assert_eq!(complete_image(&bytes[..bytes.len() * 3 / 4]), None);
            assert_eq!(complete_image(b"no image"), None);
        }
    }
}
