//! The terminal: standard output, messages, progress and logs.

pub mod logs;
pub mod out;
pub mod progress;
