use std::fmt;

use psom::InterfaceDesc;

use super::Block;

/// Prints both halves of an object in the notation of section 3.1.4.1.1, for one version.
#[derive(Debug, Clone, Copy)]
pub struct Notation {
    /// The half that the server serves.
    pub server: &'static InterfaceDesc,
    /// The half that the client serves.
    pub client: &'static InterfaceDesc,
    /// The version to print.
    pub version: i32,
}

impl fmt::Display for Notation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Block::new(self).fmt(f)
    }
}
