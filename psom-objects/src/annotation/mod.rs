//! Annotations: what is drawn, written and pinned on a content (section 3.1.4.1.12).
//!
//! [`Board`] is a content's annotations as a plain value, the same on a server and on its clients:
//! nothing changes it but a [`Change`]. [`Board::to_svg`] makes a picture of it.
//!
//! # Numbers
//!
//! | what | first | then |
//! | --- | --- | --- |
//! | identifier | 1 | 2, 3, ... for each annotation of a container; never used again |
//! | generation | 1 | one more with every change of the annotation |
//! | text version | 0 | one more with every change of its text |
//!
//! # Properties
//!
//! The specification names the [properties](Property) and leaves open what their values look like.
//! This is what this library writes. A server checks lengths, and numbers where a [`Constraint`]
//! needs them; everything else is the clients' business, and [`Board::to_svg`] leaves out what it
//! cannot read. Lengths are pixels at the usual 96 a inch, x to the right and y down.
//!
//! | property | value | for example |
//! | --- | --- | --- |
//! | `LOCALID` | any text; the adder's own name for the annotation, never changed | `17` |
//! | `ANCHOR` | `x,y`: what the path is moved by; the upper left corner of a text or an image | `10,-4.5` |
//! | `EXTENT` | `w,h`: the size of a drawing or an image | `640,480` |
//! | `DRAWINGTYPE` | a word | `Freehand` |
//! | `STROKE`, `FILL`, `FONTCOLOR` | `#AARRGGBB`, `#RRGGBB` or `none` | `#80FF0000` |
//! | `STROKETHICKNESS`, `FONTSIZE`, `WIDTH` | a decimal number | `2.5` |
//! | `DATA` | the data of an SVG path | `M0 0 L10 10` |
//! | `IMAGETYPE` | the usual extension of such files | `png` |
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
pub use code::ErrorCode;
pub use constraint::Constraint;
pub use property::{Properties, Property};
pub(crate) use property::{read, rows};
pub use value::{color, number, pair};
