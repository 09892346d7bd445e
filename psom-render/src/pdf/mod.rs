//! Drawing the pages of a PDF.

mod annotations;
mod draw;
mod fonts;
mod helvetica;
mod repair;
mod scan;

pub(crate) use draw::{draw, in_thread};
