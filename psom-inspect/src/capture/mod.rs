//! Captured bytes of one direction of a connection, told call by call.
//!
//! [`Inspector::read`] looks through the bytes once to find out whose they are and which objects
//! they speak of; [`Transcript::events`] then tells them record by record. Nothing but the bytes
//! and the [definitions](psom::interface::Definition) of the objects is needed.
//!
//! Objects that this direction connects are known: OP_CONNECT carries the part name and the hash
//! of the sender's interface. Those that the other direction connects are not in these bytes, so
//! they are inferred from what is called on them; give [`Inspector::other`] the other direction and
//! nothing has to be. A name that could be another one has a `?` behind it.
//!
//! Identifiers of objects are those of the side that sent the bytes, as in the lines of its trace.

pub mod dump;
mod event;
mod objects;
mod steps;
mod survey;
mod transcript;

pub use event::{Event, Object, What};
pub use transcript::{Events, Inspector, Transcript};
