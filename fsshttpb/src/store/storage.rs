//! The storage of one partition.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    atom::{Blob, CellId, ExtendedGuid},
    message::Knowledge,
    object::{Element, types::DataElementType},
    store::{
        elements::{DataElement, Objects, Revision, StoredData, StoredObject},
        error::StoreError,
        fragment::Fragments,
        index::{Index, Key},
    },
};

/// The number of past indexes that a coherency check can refer to. A client refers to the one that
/// it queried last; a client that is 256 uploads behind queries again.
const MAX_PAST_INDEXES: usize = 256;

/// The storage of one partition. A clone shares the data elements.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    pub(crate) elements: HashMap<ExtendedGuid, Arc<DataElement>>,
    pub(crate) index: Arc<Index>,
    /// The last indexes, the newest at the back.
    past: VecDeque<Arc<Index>>,
    /// Data elements of uploads and fragments that are not complete.
    pub(crate) pending: BTreeMap<ExtendedGuid, Arc<DataElement>>,
    pub(crate) fragments: Fragments,
    /// A client's knowledge after its last query.
    pub(crate) knowledge: Knowledge,
}

/// The data elements that a key leads to, from the key downwards.
pub(crate) type Branch = Vec<Arc<DataElement>>;

impl Storage {
    /// Returns the current index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Returns the data elements of the current index and of pending uploads.
    pub fn elements(&self) -> impl Iterator<Item = &DataElement> {
        self.elements.values().map(|element| &**element)
    }

    /// Returns the number of data elements of incomplete uploads and answers.
    pub fn pending_count(&self) -> usize {
        self.pending.len() + self.fragments.count()
    }

    /// Returns the number of bytes of incomplete uploads and answers.
    pub fn pending_bytes(&self) -> usize {
        let elements = self.pending.values().map(|element| element.encoded_len());
        elements.sum::<usize>() + self.fragments.len()
    }

    /// Forgets incomplete uploads and answers.
    pub(crate) fn abandon(&mut self) {
        self.pending.clear();
        self.fragments.clear();
    }

    /// Returns the knowledge of a client after its last query.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// Returns a past index.
    pub(crate) fn past(&self, id: ExtendedGuid) -> Option<&Arc<Index>> {
        self.past.iter().rev().find(|index| index.id == id)
    }

    /// Makes an index the current one.
    pub(crate) fn advance(&mut self, index: Index) {
        self.index = Arc::new(index);
        self.past.push_back(Arc::clone(&self.index));
        if self.past.len() > MAX_PAST_INDEXES {
            self.past.pop_front();
        }
    }

    pub(crate) fn element(&self, id: ExtendedGuid) -> Result<&Arc<DataElement>, StoreError> {
        self.elements.get(&id).ok_or(StoreError::ElementAbsent(id))
    }

    /// Returns the storage manifest's element.
    pub(crate) fn manifest(&self) -> Result<Option<&Arc<DataElement>>, StoreError> {
        let id = self.index.get(&Key::Manifest).filter(|id| !id.is_null());
        id.map(|id| self.element(id)).transpose()
    }

    /// Returns the elements of the revision manifests from the current revision of a cell to its
    /// oldest base.
    pub(crate) fn revisions(
        &self,
        index: &Index,
        cell_manifest: &DataElement,
    ) -> Result<Vec<(ExtendedGuid, Arc<DataElement>, Revision)>, StoreError> {
        let mut chain = vec![];
        let mut seen = BTreeSet::new();
        let mut revision = cell_manifest.current_revision()?;
        while !revision.is_null() {
            if !seen.insert(revision) {
                return Err(StoreError::Cycle(revision));
            }
            let id = index.get(&Key::Revision(revision));
            let element = self.element(id.ok_or(StoreError::RevisionAbsent(revision))?)?;
            let content = element.revision()?;
            let base = content.base;
            chain.push((revision, Arc::clone(element), content));
            revision = base;
        }
        Ok(chain)
    }

    /// Returns the data elements of a cell: its manifest, revisions, groups and BLOBs.
    pub(crate) fn branch(&self, index: &Index, cell: CellId) -> Result<Branch, StoreError> {
        let Some(manifest) = index.get(&Key::Cell(cell)) else { return Ok(vec![]) };
        let manifest = self.element(manifest)?;
        let mut branch = vec![Arc::clone(manifest)];
        for (_, element, revision) in self.revisions(index, manifest)? {
            branch.push(element);
            for group in revision.groups {
                let group = self.element(group)?;
                branch.push(Arc::clone(group));
                for (_, object) in group.object_group()?.objects {
                    if let StoredData::Blob(blob) = object.data {
                        branch.push(Arc::clone(self.element(blob)?));
                    }
                }
            }
        }
        Ok(branch)
    }

    /// Returns all data elements that an index leads to, each once: the storage manifest, then the
    /// branches of the cells.
    pub(crate) fn reachable(&self, index: &Index) -> Result<Branch, StoreError> {
        let manifest = index.get(&Key::Manifest).filter(|id| !id.is_null());
        let manifest = manifest.map(|id| self.element(id)).transpose()?;
        let mut all: Branch = manifest.into_iter().cloned().collect();
        for (cell, _) in index.cells() {
            all.extend(self.branch(index, cell)?);
        }
        let mut seen = BTreeSet::new();
        all.retain(|element| seen.insert(element.id));
        Ok(all)
    }

    /// Returns the data elements that the current index leads to as objects.
    ///
    /// # Errors
    /// The storage is incomplete or contradicts itself.
    pub fn export(&self) -> Result<Vec<Element>, StoreError> {
        let reachable = self.reachable(&self.index)?;
        Ok(reachable.iter().map(|element| element.to_element()).collect())
    }

    /// Removes the data elements that the current index does not lead to.
    pub(crate) fn forget_unreachable(&mut self, reachable: &Branch) {
        self.elements = reachable.iter().map(|element| (element.id, Arc::clone(element))).collect();
    }

    /// Returns the objects of a cell's current revision and the revision's roots. A newer revision
    /// hides the objects and roots of its bases.
    pub(crate) fn objects(
        &self,
        cell: CellId,
    ) -> Result<(Objects, BTreeMap<ExtendedGuid, ExtendedGuid>), StoreError> {
        let manifest = self.index.get(&Key::Cell(cell)).ok_or(StoreError::NoFile)?;
        let manifest = self.element(manifest)?;
        let (mut objects, mut roots) = (Objects::new(), BTreeMap::new());
        for (_, _, revision) in self.revisions(&self.index, manifest)? {
            for (root, object) in revision.roots {
                roots.entry(root).or_insert(object);
            }
            for group in revision.groups {
                for (id, object) in self.element(group)?.object_group()?.objects {
                    objects.entry(id).or_insert(object);
                }
            }
        }
        Ok((objects, roots))
    }

    /// Returns the bytes of an object.
    pub(crate) fn data(&self, id: ExtendedGuid, object: &StoredObject) -> Result<Blob, StoreError> {
        match &object.data {
            StoredData::Inline(data) => Ok(data.0.clone()),
            StoredData::Blob(blob) => {
                let element = self.element(*blob)?;
                element.blob()
            }
            StoredData::Excluded(_) => Err(StoreError::DataAbsent(id)),
        }
    }

    /// Reports whether an element of this type is an index or a fragment, which is not stored.
    pub(crate) fn is_transient(kind: DataElementType) -> bool {
        matches!(kind, DataElementType::STORAGE_INDEX | DataElementType::FRAGMENT)
    }
}
