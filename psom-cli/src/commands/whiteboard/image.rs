use std::path::Path;

use psom_objects::{
    annotation::{Constraint, Properties, Property},
    client::Upload,
};
use psom_render::{Frame, Picture};

use super::board::{BoardSession, annotations, new_local_id};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files, renderer,
};

/// Upper bound on an image file, unless the server's limit is lower.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The longest side of an image whose size is not given, in pixels: it fits on a screen.
const DEFAULT_MAX_SIDE: f64 = 640.0;

/// Adds an image to the board.
pub(super) async fn add(
    board: &mut BoardSession,
    file: &Path,
    at: String,
    size: Option<String>,
) -> Result<String> {
    let shown = file.display();
    let limit = board.limit(Constraint::MaxImageFileSize).await?;
    let image = files::open(file, limit.map_or(MAX_FILE_BYTES, |limit| limit.min(MAX_FILE_BYTES)))?;
    let program = renderer::find(&std::env::var_os("PATH").unwrap_or_default())?;
    let reading = tokio::task::spawn_blocking(move || renderer::one(&program, "board", image));
    let (picture, bytes) = match reading.await?? {
        Ok((Frame::Board(picture), Picture { jpeg, .. })) => (picture, jpeg),
        Ok(_) => return Err(CommandError::new(format!("{shown} cannot be read"))),
        Err(why) => {
            return Err(CommandError::new(format!(
                "{shown} cannot be used ({why}); take another PNG or JPEG"
            )));
        }
    };
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let scale = (DEFAULT_MAX_SIDE / width.max(height)).min(1.0);
    let size = size.unwrap_or_else(|| format!("{:.0},{:.0}", width * scale, height * scale));
    let local = new_local_id();
    let properties = Properties::from([
        (Property::LocalId, local.clone()),
        (Property::Anchor, at),
        (Property::Extent, size),
        (Property::ImageType, picture.format.extension().to_owned()),
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
