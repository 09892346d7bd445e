//! Uploads (MS-FSSHTTPB 2.2.2.1.4, 3.1.4.3).

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    atom::{ExtendedGuid, SerialNumber},
    message::{CellCode, Failure, PutChanges},
    object::{
        Element,
        types::{self, AdditionalBits, PutChangesFlags as Flags},
    },
    store::{
        elements::DataElement,
        error::StoreError,
        ids::Ids,
        index::{Index, Key},
        storage::{Branch, Storage},
    },
};

/// The maximum number of bytes that incomplete uploads of one partition may hold. It is above the size of the
/// largest file that Office uploads in parts (300 MB).
const MAX_PENDING_BYTES: usize = 512 * 1024 * 1024;

/// Upper bound on the data elements that incomplete uploads of one partition may hold. A file of
/// 300 MB has about 1,000 of them; each costs memory beyond its bytes.
const MAX_PENDING_ELEMENTS: usize = 100_000;

/// The result of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The current index after the upload.
    pub index: ExtendedGuid,
    /// The data elements that were added.
    pub added: Vec<ExtendedGuid>,
    /// The serial numbers of the data elements that were added.
    pub serials: Vec<SerialNumber>,
    /// Whether the upload is complete. The parts of a partial upload before the last change
    /// nothing.
    pub complete: bool,
}

fn refuse<T>(code: CellCode, text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::cell(code, text))
}

/// Applies an upload. On an error, the index is unchanged, and only the data elements of a partial
/// upload stay pending.
pub(crate) fn apply(
    storage: &mut Storage,
    put: &PutChanges,
    ids: &mut Ids,
) -> Result<Applied, Failure> {
    let pending = (!put.flags.has(Flags::PARTIAL)).then(|| storage.pending.clone());
    let applied = receive(storage, put, ids);
    if let (Some(pending), Err(_)) = (pending, &applied) {
        storage.pending = pending;
    }
    applied
}

fn receive(storage: &mut Storage, put: &PutChanges, ids: &mut Ids) -> Result<Applied, Failure> {
    let mut uploaded = None;
    let mut received = vec![];
    for element in &put.elements {
        let Some(element) = read(storage, element)? else { continue };
        if element.id == put.index && element.kind == types::DataElementType::STORAGE_INDEX {
            uploaded = Some(Index::from_element(&element));
        } else if !Storage::is_transient(element.kind) {
            check_id(storage, &element)?;
            received.push(Arc::new(element));
        }
    }
    let received_ids: Vec<_> = received.iter().map(|element| element.id).collect();
    storage.pending.extend(received.into_iter().map(|element| (element.id, element)));
    if storage.pending_count() > MAX_PENDING_ELEMENTS {
        storage.abandon();
        return refuse(CellCode::QUOTA, "the incomplete uploads hold too many data elements");
    }
    if storage.pending_bytes() > MAX_PENDING_BYTES {
        storage.abandon();
        return refuse(CellCode::QUOTA, "the incomplete uploads hold too many bytes");
    }
    if put.flags.has(Flags::PARTIAL) && !put.flags.has(Flags::LAST_PART) {
        return Ok(Applied {
            index: storage.index.id,
            added: received_ids,
            serials: vec![],
            complete: false,
        });
    }
    let Some(uploaded) = uploaded else {
        let text = format!("the package does not contain the storage index {}", put.index);
        return refuse(CellCode::REFERENCED_NOT_FOUND, text);
    };
    let next = merge(storage, put, &uploaded, ids)?;
    commit(storage, put, next, &received_ids, ids)
}

/// Reads a data element. Fragments return the data element that they complete.
fn read(storage: &mut Storage, element: &Element) -> Result<Option<DataElement>, Failure> {
    let Some(read) = DataElement::from_element(element) else { return Ok(None) };
    if read.id.is_null() {
        return refuse(CellCode::MISSING_ID, "a data element has no identifier");
    }
    let Some(fragment) = element.first::<types::Fragment>() else { return Ok(Some(read)) };
    storage.fragments.add(fragment).map_err(|error| error.to_failure())
}

/// Refuses an identifier that belongs to another data element. Data elements never change, so that
/// this is an error even if the client does not ask for the check.
fn check_id(storage: &Storage, element: &DataElement) -> Result<(), Failure> {
    let same =
        |known: &Arc<DataElement>| known.kind == element.kind && known.content == element.content;
    let known = storage.elements.get(&element.id).or_else(|| storage.pending.get(&element.id));
    if known.is_none_or(same) {
        return Ok(());
    }
    refuse(CellCode::ID_COLLISION, format!("the identifier {} is in use", element.id))
}

