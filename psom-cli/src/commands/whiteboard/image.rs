use std::path::Path;

use psom_objects::{
    annotation::{Constraint, Properties, Property},
    client::Upload,
};
use psom_render::{Frame, Picture};

use super::board::{BoardSession, annotations};
#[cfg(feature = "queue")]
use crate::{
    commands::recordable::{self, Actions},
    drawing::slide_number::new_local_id,
    meeting::packing::Source,
};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files, renderer,
};

/// Upper bound on an image file, unless the server's limit is lower.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The longest side of an image whose size is not given, in pixels: it fits on a screen.
const DEFAULT_MAX_SIDE: f64 = 640.0;

/// An image in the form in which it is added to a board.
struct BoardImage {
    bytes: Vec<u8>,
    /// The usual extension of the format.
    extension: &'static str,
    width: u32,
    height: u32,
}

impl BoardImage {
    /// Reads an image in a process of its own. Blocks.
    fn read(file: &Path, limit: u64) -> Result<Self> {
        let shown = file.display();
        let image = files::open(file, limit)?;
        let program = renderer::find(&std::env::var_os("PATH").unwrap_or_default())?;
        match renderer::one(&program, "board", image)? {
            Ok((Frame::Board(picture), Picture { jpeg, .. })) => Ok(Self {
                bytes: jpeg,
                extension: picture.format.extension(),
                width: picture.width,
                height: picture.height,
            }),
            Ok(_) => Err(CommandError::new(format!("{shown} cannot be read"))),
            Err(why) => Err(CommandError::new(format!(
                "{shown} cannot be used ({why}); take another PNG or JPEG"
            ))),
        }
    }

    /// Describes the annotation of the image.
    fn properties(&self, local: String, at: String, size: Option<String>) -> Properties {
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        let scale = (DEFAULT_MAX_SIDE / width.max(height)).min(1.0);
        let size = size.unwrap_or_else(|| format!("{:.0},{:.0}", width * scale, height * scale));
        Properties::from([
            (Property::LocalId, local),
            (Property::Anchor, at),
            (Property::Extent, size),
            (Property::ImageType, self.extension.to_owned()),
        ])
    }
}

/// Adds an image to the board.
pub(super) async fn add(
    board: &mut BoardSession<'_>,
    file: &Path,
    at: String,
    size: Option<String>,
) -> Result<String> {
    let limit = board.limit(Constraint::MaxImageFileSize).await?;
    let limit = limit.map_or(MAX_FILE_BYTES, |limit| limit.min(MAX_FILE_BYTES));
    let file = file.to_owned();
    let image = tokio::task::spawn_blocking(move || BoardImage::read(&file, limit)).await??;
    let (local, earlier) = board.next_local_id().await?;
    if earlier.is_none() {
        let properties = image.properties(local.clone(), at, size);
        let upload = Upload::image(board.content, &properties, &image.bytes.into());
        board.meeting.upload(upload.or_cannot("pack the image")?).await?;
        board.meeting.settle().await?;
    }
    match board.find(&local).await? {
        Some(id) => Ok(format!("Added {}.", annotations(&[id]))),
        None => Err(CommandError::new("another user has removed the image already")),
    }
}

/// Records an image.
#[cfg(feature = "queue")]
pub(crate) fn record(
    actions: &mut Actions,
    title: &str,
    file: &Path,
    at: String,
    size: Option<String>,
) -> Result {
    /// The content's identifier in a recorded manifest. The server replaces it with the identifier of the
    /// content that has the recorded title.
    const UNKNOWN_ID: i64 = 0;
    let image = BoardImage::read(file, MAX_FILE_BYTES)?;
    let properties = image.properties(new_local_id(None), at, size);
    let manifest = Upload::image_manifest(UNKNOWN_ID, &properties).or_cannot("pack the image")?;
    let sources = vec![(Upload::IMAGE_FILE.to_owned(), Source::Bytes(image.bytes))];
    recordable::package(actions, title, manifest, sources)
}
