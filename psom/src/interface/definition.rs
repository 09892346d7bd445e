use super::InterfaceDesc;

/// The definition of a distributed object (section 3.1.4.1.1): both halves in all versions, and
/// the declared children.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The title after the keyword `DOInterface`, for people.
    pub title: &'static str,
    /// The half that the server serves.
    pub server: &'static InterfaceDesc,
    /// The half that the client serves.
    pub client: &'static InterfaceDesc,
    /// The declared children: a part name or a pattern of part names, and the type.
    pub children: &'static [(&'static str, &'static str)],
    /// The side that connects the object, and when.
    pub connected: Connected,
}

/// The side that connects an object, and when.
///
/// Only readers of captures use this value, to identify objects if the capture contains only one
/// direction of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// The object is the root of a channel, so it is not connected with OP_CONNECT.
    Root,
    /// The server connects it once, before all other objects, in the order of the definitions.
    ByServerFirst,
    /// The server connects it on demand.
    ByServer,
    /// The client connects it on demand.
    ByClient,
    /// The client connects it as a child of the object that it connected immediately before.
    ByClientNext,
}

impl Definition {
    /// Returns the name of the interface, which addProtocol announces.
    pub fn name(&self) -> &'static str {
        self.server.name
    }

    /// Returns the versions in ascending order.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = i32> + use<> {
        self.server.versions.iter().map(|(version, _)| *version)
    }
}
