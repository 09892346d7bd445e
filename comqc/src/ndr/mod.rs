//! Network Data Representation 2.0, little-endian (C706 section 14): aligned reading and writing.
//!
//! Alignment is counted from the start of the data of one call.

mod reader;
mod writer;

pub use reader::Reader;
pub use writer::Writer;
