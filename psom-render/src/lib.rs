//! The messages between `psom` and the program `psom-render`, which decodes and draws pictures.
//!
//! A picture or a PDF of a few bytes can demand any amount of memory and time, and an allocation that
//! fails aborts the process. So another process does this work, within limits. It reads one file
//! from standard input and writes [`Frame`]s to standard output.
//!
//! The program is a binary of this crate, behind the feature `program`. `psom` uses the crate without
//! that feature, so that building `psom` does not build the libraries that draw.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod frame;

pub use frame::{BoardPicture, Format, Frame, MissingTexts, PageRemarks, Picture, Unreadable};

/// The name of the program, without the suffix of executable files.
pub const PROGRAM: &str = "psom-render";

/// The default upper bound on the memory of the program in bytes, without the file itself. A page of
/// 7680 by 7680 pixels with a few large photos needs half of it.
pub const MAX_MEMORY_BYTES: u64 = 1536 << 20;

/// Shortens the message of a library to a part of a sentence. The message may quote a file.
pub fn one_line(reason: &str) -> String {
    const MAX_CHARS: usize = 120;
    let line: String = reason.trim().chars().take(MAX_CHARS).collect();
    line.replace(char::is_control, " ")
}
