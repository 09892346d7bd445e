//! The terminal: standard output, messages, progress and logs.

pub(crate) mod keys;
pub(crate) mod logs;
pub(crate) mod out;
pub(crate) mod progress;
pub(crate) mod table;
