/// An event in the life of an object; see the methods of [`Lifecycle`](super::Lifecycle).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Occasion {
    /// The object was added to its space.
    Added,
    /// A peer, `cx.caller()`, was connected.
    Connected,
    /// A peer, `cx.caller()`, was disconnected, alone or with its connection. The peer is no longer
    /// in `cx.peers()`, and calls to it fail.
    Disconnected,
}
