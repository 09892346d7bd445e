//! Decodes the captured bytes of one direction of a connection, call by call.
//!
//! [`Inspector::read`] reads the bytes once to determine the sender and the types of the objects.
//! [`Transcript::events`] then decodes them record by record. The only inputs are the bytes and the
//! [definitions](psom::interface::Definition) of the objects.
//!
//! The types of objects that this direction connects are known, because OP_CONNECT carries the part
//! name and the hash of the sender's interface. The types of objects that the other direction
//! connects are inferred from the calls on them. [`Inspector::other`] adds the bytes of the other
//! direction, so that nothing has to be inferred. An ambiguous name is followed by `?`.
//!
//! Proxy identifiers are those of the sender, as in its trace.

pub mod dump;
mod event;
mod objects;
mod steps;
mod survey;
mod transcript;

pub use event::{Event, EventKind, Object};
pub use transcript::{Events, Inspector, Transcript};
