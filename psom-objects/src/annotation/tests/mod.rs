#![expect(clippy::unwrap_used, reason = "tests")]

mod batch;
mod board;
mod code;
mod path;
mod property;
mod svg;
mod text;
