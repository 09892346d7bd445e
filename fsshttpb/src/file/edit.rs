//! A client's edit: the smallest upload that turns the current file into a new one.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;

use super::{
    chunk::{Chunk, Chunking, UNIQUE_BYTES, sha1},
    divide::chunks,
    node::Node,
    read::{CONTENTS_CELL, CONTENTS_ROOT, Leaf, file_cell, leaves},
};
use crate::{
    atom::{BinaryItem, Blob, CellId, ExtendedGuid, Guid},
    message::{Failure, PutChanges},
    object::{
        Element,
        types::{self, AdditionalBits, DataElementType, Partition, PutChangesFlags},
    },
    store::{
        DataElement, Ids, Index, Key, ObjectGroup, Storage, Store, StoreError, StoredData,
        StoredObject,
    },
};

/// The schema of a file's storage manifest.
const FILE_SCHEMA: Guid = Guid::from_u128(0x0EB93394_571D_41E9_AAD3_880D92D31955);
/// The first leaf of an editors table. The second one is XML, compressed with DEFLATE.
pub const EDITORS_TABLE_HEADER: [u8; 8] = [0x1A, 0x5A, 0x3A, 0x30, 0, 0, 0, 0];

impl Store {
    /// Creates the store of a file with the default chunking.
    ///
    /// The same file gives the same identifiers and serial numbers. A server that creates the store
    /// of one document more than once uses [`Store::from_file_with`] with a new GUID each time.
    /// Otherwise a client's knowledge of an older store would count as knowledge of this one.
    ///
    /// # Errors
    /// No input is known to fail. The error type is that of an upload, because the new store passes
    /// the same checks.
    pub fn from_file(file: &[u8]) -> Result<Self, Failure> {
        let chunks = chunks(&Bytes::copy_from_slice(file), &Chunking::default());
        // The signatures identify the file without a hash of all its bytes.
        let signatures: Vec<_> = chunks.iter().map(|chunk| &chunk.signature[..]).collect();
        let ids = Ids::from_seed(&signatures.concat());
        Self::from_chunks(chunks, ids)
    }

    /// Creates the store of a file.
    ///
    /// # Errors
    /// No input is known to fail. The error type is that of an upload, because the new store passes
    /// the same checks.
    pub fn from_file_with(file: Bytes, ids: Ids, chunking: &Chunking) -> Result<Self, Failure> {
        Self::from_chunks(chunks(&file, chunking), ids)
    }

    fn from_chunks(chunks: Vec<Chunk>, mut ids: Ids) -> Result<Self, Failure> {
        let mut store = Self::new(ids.clone());
        let put = store.edit_chunks(Partition::CONTENTS, chunks, &mut ids)?;
        *store.ids() = ids;
        store.apply(put)?;
        Ok(store)
    }

    /// Returns the upload that turns the current file into `file`. Leaves whose bytes the store has
    /// are not uploaded again. The upload expects the store's current index.
    ///
    /// # Errors
    /// The store is incomplete or contradicts itself.
    pub fn edit(
        &self,
        file: &Bytes,
        ids: &mut Ids,
        chunking: &Chunking,
    ) -> Result<PutChanges, Failure> {
        self.edit_chunks(Partition::CONTENTS, chunks(file, chunking), ids)
    }

    /// Replaces the file of a partition by a file whose leaves are `parts`, such as the two parts of
    /// an editors table.
    ///
    /// # Errors
    /// The store is incomplete or contradicts itself.
    pub fn set_parts(&mut self, partition: Partition, parts: Vec<Bytes>) -> Result<(), Failure> {
        let chunk = |data: Bytes| {
            let signature = Blob::from(&sha1(&data)[..UNIQUE_BYTES]);
            Chunk { data, signature }
        };
        let mut ids = self.ids().clone();
        let put = self.edit_chunks(partition, parts.into_iter().map(chunk).collect(), &mut ids)?;
        *self.ids() = ids;
        self.apply(put).map(|_| ())
    }

    fn edit_chunks(
        &self,
        partition: Partition,
        chunks: Vec<Chunk>,
        ids: &mut Ids,
    ) -> Result<PutChanges, Failure> {
        let empty = Storage::default();
        let storage = self.partition(partition).unwrap_or(&empty);
        let current = Current::read(storage).map_err(|error| error.to_failure())?;
        let mut draft = Draft { ids, elements: vec![] };
        let (root, groups) = draft.nodes(current.leaves, chunks, &current.groups)?;
        let index = draft.index(current.cell, root, groups);
        let elements = draft.elements.iter().map(DataElement::to_element);
        let flags = PutChangesFlags::FAVOR_COHERENCY_FAILURE
            .with(PutChangesFlags::RETURN_COMPLETE_KNOWLEDGE)
            .with(PutChangesFlags::NULL_EXPECTED_MEANS_NONE);
        Ok(PutChanges {
            index: index.id,
            expected: storage.index().id,
            flags,
            additional: AdditionalBits::RETURN_APPLIED_INDEX,
            partition,
            elements: elements.chain([index.to_element().to_element()]).collect(),
            ..PutChanges::default()
        })
    }
}

/// The current file.
struct Current {
    /// The cell of the file, or `None` if there is no file.
    cell: Option<CellId>,
    leaves: Vec<Leaf>,
    /// The data element of each object's group.
    groups: HashMap<ExtendedGuid, ExtendedGuid>,
}

