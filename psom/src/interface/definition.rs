use super::InterfaceDesc;

/// A distributed object as its definition gives it (section 3.1.4.1.1): both halves in all versions,
/// and the declared children.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// What stands behind `DOInterface`; for people.
    pub title: &'static str,
    /// The half that the server serves.
    pub server: &'static InterfaceDesc,
    /// The half that the client serves.
    pub client: &'static InterfaceDesc,
    /// The declared children: a part name, or what stands for many of them, and the type.
    pub children: &'static [(&'static str, &'static str)],
    /// Which side connects it.
    pub connected: Connected,
}

/// Which side connects an object, and when. Readers of captured bytes go by it where they see one
/// direction only; nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// Nobody: it is the root of a channel.
    Root,
    /// The server, once, before anything else and in the order of the list of definitions.
    ByServerFirst,
    /// The server, when it is needed.
    ByServer,
    /// The client, when it is needed.
    ByClient,
    /// The client, as a part of what it has connected just before.
    ByClientNext,
}

impl Definition {
    /// The name that both halves share and that addProtocol announces.
    pub fn name(&self) -> &'static str {
        self.server.name
    }

    /// The versions, in ascending order.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = i32> + use<> {
        self.server.versions.iter().map(|(version, _)| *version)
    }
}
