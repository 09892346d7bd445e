//! Drawings: the grammar of SVG paths, reading SVG files, and drawing a board as an SVG picture.

mod outline;
pub mod path;
pub mod svg_export;
pub mod svg_import;
#[cfg(test)]
mod tests;
mod wrap;
