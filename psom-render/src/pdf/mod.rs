//! Drawing the pages of a PDF.

mod annotations;
mod decoded_size;
mod draw;
mod fonts;
mod helvetica;
mod palette;
mod repair;
mod scan;

pub(crate) use draw::{draw, in_thread};
