use std::{fs, path::Path};

use super::{
    deck::{ConvertOptions, Deck, DeckBuilder},
    folder, office, pdf,
};
use crate::error::{CommandError, OrCannot as _, Result};

/// Converts a PDF, a presentation of PowerPoint or Impress, or a folder of JPEGs. Blocks.
///
/// # Errors
/// A sentence that says what to do: the file has an unsupported format, is damaged or protected,
/// needs LibreOffice, or has no slides or more than a server accepts; a page cannot be drawn; or a
/// file cannot be read or written.
pub(crate) fn convert(path: &Path, options: &ConvertOptions) -> Result<Deck> {
    if !(160..=7680).contains(&options.size) {
        return Err(CommandError::new("the size of slides must be 160 to 7680 pixels"));
    }
    if !(1..=100).contains(&options.quality) {
        return Err(CommandError::new("the quality of slides must be 1 to 100"));
    }
    let shown = path.display();
    let about = fs::metadata(path).or_cannot(format_args!("read {shown}"))?;
    if about.is_dir() {
        return folder::convert(path, options);
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        // Opening a pipe would block until another program writes to it.
        _ if !about.is_file() => Err(CommandError::new(format!(
            "{shown} is neither a regular file nor a folder; name one of these"
        ))),
        "pdf" => pdf::convert(path, path, options, DeckBuilder::new(options)?),
        extension if office::EXTENSIONS.contains(&extension) => office::convert(path, options),
        _ => Err(CommandError::new(format!(
            "{shown} cannot be shared as slides; take a PDF, a PPTX, PPT or ODP file, or a folder \
             of JPEG files, or export it as a PDF"
        ))),
    }
}
