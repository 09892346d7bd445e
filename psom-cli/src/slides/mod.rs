//! Converts a presentation to the files that a meeting shows: a JPEG, a thumbnail and the notes of each
//! slide. Knows nothing of meetings or servers.
//!
//! - [`pdf`] draws a PDF page by page with `psom-render`.
//! - [`office`] converts files of PowerPoint or Impress with LibreOffice, if that is installed, to a
//!   PDF. [`notes`] reads the notes of a PPTX from its parts, and [`archive`] copies a PPTX that
//!   LibreOffice cannot read because of its zip archive.
//! - [`folder`] takes the pictures of a folder as they are, in natural order.
//!
//! The slides are in a temporary directory, which is removed with the [`Deck`]. Only the thumbnails,
//! the notes and one page at a time are in memory.

mod archive;
mod browsers;
mod convert;
mod deck;
mod folder;
mod notes;
mod office;
mod packages;
mod pdf;
#[cfg(test)]
mod tests;

pub(crate) use browsers::PageRenderer;
pub(crate) use convert::convert;
pub(crate) use deck::{ConvertOptions, Deck, Progress};
pub(crate) use packages::{notes_name, thumbnail_name};
