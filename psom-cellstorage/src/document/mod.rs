//! A document as a state machine: a request and a time give an answer and a changed document.
//! Nothing here performs input or output or reads a clock.

mod answer;
mod cell;
mod editors;
mod metadata;
mod sharing;
mod state;
mod types;
mod wopi;

pub use editors::{Editor, Editors};
pub use sharing::{ExclusiveLock, Lease, LockRules, LockType, SchemaLock, Sharing};
pub use state::{Change, Document};
pub use types::{Caller, Revision, User};
pub use wopi::{WopiAnswer, WopiCall};
