//! A converted presentation, and the options of the conversion.

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

use psom_render::Picture;

use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::private_directory,
    renderer,
};

/// The limit for slides of a server with default settings.
pub(super) const MAX_SLIDES: usize = 1000;

/// Upper bound on a file that is converted.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;

/// A converted presentation. Dropping it removes its files.
#[derive(Debug)]
pub(crate) struct Deck {
    /// The slides in their order: 1 to [`MAX_SLIDES`].
    pub slides: Vec<Slide>,
    /// A sentence for the user about each part that could not be converted.
    pub remarks: Vec<String>,
    /// The directory with the files.
    _directory: TempDir,
}

/// One slide of a [`Deck`].
#[derive(Debug)]
pub(crate) struct Slide {
    /// The JPEG file with the picture. It exists as long as the deck.
    pub jpeg: PathBuf,
    /// The thumbnail, a JPEG with sides of at most 160 pixels.
    pub thumbnail: Vec<u8>,
    /// The speaker's notes, without a line end at the end; empty if there are none.
    pub notes: String,
}

/// The options of a conversion.
pub(crate) struct ConvertOptions {
    /// The long side of drawn pages in pixels: 160 to 7680, by default 1920. The pictures of a folder
    /// keep their size.
    pub size: u16,
    /// The quality of new JPEGs: 1 to 100, by default 85.
    pub quality: u8,
    /// The directories in which programs are searched, in the form of the variable `PATH`. The default is
    /// the value of that variable.
    pub search_path: OsString,
    /// The program `psom-render`. If it is `None`, it is searched beside this program, and in
    /// `search_path`.
    pub renderer: Option<PathBuf>,
    /// The time that LibreOffice may take, by default 10 minutes.
    pub office_timeout: Duration,
    /// The time that a page of a PDF may take, by default a minute.
    pub page_timeout: Duration,
    /// Called at each step. The default does nothing.
    pub progress: Box<dyn Fn(Progress) + Send>,
    /// Set by the caller to cancel the conversion, which then ends soon and leaves no files.
    pub cancelled: Arc<AtomicBool>,
}

/// A step of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// LibreOffice converts the file, which takes a while without further steps.
    Office,
    /// Slides are ready.
    Slides {
        /// The slides that are ready.
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
            search_path: std::env::var_os("PATH").unwrap_or_default(),
            renderer: None,
            office_timeout: Duration::from_secs(600),
            page_timeout: Duration::from_secs(60),
            progress: Box::new(|_| {}),
            cancelled: Arc::default(),
        }
    }
}

impl ConvertOptions {
    /// Returns the program that draws.
    pub(crate) fn renderer(&self) -> Result<PathBuf> {
        self.renderer.clone().map_or_else(|| renderer::find(&self.search_path), Ok)
    }

    /// Fails if the caller has cancelled the conversion.
    pub(crate) fn check_cancelled(&self) -> Result {
        check_cancelled(&self.cancelled)
    }
}

/// Collects the slides of a deck.
pub(super) struct DeckBuilder {
    slides: Vec<Slide>,
    directory: TempDir,
    cancelled: Arc<AtomicBool>,
}

impl DeckBuilder {
    pub(super) fn new(options: &ConvertOptions) -> Result<Self> {
        let cancelled = Arc::clone(&options.cancelled);
        let directory = private_directory("psom-slides-")?;
        Ok(Self { slides: Vec::new(), directory, cancelled })
    }

    pub(super) fn add(&mut self, picture: Picture, notes: String) -> Result {
        check_cancelled(&self.cancelled)?;
        let jpeg = self.directory.path().join(format!("slide{}.jpg", self.slides.len() + 1));
        fs::write(&jpeg, picture.jpeg)
            .or_cannot(format_args!("write to {}", self.directory.path().display()))?;
        self.slides.push(Slide { jpeg, thumbnail: picture.thumbnail, notes });
        Ok(())
    }

    pub(super) fn finish(self) -> Deck {
        Deck { slides: self.slides, remarks: Vec::new(), _directory: self.directory }
    }
}

fn check_cancelled(cancelled: &AtomicBool) -> Result {
    if cancelled.load(Ordering::Relaxed) {
        return Err(CommandError::Interrupted);
    }
    Ok(())
}

/// Rejects a number of slides that no server accepts.
pub(super) fn check_count(path: &Path, count: usize) -> Result {
    let shown = path.display();
    match count {
        0 => Err(CommandError::new(format!("{shown} has no slides"))),
        1..=MAX_SLIDES => Ok(()),
        _ => Err(CommandError::new(format!(
            "{shown} has {count} slides, and a meeting accepts at most {MAX_SLIDES}; split it"
        ))),
    }
}
