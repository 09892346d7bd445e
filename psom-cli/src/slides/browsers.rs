//! Slides that people share from browsers: the server draws the pages of their PDFs.

use std::fs;

use bytes::Bytes;
use psom_server::SlideRenderer;

use super::{convert::convert, deck::ConvertOptions};
use crate::{
    error::{CommandError, OrCannot as _},
    files::private_directory,
};

/// Draws pages in a process with limits of memory and time, as `psom slides` does.
#[derive(Debug)]
pub(crate) struct PageRenderer;

impl SlideRenderer for PageRenderer {
    fn draw(&self, pdf: Bytes, send: &mut dyn FnMut(Bytes) -> bool) -> Result<(), String> {
        let text = |error| match error {
            CommandError::Message(why) => why,
            _ => "the server stops".to_owned(),
        };
        let directory = private_directory("psom-pdf-").map_err(text)?;
        let path = directory.path().join("upload.pdf");
        fs::write(&path, pdf).or_cannot("store the PDF").map_err(text)?;
        // The person knows the file by its own name, not by the server's.
        let without_path = |error| text(error).replace(&path.display().to_string(), "the PDF");
        let deck = convert(&path, &ConvertOptions::default()).map_err(without_path)?;
        for slide in &deck.slides {
            let jpeg = fs::read(&slide.jpeg).or_cannot("read a slide").map_err(text)?;
            if !send(jpeg.into()) {
                break;
            }
        }
        Ok(())
    }
}