impl Current {
    fn read(storage: &Storage) -> Result<Self, StoreError> {
        let cell = match file_cell(storage) {
            Ok(cell) => cell,
            Err(StoreError::NoFile) => {
                return Ok(Self { cell: None, leaves: vec![], groups: HashMap::new() });
            }
            Err(error) => return Err(error),
        };
        let mut groups = HashMap::new();
        if let Some(manifest) = storage.index().get(&Key::Cell(cell)) {
            let manifest = storage.element(manifest)?;
            for (_, _, revision) in storage.revisions(storage.index(), manifest)? {
                for group in revision.groups {
                    for (object, _) in storage.element(group)?.object_group()?.objects {
                        groups.entry(object).or_insert(group);
                    }
                }
            }
        }
        Ok(Self { cell: Some(cell), leaves: leaves(storage)?, groups })
    }
}

/// The data elements of an upload.
struct Draft<'a> {
    ids: &'a mut Ids,
    elements: Vec<DataElement>,
}

impl Draft<'_> {
    fn element(&mut self, kind: DataElementType, content: Vec<Element>) -> ExtendedGuid {
        let element = DataElement::new(self.ids.id(), self.ids.serial(), kind, content);
        self.elements.push(element);
        self.elements[self.elements.len() - 1].id
    }

    fn group(&mut self, objects: Vec<(ExtendedGuid, StoredObject)>) -> ExtendedGuid {
        self.element(DataElementType::OBJECT_GROUP, ObjectGroup { objects }.to_content())
    }

    /// Creates the nodes of a file and returns the root node and the groups of the revision.
    fn nodes(
        &mut self,
        old: Vec<Leaf>,
        chunks: Vec<Chunk>,
        old_groups: &HashMap<ExtendedGuid, ExtendedGuid>,
    ) -> Result<(ExtendedGuid, Vec<ExtendedGuid>), Failure> {
        let mut known: HashMap<(Blob, u64), Vec<Leaf>> = HashMap::new();
        for leaf in old.into_iter().rev() {
            known.entry((leaf.node.signature.clone(), leaf.node.size)).or_default().push(leaf);
        }
        let mut references = vec![];
        let mut groups = BTreeSet::new();
        let mut size = 0;
        for chunk in chunks {
            size += chunk.data.len() as u64;
            let leaf = known
                .get_mut(&(chunk.signature.clone(), chunk.data.len() as u64))
                .and_then(|leaves| leaves.pop_if(|leaf| same_bytes(leaf, &chunk.data)));
            let Some(leaf) = leaf else {
                let (node, group) = self.leaf(chunk);
                references.push(node);
                groups.insert(group);
                continue;
            };
            references.push(leaf.object);
            for object in [leaf.object].into_iter().chain(leaf.data.iter().map(|(id, _)| *id)) {
                let group = old_groups.get(&object).copied();
                let absent = || StoreError::ObjectAbsent(object).to_failure();
                groups.insert(group.ok_or_else(absent)?);
            }
        }
        let node = Node { leaf: false, signature: Blob::default(), size, hash: None };
        let data = StoredData::Inline(node.to_bytes().into());
        let root = self.ids.id();
        let group = self.group(vec![(root, StoredObject { references, data })]);
        Ok((root, [group].into_iter().chain(groups).collect()))
    }

    /// Creates a leaf in a group of its own, so that later revisions can keep it without its
    /// neighbors.
    fn leaf(&mut self, chunk: Chunk) -> (ExtendedGuid, ExtendedGuid) {
        let Chunk { data, signature } = chunk;
        let node = Node { leaf: true, signature, size: data.len() as u64, hash: None };
        let (node_id, data_id) = (self.ids.id(), self.ids.id());
        let node = StoredData::Inline(node.to_bytes().into());
        let data = StoredData::Inline(BinaryItem(Blob(data)));
        let group = self.group(vec![
            (node_id, StoredObject { references: vec![data_id], data: node }),
            (data_id, StoredObject { references: vec![], data }),
        ]);
        (node_id, group)
    }

    /// Creates the revision and the index that leads to it. The revision has no base: it lists the
    /// groups that it keeps.
    fn index(
        &mut self,
        cell: Option<CellId>,
        root: ExtendedGuid,
        groups: Vec<ExtendedGuid>,
    ) -> Index {
        let revision = self.ids.id();
        let mut content = vec![
            Element::new(types::RevisionManifest { revision, base: ExtendedGuid::NULL }),
            Element::new(types::RevisionManifestRoot { root: CONTENTS_ROOT, object: root }),
        ];
        let groups = groups.into_iter().map(|group| types::RevisionManifestGroup { group });
        content.extend(groups.map(Element::new));
        let revision_manifest = self.element(DataElementType::REVISION_MANIFEST, content);
        let current = vec![Element::new(types::CellManifestCurrentRevision { revision })];
        let cell_manifest = self.element(DataElementType::CELL_MANIFEST, current);
        let mut index = Index { id: self.ids.id(), ..Index::default() };
        if cell.is_none() {
            let manifest = vec![
                Element::new(types::StorageManifestSchema { schema: FILE_SCHEMA }),
                Element::new(types::StorageManifestRoot {
                    root: CONTENTS_ROOT,
                    cell: CONTENTS_CELL,
                }),
            ];
            let manifest = self.element(DataElementType::STORAGE_MANIFEST, manifest);
            index.set(Key::Manifest, manifest, self.ids);
        }
        index.set(Key::Cell(cell.unwrap_or(CONTENTS_CELL)), cell_manifest, self.ids);
        index.set(Key::Revision(revision), revision_manifest, self.ids);
        index
    }
}

/// Reports whether a leaf has these bytes. The signature alone does not prove it, because the
/// signature of zip data is a checksum.
fn same_bytes(leaf: &Leaf, bytes: &[u8]) -> bool {
    let mut left = Some(bytes);
    for (_, data) in &leaf.data {
        left = left.and_then(|left| left.strip_prefix(&data[..]));
    }
    left == Some(&[])
}
