#![expect(clippy::unwrap_used, reason = "tests")]

mod path;
mod svg_export;
