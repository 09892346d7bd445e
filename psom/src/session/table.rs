use std::collections::BTreeMap;

use crate::{
    error::CallError,
    interface::InterfaceDesc,
    wire::{ObjectKey, ProxyId},
};

/// A connected object on one channel.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    pub(crate) object: ObjectKey,
    /// The interface that the peer calls.
    pub(crate) serves: &'static InterfaceDesc,
    /// The negotiated version of the interface.
    pub(crate) version: i32,
    /// The part name for traces. `None` if the session has no trace.
    pub(crate) label: Option<Box<str>>,
}

/// The state of a proxy identifier.
#[derive(Debug)]
pub(super) enum Entry {
    Open(Connected),
    /// Closed by this side, until the peer's OP_CLOSE arrives. Calls for it are dropped.
    Tombstone,
}

/// The proxy identifiers of one channel (section 2.2.2). Each direction counts its own connects, and
/// no number is ever reused.
#[derive(Debug, Default)]
pub(super) struct ProxyTable {
    connected_here: i32,
    connected_there: i32,
    entries: BTreeMap<ProxyId, Entry>,
}

impl ProxyTable {
    /// Creates the table of a channel whose root is connected.
    pub(super) fn with_root(root: Connected) -> Self {
        let entries = BTreeMap::from([(ProxyId::ROOT, Entry::Open(root))]);
        Self { entries, ..Self::default() }
    }

    /// Returns the identifier of the next object that this side connects.
    pub(super) fn next_here(&mut self) -> Result<ProxyId, CallError> {
        self.connected_here = self.connected_here.checked_add(1).ok_or(CallError::OutOfProxies)?;
        Ok(ProxyId::connected_here(self.connected_here))
    }

    /// Returns the identifier of the next object that the peer connects.
    pub(super) fn next_there(&mut self) -> Result<ProxyId, CallError> {
        self.connected_there =
            self.connected_there.checked_add(1).ok_or(CallError::OutOfProxies)?;
        Ok(ProxyId::connected_there(self.connected_there))
    }

    pub(super) fn insert(&mut self, id: ProxyId, entry: Entry) {
        self.entries.insert(id, entry);
    }

    pub(super) fn get(&self, id: ProxyId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    pub(super) fn open(&self, id: ProxyId) -> Option<&Connected> {
        match self.entries.get(&id) {
            Some(Entry::Open(connected)) => Some(connected),
            Some(Entry::Tombstone) | None => None,
        }
    }

    /// Replaces an open entry by a tombstone.
    pub(super) fn replace_by_tombstone(&mut self, id: ProxyId) -> Option<Connected> {
        match self.entries.get_mut(&id) {
            Some(entry @ Entry::Open(_)) => match std::mem::replace(entry, Entry::Tombstone) {
                Entry::Open(connected) => Some(connected),
                Entry::Tombstone => None,
            },
            Some(Entry::Tombstone) | None => None,
        }
    }

    pub(super) fn remove(&mut self, id: ProxyId) -> Option<Entry> {
        self.entries.remove(&id)
    }

    /// Returns the identifier of a connected object.
    pub(super) fn find(&self, object: ObjectKey) -> Option<ProxyId> {
        self.opened().find(|(_, connected)| connected.object == object).map(|(id, _)| id)
    }

    pub(super) fn opened(&self) -> impl DoubleEndedIterator<Item = (ProxyId, &Connected)> {
        self.entries.iter().filter_map(|(id, entry)| match entry {
            Entry::Open(connected) => Some((*id, connected)),
            Entry::Tombstone => None,
        })
    }

    /// Returns the number of entries, including tombstones.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
