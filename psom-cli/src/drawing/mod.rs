//! Drawings: the grammar of SVG paths, filled regions, reading SVG files, and drawing a board as an SVG picture.

mod outline;
pub(crate) mod path;
mod region;
pub(crate) mod slide_number;
pub(crate) mod svg_export;
pub(crate) mod svg_import;
#[cfg(test)]
mod tests;
mod wrap;
