//! Annotations: the drawings, texts and images on a content (section 3.1.4.1.12).
//!
//! A [`Board`] holds the annotations of a content as plain data, on the server and on its clients.
//! Each of its changes is a [`Change`].
//!
//! # Numbers
//!
//! | number | first | then |
//! | --- | --- | --- |
//! | identifier | 1 | 2, 3, ... for each annotation of a container; never reused |
//! | generation | 1 | plus 1 with every change of the annotation |
//! | text version | 0 | plus 1 with every change of its text |
//!
//! # Properties
//!
//! The specification names the [properties](Property) but does not define their values. This
//! library uses the following ones. A server checks lengths and the numbers that a [`Constraint`]
//! limits. Clients interpret the rest and ignore values that they cannot parse. Lengths are pixels
//! at 96 per inch, x to the right and y down.
//!
//! | property | value | for example |
//! | --- | --- | --- |
//! | `LOCALID` | any text; the adding client's name for the annotation; never changes | `17` |
//! | `ANCHOR` | `x,y`: the offset of a path; the upper left corner of a text or an image | `10,-4.5` |
//! | `EXTENT` | `w,h`: the size of a drawing or an image | `640,480` |
//! | `DRAWINGTYPE` | a word | `Freehand` |
//! | `STROKE`, `FILL`, `FONTCOLOR` | `#AARRGGBB`, `#RRGGBB` or `none` | `#80FF0000` |
//! | `STROKETHICKNESS`, `FONTSIZE`, `WIDTH` | a decimal number | `2.5` |
//! | `DATA` | the data of an SVG path | `M0 0 L10 10` |
//! | `IMAGETYPE` | the usual file extension | `png` |
//! | `TEXT` | any text; lines end with a line feed | `Hello` |
//! | `FONTFACE` | the name of a font | `Sans` |
//! | `TEXTDIRECTION` | `LTR` or `RTL` | `LTR` |

pub(crate) mod batch;
mod board;
mod code;
mod constraint;
mod property;
#[cfg(test)]
mod tests;
pub mod text;
mod value;

pub use board::{Annotation, Board, Change, Kind};
pub use code::{ErrorCode, UnknownCode};
pub use constraint::Constraint;
pub use property::{Properties, Property};
pub(crate) use property::{read, rows};
pub use value::{color, number, pair};
