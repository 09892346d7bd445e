use std::collections::BTreeMap;

use crate::{
    error::CallError,
    interface::InterfaceDesc,
    wire::{ObjectKey, ProxyId},
};

/// A connected object on one channel: what its proxy identifier stands for.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    pub(crate) object: ObjectKey,
    /// What the peer calls on this side.
    pub(crate) serves: &'static InterfaceDesc,
    /// The version that is in force for this peer.
    pub(crate) version: i32,
    /// How people call it: its part name, kept only where a trace asks for it.
    pub(crate) label: Option<Box<str>>,
}

/// What became of an identifier.
#[derive(Debug)]
pub(super) enum Entry {
    Open(Connected),
    /// Closed by this side; the peer's OP_CLOSE is still to come. Calls that cross ours are dropped.
    Tombstone,
}

/// The proxy identifiers of one channel (section 2.2.2). Each direction counts its own connects,
/// and neither ever reuses a number.
#[derive(Debug, Default)]
pub(super) struct ProxyTable {
    connected_here: i32,
    connected_there: i32,
    entries: BTreeMap<ProxyId, Entry>,
}

impl ProxyTable {
    /// The table of a channel whose root is connected.
    pub(super) fn with_root(root: Connected) -> Self {
        let entries = BTreeMap::from([(ProxyId::ROOT, Entry::Open(root))]);
        Self { entries, ..Self::default() }
    }

    /// The number of the next object that this side connects.
    pub(super) fn next_here(&mut self) -> Result<ProxyId, CallError> {
        self.connected_here = self.connected_here.checked_add(1).ok_or(CallError::OutOfProxies)?;
        Ok(ProxyId::connected_here(self.connected_here))
    }

    /// The number of the next object that the peer connects.
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

    /// Leaves a tombstone in the place of an open entry.
    pub(super) fn bury(&mut self, id: ProxyId) -> Option<Connected> {
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

    /// The identifier under which an object is connected.
    pub(super) fn find(&self, object: ObjectKey) -> Option<ProxyId> {
        self.opened().find(|(_, connected)| connected.object == object).map(|(id, _)| id)
    }

    pub(super) fn opened(&self) -> impl DoubleEndedIterator<Item = (ProxyId, &Connected)> {
        self.entries.iter().filter_map(|(id, entry)| match entry {
            Entry::Open(connected) => Some((*id, connected)),
            Entry::Tombstone => None,
        })
    }

    /// How many identifiers are held, tombstones included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