/// Merges the uploaded index into the current one after the coherency check.
///
/// For each key that the upload changes, the data element that the expected index maps it to has
/// to be the one that the current index maps it to. Serial numbers do not matter.
fn merge(
    storage: &Storage,
    put: &PutChanges,
    uploaded: &Index,
    ids: &mut Ids,
) -> Result<Index, Failure> {
    let current = &storage.index;
    let none = Arc::default();
    let expected = if put.flags.has(Flags::LAST_WRITER_WINS) {
        None
    } else if !put.expected.is_null() {
        let Some(expected) = storage.past(put.expected) else {
            let text = format!("the expected index {} is unknown; query again", put.expected);
            return refuse(CellCode::COHERENCY, text);
        };
        Some(expected)
    } else if put.flags.has(Flags::NULL_EXPECTED_MEANS_NONE) {
        Some(&none)
    } else {
        None
    };
    let replace = put.additional.has(AdditionalBits::FULL_FILE_REPLACE);
    let removed = current.mappings.keys().filter(|key| replace && uploaded.get(key).is_none());
    let changed = uploaded.mappings.iter().filter(|(key, mapping)| {
        current.get(key) != Some(mapping.element)
            && !(**key == Key::Manifest && mapping.element.is_null())
    });
    let changed: Vec<_> = changed
        .map(|(key, mapping)| (*key, mapping.element))
        .chain(removed.map(|key| (*key, ExtendedGuid::NULL)))
        .collect();
    for (key, _) in &changed {
        if expected.is_some_and(|expected| expected.get(key) != current.get(key)) {
            let text = format!("{key} has changed since the expected index; query again");
            return refuse(CellCode::COHERENCY, text);
        }
    }
    let mut next = Index::clone(current);
    for (key, element) in changed {
        if element.is_null() {
            next.mappings.remove(&key);
        } else {
            next.set(key, element, ids);
        }
    }
    // The client knows the result only if nothing else changed since its expected index.
    let known = put.expected == current.id || current.mappings.is_empty();
    let fresh = storage.past(put.index).is_none();
    next.id = if known && fresh && !put.index.is_null() { put.index } else { ids.id() };
    Ok(next)
}

/// Checks that the next index leads only to data elements that exist, and makes it the current one.
fn commit(
    storage: &mut Storage,
    put: &PutChanges,
    mut next: Index,
    received: &[ExtendedGuid],
    ids: &mut Ids,
) -> Result<Applied, Failure> {
    let mut draft = storage.clone();
    for (id, element) in &storage.pending {
        draft.elements.entry(*id).or_insert_with(|| Arc::clone(element));
    }
    let invalid = |error: StoreError| error.to_failure();
    drop_old_revisions(&draft, &mut next).map_err(invalid)?;
    let reachable = draft.reachable(&next).map_err(invalid)?;
    check_manifest(&draft, &next).map_err(invalid)?;
    let reachable_ids: BTreeSet<_> = reachable.iter().map(|element| element.id).collect();
    if put.additional.has(AdditionalBits::REQUIRE_ROOTED)
        && let Some(lost) = received.iter().find(|id| !reachable_ids.contains(id))
    {
        let text = format!("the index does not lead to the data element {lost}");
        return refuse(CellCode::ARGUMENT, text);
    }
    let (mut added, mut serials) = (vec![], vec![]);
    let mut kept: Branch = vec![];
    for element in reachable {
        if storage.elements.contains_key(&element.id) {
            kept.push(element);
            continue;
        }
        added.push(element.id);
        // Two clients could choose the same serial number; the storage's own are unique.
        let mut element = DataElement::clone(&element);
        element.serial = ids.serial();
        serials.push(element.serial);
        kept.push(Arc::new(DataElement::new(
            element.id,
            element.serial,
            element.kind,
            element.content,
        )));
    }
    draft.pending.retain(|id, _| !reachable_ids.contains(id) && !received.contains(id));
    draft.forget_unreachable(&kept);
    draft.advance(next);
    *storage = draft;
    Ok(Applied { index: storage.index.id, added, serials, complete: true })
}

/// Removes the mappings of revisions that no cell leads to.
fn drop_old_revisions(storage: &Storage, index: &mut Index) -> Result<(), StoreError> {
    let mut used = BTreeSet::new();
    for (_, manifest) in index.cells() {
        let manifest = storage.element(manifest)?;
        let revisions = storage.revisions(index, manifest)?;
        used.extend(revisions.into_iter().map(|(revision, ..)| revision));
    }
    index.mappings.retain(|key, _| match key {
        Key::Revision(revision) => used.contains(revision),
        _ => true,
    });
    Ok(())
}

/// Checks the type of the storage manifest.
fn check_manifest(storage: &Storage, index: &Index) -> Result<(), StoreError> {
    match index.get(&Key::Manifest).filter(|id| !id.is_null()) {
        Some(id) => storage.element(id)?.storage_manifest().map(|_| ()),
        None => Ok(()),
    }
}

/// Splits an upload into parts whose data elements have at most `max_bytes` bytes, or consist of
/// one data element. The last part contains the index.
pub fn split(put: &PutChanges, max_bytes: usize) -> Vec<PutChanges> {
    let is_index = |element: &Element| {
        element.get::<types::DataElement>().is_some_and(|element| element.id == put.index)
    };
    let (index, others): (Vec<_>, Vec<_>) = put.elements.iter().cloned().partition(is_index);
    let mut parts = vec![];
    let (mut part, mut bytes) = (vec![], 0);
    for element in others.into_iter().chain(index) {
        let len = element.encoded_len();
        if !part.is_empty() && bytes + len > max_bytes {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += len;
        part.push(element);
    }
    parts.push(part);
    let last = parts.len() - 1;
    let parts = parts.into_iter().enumerate().map(|(place, elements)| {
        let flags = match (last, place == last) {
            (0, _) => put.flags,
            (_, false) => put.flags.with(Flags::PARTIAL).with(Flags::MULTI_REQUEST),
            (_, true) => put.flags.with(Flags::PARTIAL).with(Flags::LAST_PART),
        };
        PutChanges { elements, flags, ..put.clone() }
    });
    parts.collect()
}
