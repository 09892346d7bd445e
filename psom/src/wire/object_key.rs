slotmap::new_key_type! {
    /// The slot of an object in its space.
    pub(crate) struct SlotKey;
}

/// Identifies an object of this process.
///
/// A key never goes on the wire and is never reused. It is valid only in the space that made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ObjectKey {
    pub(crate) space: u64,
    pub(crate) slot: SlotKey,
}
