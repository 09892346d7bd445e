//! The drawing part of the program `psom`, which is no library, without its own tests.

#[path = "../../../../psom-cli/src/drawing/outline.rs"]
mod outline;
#[path = "../../../../psom-cli/src/drawing/path.rs"]
pub(crate) mod path;
#[path = "../../../../psom-cli/src/drawing/region.rs"]
mod region;
#[path = "../../../../psom-cli/src/drawing/svg_export.rs"]
pub(crate) mod svg_export;
#[path = "../../../../psom-cli/src/drawing/svg_import.rs"]
pub(crate) mod svg_import;
#[path = "../../../../psom-cli/src/drawing/wrap.rs"]
mod wrap;
