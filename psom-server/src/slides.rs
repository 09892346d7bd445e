//! Drawing the pages of a document, which a program that contains this server provides.

use bytes::Bytes;

/// Draws the pages of PDFs, so that browsers can share them as slides.
///
/// A renderer in the page would be many times as large as the page itself. This library contains none: the
/// program decides which one it includes, and how its memory and time are limited.
pub trait SlideRenderer: Send + Sync + 'static {
    /// Draws all pages of a PDF in their order, and passes the JPEG of each to `send`, which returns false if
    /// the browser is gone. Runs on a thread of its own.
    ///
    /// # Errors
    /// A sentence without a full stop that says which page cannot be drawn, and what to do.
    fn draw(&self, pdf: Bytes, send: &mut dyn FnMut(Bytes) -> bool) -> Result<(), String>;
}
