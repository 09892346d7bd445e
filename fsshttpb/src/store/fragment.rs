//! Fragments of large data elements (MS-FSSHTTPB 2.2.1.12.7).

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    atom::{Blob, CompactU64, ExtendedGuid, FileChunk, SerialNumber},
    object::{
        Element,
        types::{self, DataElementType},
    },
    store::{elements::DataElement, error::StoreError},
};

/// Upper bound on the parts of one data element. Office divides data elements into parts of at
/// least 1 MB.
const MAX_PARTS: usize = 10_000;

/// The bytes of data elements that have arrived in part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fragments(BTreeMap<ExtendedGuid, Partial>);

#[derive(Clone, Debug, Default)]
struct Partial {
    size: u64,
    /// The parts by their offsets.
    parts: BTreeMap<u64, Bytes>,
    /// The sum of the lengths of the parts.
    bytes: u64,
}

impl Fragments {
    /// Adds a fragment and returns the data element if it is complete.
    pub(crate) fn add(
        &mut self,
        fragment: &types::Fragment,
    ) -> Result<Option<DataElement>, StoreError> {
        let id = fragment.element;
        let error = StoreError::Fragments(id);
        let partial = self.0.entry(id).or_default();
        let (start, len) = (fragment.chunk.start.0, fragment.chunk.length.0);
        let end = start.checked_add(len).ok_or_else(|| error.clone())?;
        let same_size = partial.parts.is_empty() || partial.size == fragment.size.0;
        let has_room = partial.parts.len() < MAX_PARTS;
        if !same_size
            || !has_room
            || len == 0
            || end > fragment.size.0
            || len != fragment.data.len() as u64
        {
            self.0.remove(&id);
            return Err(error);
        }
        partial.size = fragment.size.0;
        let replaced = partial.parts.insert(start, fragment.data.0.clone());
        partial.bytes = partial.bytes - replaced.map_or(0, |part| part.len() as u64) + len;
        // Without this check, each part would be compared with all others.
        if partial.bytes < partial.size {
            return Ok(None);
        }
        let mut end = 0;
        for (start, part) in &partial.parts {
            if *start != end {
                return Ok(None);
            }
            end += part.len() as u64;
        }
        if end != partial.size {
            return Ok(None);
        }
        let parts = self.0.remove(&id).unwrap_or_default().parts;
        let whole = parts.values().map(|part| &part[..]).collect::<Vec<_>>().concat();
        let source = |source| StoreError::Object { id, source };
        let (element, _) = Element::read(&whole.into()).map_err(source)?;
        let element = DataElement::from_element(&element).filter(|element| element.id == id);
        element.map(Some).ok_or(error)
    }

    /// Returns the number of data elements that have arrived in part.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the number of bytes that are held.
    pub(crate) fn len(&self) -> usize {
        self.0.values().flat_map(|partial| partial.parts.values()).map(Bytes::len).sum()
    }

    /// Removes all fragments.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the knowledge of the parts that have arrived.
    pub(crate) fn knowledge(&self) -> Vec<types::FragmentKnowledgeEntry> {
        let entry = |element: &ExtendedGuid, size: u64, start: u64, len: usize| {
            let chunk = chunk(start, len);
            types::FragmentKnowledgeEntry { element: *element, size: CompactU64(size), chunk }
        };
        let all = self.0.iter().flat_map(|(element, partial)| {
            let parts = partial.parts.iter();
            parts.map(move |(start, part)| entry(element, partial.size, *start, part.len()))
        });
        all.collect()
    }
}

fn chunk(start: u64, len: usize) -> FileChunk {
    FileChunk { start: CompactU64(start), length: CompactU64(len as u64) }
}

/// Returns the fragment of a data element that begins at `start` and has at most `len` bytes.
pub(crate) fn fragment(
    element: &DataElement,
    id: ExtendedGuid,
    start: usize,
    len: usize,
) -> DataElement {
    let whole = Bytes::from(element.to_element().to_bytes());
    let start = start.min(whole.len());
    let data = Blob(whole.slice(start..start.saturating_add(len).min(whole.len())));
    let fragment = types::Fragment {
        element: element.id,
        size: CompactU64(whole.len() as u64),
        chunk: chunk(start as u64, data.len()),
        data,
    };
    // No knowledge refers to a fragment, because it is not stored.
    let serial = SerialNumber::new(id.guid, u64::from(id.value));
    DataElement::new(id, serial, DataElementType::FRAGMENT, vec![Element::new(fragment)])
}
