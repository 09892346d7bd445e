use std::{
    collections::{HashMap, hash_map::Entry},
    io::Write as _,
    path::Path,
};

use bytes::Bytes;

use super::board::BoardSession;
use crate::{
    drawing::svg_export::to_svg,
    error::{CommandError, OrCannot as _, Result},
    files,
    meeting::download::{self, RemoteFile},
    terminal::out,
};

/// Upper bound on all images of the picture. They are in memory together.
const MAX_TOTAL_BYTES: usize = 256 << 20;

/// Exports the board as an SVG picture. Returns a message, unless the picture goes to standard
/// output.
pub(super) async fn export(
    board: &BoardSession,
    output: Option<&Path>,
    force: bool,
) -> Result<Option<String>> {
    let output = output.filter(|output| output.as_os_str() != "-");
    if let Some(output) = output {
        download::check_free(output, force)?;
    }
    let annotations = board.board().await?.annotations;
    let base = board.meeting.read(|model| model.url_base.clone()).await?;
    let mut pictures: HashMap<Bytes, Vec<u8>> = HashMap::new();
    let mut total_bytes = 0;
    for file in annotations.iter().filter_map(|(_, annotation)| annotation.file.clone()) {
        // A picture that is used twice is downloaded once.
        if let Entry::Vacant(entry) = pictures.entry(file.hash.clone()) {
            let remote = RemoteFile::encrypted(base.as_deref(), &file)?;
            let picture = remote.read(board.meeting.http()).await?;
            total_bytes += entry.insert(picture).len();
        }
        if total_bytes > MAX_TOTAL_BYTES {
            let why = "the pictures are too large for one file; remove some from the board";
            return Err(CommandError::new(why));
        }
    }
    let svg = to_svg(annotations.iter(), None, |annotation| {
        let hash = &annotation.file.as_ref()?.hash;
        pictures.get(hash).cloned()
    });
    let Some(output) = output else { return out::text(&svg).map(|()| None) };
    let writing = format!("write {}", output.display());
    let mut temporary = files::temporary_in(files::directory_of(output))?;
    temporary.write_all(svg.as_bytes()).or_cannot(&writing)?;
    download::save(temporary, output, force)?;
    let count = out::counted(annotations.len(), "annotation", "annotations");
    Ok(Some(format!("Exported {count} to {}.", output.display())))
}
