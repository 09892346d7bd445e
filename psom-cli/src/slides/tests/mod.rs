//! Tests of the module as a whole.
#![allow(
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::string_add,
    clippy::unwrap_used,
    reason = "tests"
)]

mod annotations;
mod folder;
mod garbage;
mod limits;
mod notes;
#[cfg(unix)]
mod office;
mod packages;
mod palettes;
mod pdf;
mod pdf_file;
mod pptx_file;
#[path = "../../../tests/it/renderer.rs"]
mod renderer;

use std::{
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
};

use image::RgbImage;
use tempfile::TempDir;

use super::{ConvertOptions, Deck, convert};
use crate::error::{CommandError, Result};

/// Options for small pictures, without LibreOffice.
fn small() -> ConvertOptions {
    let renderer = Some(renderer::renderer());
    ConvertOptions { size: 192, search_path: "".into(), renderer, ..ConvertOptions::default() }
}

/// A folder with one file.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, bytes).unwrap();
    (directory, path)
}

fn converted(path: &Path, options: &ConvertOptions) -> Deck {
    convert(path, options).unwrap_or_else(|failure| panic!("{failure:?}"))
}

/// Returns the sentence of an error.
fn said<T: Debug>(result: Result<T>) -> String {
    match result {
        Err(CommandError::Message(why)) => {
            assert!(!why.contains('\n') && !why.ends_with('.'), "{why}");
            why
        }
        other => panic!("{other:?}"),
    }
}

fn refused(path: &Path, options: &ConvertOptions) -> String {
    said(convert(path, options))
}

fn decoded(jpeg: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).unwrap().into_rgb8()
}

/// Asserts a color, with the precision of a JPEG.
#[track_caller]
fn assert_colour(picture: &RgbImage, x: u32, y: u32, expected: [u8; 3]) {
    let found = picture.get_pixel(x, y).0;
    let is_near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) < 12);
    assert!(is_near, "{found:?} at {x}, {y}, not {expected:?}");
}

#[test]
fn a_cancelled_conversion_ends_before_the_next_page() {
    let pages: Vec<_> = (1..=3).map(pdf_file::Page::numbered).collect();
    let (_directory, path) = file("Plan.pdf", &pdf_file::pdf(&pages));
    let mut options = small();
    let cancelled = std::sync::Arc::clone(&options.cancelled);
    options.progress = Box::new(move |progress| {
        assert!(!matches!(progress, super::Progress::Slides { done: 3, .. }));
        cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(matches!(convert(&path, &options), Err(CommandError::Interrupted)));
}
