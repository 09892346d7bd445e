//! Filters: which data elements and mappings an answer contains (MS-FSSHTTPB 2.2.2.1.3.1).

use std::collections::BTreeSet;

use crate::{
    atom::{CellId, ExtendedGuid},
    message::{Depth, Filter, QueryChanges, Selection},
    object::types::{DataElementType, QueryChangesContent},
    store::{
        elements::DataElement,
        error::StoreError,
        index::{Index, Key},
        storage::Storage,
    },
};

/// The filters of a query with the sets of data elements that they select.
pub(crate) struct Selector<'a> {
    query: &'a QueryChanges,
    filters: Vec<(&'a Filter, BTreeSet<ExtendedGuid>)>,
    /// The data elements of the cell that the arguments name.
    cell: Option<BTreeSet<ExtendedGuid>>,
}

impl<'a> Selector<'a> {
    pub(crate) fn new(storage: &Storage, query: &'a QueryChanges) -> Result<Self, StoreError> {
        let filters =
            query.filters.iter().map(|filter| Ok((filter, selected(storage, &filter.selection)?)));
        let cell = query.arguments.map(|(_, cell)| cell).filter(|cell| *cell != CellId::NULL);
        let cell = cell.map(|cell| storage.branch(&storage.index, cell)).transpose()?;
        Ok(Self {
            query,
            filters: filters.collect::<Result<_, StoreError>>()?,
            cell: cell.map(|branch| branch.iter().map(|element| element.id).collect()),
        })
    }

    /// Reports whether the arguments ask for a data element.
    pub(crate) fn is_asked_for(&self, element: &DataElement) -> bool {
        let Some((content, _)) = self.query.arguments else { return true };
        if element.kind == DataElementType::STORAGE_MANIFEST {
            return content.has(QueryChangesContent::STORAGE_MANIFEST);
        }
        let of_cell = self.cell.as_ref().is_none_or(|cell| cell.contains(&element.id));
        content.has(QueryChangesContent::CELL_CHANGES) && of_cell
    }

    /// Reports whether the filters let a data element pass.
    pub(crate) fn passes(&self, element: &DataElement) -> bool {
        self.decide(|filter, ids| match &filter.selection {
            Selection::All => true,
            Selection::Type(kind) => element.kind == *kind,
            _ => ids.contains(&element.id),
        })
    }

    /// Reports whether the filters let a mapping pass.
    pub(crate) fn passes_key(&self, key: &Key) -> bool {
        self.decide(|filter, _| match &filter.selection {
            Selection::All => true,
            Selection::Type(kind) => *kind == DataElementType::STORAGE_INDEX,
            Selection::Cell(cell) => *key == Key::Cell(*cell),
            Selection::Hierarchy { key: ids, .. } => key_of(ids) == Some(*key),
            Selection::IndexReferenced | Selection::Ids(_) => false,
        })
    }

    /// Reports whether an item passes. The last filter that selects the item decides. Without one,
    /// the item passes.
    fn decide(&self, selects: impl Fn(&Filter, &BTreeSet<ExtendedGuid>) -> bool) -> bool {
        let last = self.filters.iter().rev().find(|(filter, ids)| selects(filter, ids));
        last.is_none_or(|(filter, _)| filter.include)
    }
}

/// Returns the key of the index that a hierarchy filter names.
fn key_of(ids: &[ExtendedGuid]) -> Option<Key> {
    match *ids {
        [id] => Some(Key::Revision(id)),
        [first, second] => Some(Key::Cell(CellId(first, second))),
        _ => None,
    }
}

/// Returns the data elements that a filter selects by their place in the storage.
fn selected(
    storage: &Storage,
    selection: &Selection,
) -> Result<BTreeSet<ExtendedGuid>, StoreError> {
    let index: &Index = &storage.index;
    Ok(match selection {
        Selection::All | Selection::Type(_) => BTreeSet::new(),
        Selection::IndexReferenced => {
            index.mappings.values().map(|mapping| mapping.element).collect()
        }
        Selection::Cell(cell) => {
            storage.branch(index, *cell)?.iter().map(|element| element.id).collect()
        }
        Selection::Ids(ids) => ids.iter().copied().collect(),
        Selection::Hierarchy { key, depth } => {
            let Some(key) = key_of(key) else { return Ok(BTreeSet::new()) };
            below(storage, index, key, *depth)?
        }
    })
}

fn below(
    storage: &Storage,
    index: &Index,
    key: Key,
    depth: Depth,
) -> Result<BTreeSet<ExtendedGuid>, StoreError> {
    let first = index.get(&key).filter(|id| !id.is_null());
    let Some(first) = first.filter(|_| depth != Depth::INDEX_ONLY) else {
        return Ok(BTreeSet::new());
    };
    let mut ids = BTreeSet::from([first]);
    match (key, depth) {
        (_, Depth::FIRST_DATA_ELEMENTS) => {}
        (Key::Cell(cell), Depth::DEEP) => {
            ids.extend(storage.branch(index, cell)?.iter().map(|element| element.id));
        }
        (Key::Cell(_), _) => {
            let revision = storage.element(first)?.current_revision()?;
            ids.extend(index.get(&Key::Revision(revision)));
        }
        (Key::Revision(_), _) => ids.extend(storage.element(first)?.revision()?.groups),
        (Key::Manifest, _) => {}
    }
    Ok(ids)
}
