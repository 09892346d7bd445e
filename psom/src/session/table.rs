use std::collections::{BTreeMap, BTreeSet};

use crate::{
    error::CallError,
    interface::InterfaceDesc,
    wire::{ObjectKey, ProxyId},
};

/// A connected object on one channel.
#[derive(Debug, Clone)]
pub(crate) struct ConnectedObject {
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
    Open(ConnectedObject),
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
    /// The identifiers of each connected object, for references to objects in arguments.
    by_object: BTreeSet<(ObjectKey, ProxyId)>,
    /// The number of tombstones: closes that the peer has not confirmed.
    tombstones: usize,
    /// The number of changes of the table.
    changes: u64,
}

impl ProxyTable {
    /// Creates the table of a channel whose root is connected.
    pub(super) fn with_root(root: ConnectedObject) -> Self {
        let mut table = Self::default();
        table.insert(ProxyId::ROOT, Entry::Open(root));
        table
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

    /// Adds an identifier that is not in the table yet.
    pub(super) fn insert(&mut self, id: ProxyId, entry: Entry) {
        self.changes += 1;
        match &entry {
            Entry::Open(connected) => _ = self.by_object.insert((connected.object, id)),
            Entry::Tombstone => self.tombstones += 1,
        }
        self.entries.insert(id, entry);
    }

    pub(super) fn get(&self, id: ProxyId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    pub(super) fn open(&self, id: ProxyId) -> Option<&ConnectedObject> {
        match self.entries.get(&id) {
            Some(Entry::Open(connected)) => Some(connected),
            Some(Entry::Tombstone) | None => None,
        }
    }

    /// Replaces an open entry by a tombstone.
    pub(super) fn replace_by_tombstone(&mut self, id: ProxyId) -> Option<ConnectedObject> {
        let entry @ Entry::Open(_) = self.entries.get_mut(&id)? else { return None };
        let Entry::Open(connected) = std::mem::replace(entry, Entry::Tombstone) else {
            return None;
        };
        self.by_object.remove(&(connected.object, id));
        self.tombstones += 1;
        self.changes += 1;
        Some(connected)
    }

    pub(super) fn remove(&mut self, id: ProxyId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.changes += 1;
        match &entry {
            Entry::Open(connected) => _ = self.by_object.remove(&(connected.object, id)),
            Entry::Tombstone => self.tombstones -= 1,
        }
        Some(entry)
    }

    /// Returns an identifier under which an object is connected.
    pub(super) fn find(&self, object: ObjectKey) -> Option<ProxyId> {
        let mut ids = self.by_object.range((object, ProxyId::MIN)..=(object, ProxyId::MAX));
        ids.next().map(|(_, id)| *id)
    }

    /// Returns the number of changes of the table so far. While it stays the same, so do all entries.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Returns the number of closes of this side that the peer has not confirmed.
    pub(super) fn tombstones(&self) -> usize {
        self.tombstones
    }

    pub(super) fn opened(&self) -> impl DoubleEndedIterator<Item = (ProxyId, &ConnectedObject)> {
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use slotmap::SlotMap;

    use super::*;

    const INTERFACE: &InterfaceDesc = crate::session::connmgr::DESC.serves;

    #[test]
    fn object_is_found_until_its_last_identifier_is_closed() {
        let mut slots = SlotMap::with_key();
        let [root, file, other] = [(); 3].map(|()| ObjectKey { space: 1, slot: slots.insert(()) });
        let connected =
            |object| ConnectedObject { object, serves: INTERFACE, version: 1, label: None };
        let mut table = ProxyTable::with_root(connected(root));
        let [first, second, third] = [(); 3].map(|()| table.next_here().unwrap());
        for (id, object) in [(first, file), (second, other), (third, file)] {
            table.insert(id, Entry::Open(connected(object)));
        }
        assert_eq!((table.find(root), table.find(file)), (Some(ProxyId::ROOT), Some(first)));
        assert_eq!(table.replace_by_tombstone(first).unwrap().object, file);
        assert!(table.replace_by_tombstone(first).is_none());
        assert_eq!((table.find(file), table.tombstones()), (Some(third), 1));
        assert!(matches!(table.remove(third), Some(Entry::Open(_))));
        assert_eq!((table.find(file), table.find(other)), (None, Some(second)));
        assert!(matches!(table.remove(first), Some(Entry::Tombstone)));
        assert_eq!((table.tombstones(), table.len()), (0, 2));
    }
}
