//! The JPEGs of a folder as slides.

use std::{
    fs,
    io::{Read as _, Seek as _},
    path::{Path, PathBuf},
};

use psom_render::{Frame, Picture};

use super::{
    deck::{ConvertOptions, Deck, DeckBuilder, Progress, check_count},
    pdf::next,
};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::{open, read},
    renderer::Renderer,
};

/// The first bytes of every JPEG.
const JPEG_START: [u8; 2] = [0xff, 0xd8];

/// Upper bound on a picture.
const MAX_PICTURE_BYTES: u64 = 64 << 20;

/// Upper bound on the notes of a slide.
const MAX_NOTES_BYTES: u64 = 1 << 20;

/// Takes all files `*.jpg` and `*.jpeg` of a folder as they are, in natural order: `slide2` before
/// `slide10`. The notes of `NAME.jpg` are in `NAME.txt`.
pub(super) fn convert(path: &Path, options: &ConvertOptions) -> Result<Deck> {
    let files = pictures(path)?;
    if files.is_empty() {
        let shown = path.display();
        return Err(CommandError::new(format!(
            "{shown} has no files *.jpg or *.jpeg; put the slides there"
        )));
    }
    check_count(path, files.len())?;
    let renderer = options.renderer()?;
    let mut deck = DeckBuilder::new(options)?;
    (options.progress)(Progress::Slides { done: 0, total: files.len() });
    for (index, file) in files.iter().enumerate() {
        let picture = picture(file, &renderer, options)?;
        deck.add(picture, notes(&file.with_extension("txt"))?)?;
        (options.progress)(Progress::Slides { done: index + 1, total: files.len() });
    }
    Ok(deck.finish())
}

/// Checks a JPEG, and makes its thumbnail.
fn picture(file: &Path, renderer: &Path, options: &ConvertOptions) -> Result<Picture> {
    let shown = file.display().to_string();
    let mut jpeg = open(file, MAX_PICTURE_BYTES)?;
    let mut start = [0; JPEG_START.len()];
    let is_jpeg = jpeg.read_exact(&mut start).is_ok() && start == JPEG_START;
    if !is_jpeg {
        return Err(CommandError::new(format!("{shown} is not a JPEG; save it as a JPEG")));
    }
    jpeg.rewind().or_cannot(format_args!("read {shown}"))?;
    let mut renderer = Renderer::start(renderer, &["slide"], jpeg)?;
    let why = match next(renderer.frames(), options, &shown)? {
        Some(Ok((Frame::Page { .. }, picture))) => return Ok(picture),
        Some(Ok((Frame::Undrawable { why }, _))) => why,
        _ => renderer.why_ended(),
    };
    Err(CommandError::new(format!("{shown} is a damaged JPEG ({why}); save it as a JPEG again")))
}

fn pictures(path: &Path) -> Result<Vec<PathBuf>> {
    let reading = format!("read {}", path.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(path).or_cannot(&reading)? {
        let file = entry.or_cannot(&reading)?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let lower = name.to_lowercase();
        // Hidden files are skipped: some systems put a file `._NAME.jpg` beside `NAME.jpg`.
        let is_picture = lower.ends_with(".jpg") || lower.ends_with(".jpeg");
        if is_picture && !name.starts_with('.') && file.is_file() {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
            files.push((natural(&stem), file));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

/// A piece of a name, in natural order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NamePiece {
    /// The length and the digits of a number without leading zeros, so that numbers compare by value.
    Number(usize, String),
    Text(String),
}

/// Returns a key that sorts names in natural order.
fn natural(name: &str) -> Vec<NamePiece> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        pieces.push(if is_number {
            let digits = piece.trim_start_matches('0');
            NamePiece::Number(digits.len(), digits.to_owned())
        } else {
            NamePiece::Text(piece.to_owned())
        });
    }
    pieces
}

/// Reads the notes in a file; empty if there is no such file.
fn notes(path: &Path) -> Result<String> {
    if !path.exists() {
        return Ok(String::new());
    }
    let text = String::from_utf8(read(path, MAX_NOTES_BYTES)?);
    let text = text.map_err(|_| {
        CommandError::new(format!("{} is not text in UTF-8; save it as UTF-8", path.display()))
    })?;
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    Ok(text.trim_end().to_owned())
}
