//! The bytes of a file from its storage.

use std::collections::BTreeSet;

use super::node::Node;
use crate::{
    atom::{Blob, CellId, ExtendedGuid, Guid},
    object::types::Partition,
    store::{Storage, Store, StoreError, StoredObject},
};

const CONTENTS_GUID: Guid = Guid::from_u128(0x84DEFAB9_AAA3_4A0D_A3A8_520C77AC7073);
/// The root of a file's bytes, in a storage manifest and in a revision (D 2.3).
pub(super) const CONTENTS_ROOT: ExtendedGuid = ExtendedGuid::new(CONTENTS_GUID, 2);
/// The cell of a file.
pub(super) const CONTENTS_CELL: CellId = CellId(
    ExtendedGuid::new(CONTENTS_GUID, 1),
    ExtendedGuid::new(Guid::from_u128(0x6F2A4665_42C8_46C7_BAB4_E28FDCE1E32B), 1),
);
/// Upper bound on the depth of a tree of nodes. Known files have two levels.
const MAX_NODE_DEPTH: usize = 16;
/// Upper bound on the ratio of a file's bytes and nodes to those of its storage. Nodes may share
/// data, so a small storage could otherwise describe a huge file.
const MAX_SHARING: usize = 16;
/// The number of bytes that a file may have even if its storage is smaller.
const MIN_LIMIT_BYTES: usize = 64 * 1024;

/// A leaf of the current file.
pub(super) struct Leaf {
    pub(super) object: ExtendedGuid,
    pub(super) node: Node,
    /// The data objects, in order.
    pub(super) data: Vec<(ExtendedGuid, Blob)>,
}

impl Leaf {
    fn len(&self) -> u64 {
        self.data.iter().map(|(_, data)| data.len() as u64).sum()
    }
}

impl Store {
    /// Returns the bytes of the file.
    ///
    /// # Errors
    /// The store is incomplete or contradicts itself.
    pub fn file(&self) -> Result<Vec<u8>, StoreError> {
        self.file_of(Partition::CONTENTS)
    }

    /// Returns the bytes of the file in a partition, such as the editors table.
    ///
    /// # Errors
    /// The partition has no file, is incomplete or contradicts itself.
    pub fn file_of(&self, partition: Partition) -> Result<Vec<u8>, StoreError> {
        let storage = self.partition(partition).ok_or(StoreError::NoFile)?;
        let leaves = leaves(storage)?;
        let parts = leaves.iter().flat_map(|leaf| &leaf.data);
        let parts: Vec<_> = parts.map(|(_, data)| &data[..]).collect();
        Ok(parts.concat())
    }
}

/// Returns the cell that contains the file.
pub(super) fn file_cell(storage: &Storage) -> Result<CellId, StoreError> {
    let manifest = storage.manifest()?.ok_or(StoreError::NoFile)?;
    let (_, roots) = manifest.storage_manifest()?;
    let root = roots.into_iter().find(|(root, _)| *root == CONTENTS_ROOT);
    root.map(|(_, cell)| cell).ok_or(StoreError::NoFile)
}

/// Returns the leaves of the current file, in order.
pub(super) fn leaves(storage: &Storage) -> Result<Vec<Leaf>, StoreError> {
    let (objects, roots) = storage.objects(file_cell(storage)?)?;
    let root = *roots.get(&CONTENTS_ROOT).ok_or(StoreError::NoFile)?;
    let stored: usize = storage.elements().map(|element| element.encoded_len()).sum();
    let mut walk = Walk {
        storage,
        object: &|id| objects.get(&id).ok_or(StoreError::ObjectAbsent(id)),
        left_bytes: stored.saturating_mul(MAX_SHARING).max(MIN_LIMIT_BYTES) as u64,
        left_nodes: objects.len().saturating_mul(MAX_SHARING),
        path: BTreeSet::new(),
        leaves: vec![],
    };
    walk.visit(root)?;
    Ok(walk.leaves)
}

struct Walk<'a> {
    storage: &'a Storage,
    object: &'a dyn Fn(ExtendedGuid) -> Result<&'a StoredObject, StoreError>,
    left_bytes: u64,
    left_nodes: usize,
    /// The nodes above the current one.
    path: BTreeSet<ExtendedGuid>,
    leaves: Vec<Leaf>,
}

impl Walk<'_> {
    /// Visits a node and returns its number of bytes.
    fn visit(&mut self, id: ExtendedGuid) -> Result<u64, StoreError> {
        let cycle = StoreError::Cycle(id);
        self.left_nodes = self.left_nodes.checked_sub(1).ok_or_else(|| cycle.clone())?;
        if self.path.len() == MAX_NODE_DEPTH || !self.path.insert(id) {
            return Err(cycle);
        }
        let object = (self.object)(id)?;
        let data = self.storage.data(id, object)?;
        let node = Node::read(&data).map_err(|source| StoreError::Object { id, source })?;
        let size = node.size;
        let mut found = 0;
        if node.leaf {
            let mut data = vec![];
            for reference in &object.references {
                self.left_nodes = self.left_nodes.checked_sub(1).ok_or_else(|| cycle.clone())?;
                let bytes = self.storage.data(*reference, (self.object)(*reference)?)?;
                data.push((*reference, bytes));
            }
            let leaf = Leaf { object: id, node, data };
            found = leaf.len();
            self.left_bytes = self.left_bytes.checked_sub(found).ok_or(cycle)?;
            self.leaves.push(leaf);
        } else {
            for reference in &object.references {
                found += self.visit(*reference)?;
            }
        }
        self.path.remove(&id);
        if found == size { Ok(found) } else { Err(StoreError::Size { id, size, found }) }
    }
}
