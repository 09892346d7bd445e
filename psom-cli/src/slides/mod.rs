//! From a presentation to what a meeting shows of it: a JPEG, a thumbnail and the notes of each
//! slide. No network, and no server: sharing the result is the business of others.
//!
//! - A PDF is drawn page by page, in this process ([`pdf`]).
//! - What PowerPoint or Impress has written goes through LibreOffice, where that is installed,
//!   and then as a PDF ([`office`]). The notes of a PPTX are read from its parts ([`notes`]).
//! - The pictures of a folder are taken as they are, in natural order ([`folder`]).
//!
//! The slides lie in a temporary directory, which goes with the [`Deck`]. In memory are the
//! thumbnails and the notes, and one page at a time.

mod folder;
mod notes;
mod office;
mod packages;
mod pdf;
mod picture;
#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    failure::{Failure, Result, While},
    files::own_directory,
};
use picture::Picture;

pub use packages::{notes_name, thumbnail_name};
pub use picture::has_end;

/// The most slides that a server takes.
pub const MAX_SLIDES: usize = 1000;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 30;

/// A presentation, converted. Its files are removed with it.
#[derive(Debug)]
pub struct Deck {
    /// The slides in their order: 1 to [`MAX_SLIDES`].
    pub slides: Vec<Slide>,
    /// A sentence for the user for each thing that could not be brought along where the slides
    /// could.
    pub remarks: Vec<String>,
    /// Holds the files.
    _directory: TempDir,
}

/// One slide of a [`Deck`].
#[derive(Debug)]
pub struct Slide {
    /// The file with the picture, a JPEG. It exists as long as the deck.
    pub jpeg: PathBuf,
    /// The picture in small, as a JPEG: at most [`THUMBNAIL`](picture::THUMBNAIL) pixels long
    /// and wide.
    pub thumbnail: Vec<u8>,
    /// The speaker's notes: lines without one at the end; empty where there are none.
    pub notes: String,
}

/// How to convert.
pub struct ConvertOptions {
    /// Pixels on the long side of pages that are drawn: 160 to 7680 (1920). The pictures of a
    /// folder keep their size.
    pub size: u16,
    /// The quality of JPEGs that are made: 1 to 100 (85).
    pub quality: u8,
    /// Where programs are searched for, in the form of the variable `PATH` (its value).
    pub search: OsString,
    /// How long LibreOffice may take (10 minutes).
    pub office_limit: Duration,
    /// How long a page of a PDF may take (a minute).
    pub page_limit: Duration,
    /// Is told of each step (nobody).
    pub progress: Box<dyn Fn(Progress) + Send>,
    /// Set when nobody wants the slides any more: the conversion ends soon, and leaves nothing.
    pub cancelled: Arc<AtomicBool>,
}

/// What [`convert`] has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// LibreOffice converts the file, which takes a while and tells nothing.
    Office,
    /// So many slides are ready.
    Slides {
        /// Slides that are ready.
        done: usize,
        /// All slides.
        total: usize,
    },
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            size: 1920,
            quality: 85,
            search: std::env::var_os("PATH").unwrap_or_default(),
            office_limit: Duration::from_secs(600),
            page_limit: Duration::from_secs(60),
            progress: Box::new(|_| {}),
            cancelled: Arc::default(),
        }
    }
}

/// Converts a PDF, a presentation of PowerPoint or Impress, or a folder of JPEGs. Blocks.
///
/// # Errors
/// A sentence says what to do: the kind of file is not taken or not what its name says, it is
/// damaged or protected, LibreOffice is needed and missing, there are no slides or more than
/// [`MAX_SLIDES`], a page cannot be drawn, or files cannot be read or written.
pub fn convert(path: &Path, options: &ConvertOptions) -> Result<Deck> {
    if !(160..=7680).contains(&options.size) {
        return Err(Failure::new("the size of slides is 160 to 7680 pixels"));
    }
    if !(1..=100).contains(&options.quality) {
        return Err(Failure::new("the quality of slides is 1 to 100"));
    }
    let shown = path.display();
    let about = fs::metadata(path).or_cannot(format_args!("read {shown}"))?;
    if about.is_dir() {
        return folder::convert(path, options);
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        // To open a pipe would wait for whoever writes into it.
        _ if !about.is_file() => Err(Failure::new(format!("{shown} is no file and no folder"))),
        "pdf" => pdf::convert(path, path, options, DeckBuilder::new(options)?),
        "pptx" | "ppsx" | "ppt" | "pps" | "odp" => office::convert(path, options),
        _ => Err(Failure::new(format!(
            "{shown} is not taken for slides; take a PDF, a PPTX, PPT or ODP file, or a folder of \
             JPEG files, or export it as a PDF"
        ))),
    }
}

/// A deck while it is made.
struct DeckBuilder {
    slides: Vec<Slide>,
    directory: TempDir,
    cancelled: Arc<AtomicBool>,
}

impl DeckBuilder {
    fn new(options: &ConvertOptions) -> Result<Self> {
        let cancelled = Arc::clone(&options.cancelled);
        Ok(Self { slides: Vec::new(), directory: own_directory("psom-slides-")?, cancelled })
    }

    fn add(&mut self, picture: Picture, notes: String) -> Result {
        check_wanted(&self.cancelled)?;
        let jpeg = self.directory.path().join(format!("slide{}.jpg", self.slides.len() + 1));
        fs::write(&jpeg, picture.jpeg)
            .or_cannot(format_args!("write to {}", self.directory.path().display()))?;
        self.slides.push(Slide { jpeg, thumbnail: picture.thumbnail, notes });
        Ok(())
    }

    fn finish(self) -> Deck {
        Deck { slides: self.slides, remarks: Vec::new(), _directory: self.directory }
    }
}

/// Ends the conversion where nobody wants it any more.
fn check_wanted(cancelled: &AtomicBool) -> Result {
    match cancelled.load(Ordering::Relaxed) {
        true => Err(Failure::Interrupted),
        false => Ok(()),
    }
}

/// Refuses a number of slides that no server takes.
fn check_count(path: &Path, count: usize) -> Result {
    let shown = path.display();
    match count {
        0 => Err(Failure::new(format!("{shown} has no slides"))),
        1..=MAX_SLIDES => Ok(()),
        _ => Err(Failure::new(format!(
            "{shown} has {count} slides, and a meeting takes at most {MAX_SLIDES}; split it"
        ))),
    }
}

/// What a library says, as a part of a sentence. It may quote a file.
fn one_line(reason: &str) -> String {
    let line: String = reason.trim().chars().take(120).collect();
    line.replace(char::is_control, " ")
}
