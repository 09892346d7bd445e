//! Tools that inspect the PSOM protocol: captures of connections, and interface definitions.
//!
//! - [`Inspector`] decodes the captured bytes of one direction of a connection, call by call.
//!   [`dump`] reads such bytes from binary files and hex dumps.
//! - [`idl`] reads, prints and compares interface definitions in the notation of section 3.1.4.1.1.
//!
//! Both work with the [definitions](psom::interface::Definition) of a list of objects and need no
//! network.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod capture;
pub mod idl;

pub use capture::{Event, EventKind, Events, Inspector, Object, Transcript, dump};
