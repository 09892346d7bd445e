//! The message (MC-COMQC section 2.2): a container header, an optional partition header, and calls
//! with their security headers.
//!
//! [`Message`] reads a message and checks every rule; it yields the calls. [`headers`] reads and
//! writes single headers without loss, unknown ones included. [`crate::Recorder`] writes messages
//! in canonical form.

mod header;
mod read;

pub use header::{
    Container, Header, Headers, MESSAGE_SIGNATURE, MethodHeader, TARGET_STRUCTURE, headers,
    write_headers,
};
pub(crate) use header::{MESSAGE_SIZE_OFFSET, size as message_size, write_method_fields};
pub use read::{Call, Calls, Message};
