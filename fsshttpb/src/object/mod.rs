//! Objects: headers, nesting and the table of types (MS-FSSHTTPB 2.2.1.5, 2.2.1.5.1).

mod body;
mod element;
mod header;
mod layout;
mod traits;
pub mod types;

pub use body::Body;
pub use element::{Element, MAX_DEPTH};
pub use fsshttpb_derive::StreamObject;
pub use header::Header;
pub use layout::{Line, lines};
pub use traits::{Holds, ObjectTable, StreamObject, TypeInfo, Unknown, is_first};
