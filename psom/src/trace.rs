//! Trace lines: one line of text for each message that is sent (`->`) or received (`<-`).
//!
//! ```text
//! -> #2 contentManager@-2.sReserveTitle("Hello World", 1)
//! ```
//! A line contains the channel, the part name, this side's proxy identifier of the object, the
//! method and its arguments. The session writes the lines from the descriptors. With the feature
//! `tokio`, the environment variable `PSOM_TRACE=1` prints them to standard error.

/// Escapes bytes from a peer as printable ASCII.
pub(crate) fn escape(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
