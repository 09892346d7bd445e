//! The answer to QueryChanges (MS-FSSHTTPB 2.2.2.1.3, 3.1.4.2).

use std::sync::Arc;

use crate::{
    atom::{CompactU64, ExtendedGuid, FileChunk},
    message::{Answer, Knowledge, QueryChanges, SerialRange},
    object::types::{self, QueryChangesBits as Bits},
    store::{
        elements::{DataElement, ObjectGroup, StoredData},
        error::StoreError,
        fragment::fragment,
        ids::Ids,
        index::Index,
        select::Selector,
        storage::Storage,
    },
};

/// The smallest answer size that a constraint can demand, so that a query always makes progress.
const MIN_CONSTRAINT_BYTES: usize = 1024;

/// The data elements of an answer, and the answer itself.
pub(crate) struct Found {
    pub(crate) elements: Vec<Arc<DataElement>>,
    pub(crate) answer: Answer,
}

/// Answers a query.
pub(crate) fn answer(
    storage: &Storage,
    query: &QueryChanges,
    ids: &mut Ids,
) -> Result<Found, StoreError> {
    let selector = Selector::new(storage, query)?;
    let mut packer = Packer::new(storage, query);
    for element in storage.reachable(&storage.index)? {
        if !selector.is_asked_for(&element) {
            continue;
        }
        if !selector.passes(&element) {
            if query.flags.has(Bits::INCLUDE_FILTERED_OUT) {
                packer.knowledge.learn([element.serial]);
            }
            continue;
        }
        if !query.knowledge.knows(element.serial) {
            packer.pack(element, ids);
        }
    }
    let complete = !packer.partial;
    let mut index = Index { id: storage.index.id, ..Index::default() };
    for (key, mapping) in &storage.index.mappings {
        // A null serial number marks the mapping of an empty storage, which is always sent.
        let known = !mapping.serial.is_null() && query.knowledge.knows(mapping.serial);
        if !known && selector.passes_key(key) {
            index.mappings.insert(*key, *mapping);
        }
    }
    let Packer { mut elements, mut knowledge, partial, .. } = packer;
    if complete {
        let serials = storage.index.mappings.values().map(|mapping| mapping.serial);
        knowledge.learn(serials.filter(|serial| !serial.is_null()));
        let restricted = query.arguments.is_some_and(|(content, cell)| {
            content.0 & 0b11 != 0b11 || cell != crate::atom::CellId::NULL
        });
        let everything = query.filters.is_empty()
            && !restricted
            && !query.flags.has(Bits::EXCLUDE_OBJECT_DATA)
            && !query.flags.has(Bits::CHECK_FOR_EXISTENCE);
        if everything {
            complete_knowledge(&mut knowledge, ids);
        }
    }
    elements.push(Arc::new(index.to_element()));
    let answer = Answer::QueryChanges { index: index.id, partial, knowledge, file_hash: None };
    Ok(Found { elements, answer })
}

/// Adds the ranges and the waterline of a client that has everything.
pub(crate) fn complete_knowledge(knowledge: &mut Knowledge, ids: &Ids) {
    let to = ids.last_serial();
    for guid in [ids.guid(), ids.mapping_guid()] {
        knowledge.ranges.push(SerialRange { guid, from: 0, to });
    }
    knowledge.learn([]);
    let storage = ExtendedGuid::new(ids.guid(), 1);
    knowledge.waterlines.retain(|(known, _)| *known != storage);
    knowledge.waterlines.push((storage, to));
}

/// Collects data elements up to the constraint.
struct Packer<'a> {
    storage: &'a Storage,
    query: &'a QueryChanges,
    elements: Vec<Arc<DataElement>>,
    knowledge: Knowledge,
    left_bytes: usize,
    partial: bool,
}

impl<'a> Packer<'a> {
    fn new(storage: &'a Storage, query: &'a QueryChanges) -> Self {
        // Content tags and version tokens are opaque and go back unchanged. The fragments that the
        // client knows stay known.
        let knowledge = query.knowledge.clone();
        let constraint = query.constraint.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let left_bytes = constraint.map_or(usize::MAX, |bytes| bytes.max(MIN_CONSTRAINT_BYTES));
        Self { storage, query, elements: vec![], knowledge, left_bytes, partial: false }
    }

    fn pack(&mut self, element: Arc<DataElement>, ids: &mut Ids) {
        let flags = self.query.flags;
        if flags.has(Bits::CHECK_FOR_EXISTENCE) {
            // The client only asks whether changes exist.
            self.partial = true;
            return;
        }
        if flags.has(Bits::EXCLUDE_OBJECT_DATA) {
            // The client does not learn the serial number, so that a later query returns the data.
            self.elements.extend(without_data(&element));
            return;
        }
        let fragments = flags.has(Bits::ALLOW_FRAGMENTS) || flags.has(Bits::ALLOW_FRAGMENTS_2);
        if fragments
            && (self.known_bytes(element.id) > 0 || element.encoded_len() > self.left_bytes)
        {
            return self.pack_fragment(&element, ids);
        }
        // The first data element is sent even if it exceeds the constraint.
        if element.encoded_len() > self.left_bytes && !self.elements.is_empty() {
            self.partial = true;
            return;
        }
        self.left_bytes = self.left_bytes.saturating_sub(element.encoded_len());
        self.knowledge.learn([element.serial]);
        self.elements.push(element);
    }

    /// Returns the number of bytes from the start of a data element that the client has.
    fn known_bytes(&self, id: ExtendedGuid) -> usize {
        let mut known = 0;
        let mut chunks: Vec<_> = self.query.knowledge.fragments.iter().collect();
        chunks.sort_by_key(|entry| entry.chunk.start.0);
        for FileChunk { start, length } in
            chunks.into_iter().filter(|entry| entry.element == id).map(|entry| entry.chunk)
        {
            if start.0 <= known {
                known = known.max(start.0.saturating_add(length.0));
            }
        }
        usize::try_from(known).unwrap_or(usize::MAX)
    }

    fn pack_fragment(&mut self, element: &DataElement, ids: &mut Ids) {
        debug_assert!(self.storage.elements.contains_key(&element.id));
        let start = self.known_bytes(element.id).min(element.encoded_len());
        let len = (element.encoded_len() - start).min(self.left_bytes);
        if len == 0 && start < element.encoded_len() {
            self.partial = true;
            return;
        }
        self.left_bytes -= len;
        self.elements.push(Arc::new(fragment(element, ids.id(), start, len)));
        self.knowledge.fragments.retain(|entry| entry.element != element.id);
        if start + len == element.encoded_len() {
            self.knowledge.learn([element.serial]);
            return;
        }
        self.partial = true;
        self.knowledge.fragments.push(types::FragmentKnowledgeEntry {
            element: element.id,
            size: CompactU64(element.encoded_len() as u64),
            chunk: FileChunk { start: CompactU64(0), length: CompactU64((start + len) as u64) },
        });
    }
}

/// Returns a data element without the data of its objects, or `None` for a BLOB.
fn without_data(element: &Arc<DataElement>) -> Option<Arc<DataElement>> {
    if element.kind == types::DataElementType::OBJECT_DATA_BLOB {
        return None;
    }
    let Ok(ObjectGroup { mut objects }) = element.object_group() else {
        return Some(Arc::clone(element));
    };
    for (_, object) in &mut objects {
        if let StoredData::Inline(data) = &object.data {
            object.data = StoredData::Excluded(data.len() as u64);
        }
    }
    let content = ObjectGroup { objects }.to_content();
    Some(Arc::new(DataElement::new(element.id, element.serial, element.kind, content)))
}
