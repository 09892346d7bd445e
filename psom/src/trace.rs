//! Lines for people: each message that is sent (`->`) or received (`<-`), by name.
//!
//! ```text
//! -> #2 contentManager@-2.sReserveTitle("Hello World", 1)
//! ```
//! The number is the channel, then come the part name, the proxy identifier that this side has for
//! the object, the method and its arguments. The session writes the lines, from the descriptors;
//! with the `tokio` feature the environment variable `PSOM_TRACE=1` prints them to standard error.

/// Bytes of a peer as printable ASCII.
pub(crate) fn escape(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
