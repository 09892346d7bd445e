//! The storage index (MS-FSSHTTPB 2.2.1.12.2): it maps keys to data elements.

use std::{collections::BTreeMap, fmt};

use crate::{
    atom::{CellId, ExtendedGuid, SerialNumber},
    object::{
        Element,
        types::{self, DataElementType},
    },
    store::{elements::DataElement, ids::Ids},
};

/// A key of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The storage manifest.
    Manifest,
    /// The manifest of a cell.
    Cell(CellId),
    /// The manifest of a revision.
    Revision(ExtendedGuid),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => f.write_str("the storage manifest"),
            Self::Cell(cell) => write!(f, "the cell {cell}"),
            Self::Revision(revision) => write!(f, "the revision {revision}"),
        }
    }
}

/// The value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The data element.
    pub element: ExtendedGuid,
    /// The serial number of this mapping.
    pub serial: SerialNumber,
}

/// A storage index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The identifier, which a client repeats as the expected index.
    pub id: ExtendedGuid,
    /// The mappings.
    pub mappings: BTreeMap<Key, Mapping>,
}

impl Index {
    /// Reads a data element.
    pub fn from_element(element: &DataElement) -> Self {
        let mut mappings = BTreeMap::new();
        for child in &element.content {
            let pair = if let Some(manifest) = child.get::<types::IndexManifestMapping>() {
                (Key::Manifest, (manifest.mapping, manifest.serial))
            } else if let Some(cell) = child.get::<types::IndexCellMapping>() {
                (Key::Cell(cell.cell), (cell.mapping, cell.serial))
            } else if let Some(revision) = child.get::<types::IndexRevisionMapping>() {
                (Key::Revision(revision.revision), (revision.mapping, revision.serial))
            } else {
                continue;
            };
            let (key, (element, serial)) = pair;
            mappings.insert(key, Mapping { element, serial });
        }
        Self { id: element.id, mappings }
    }

    /// Returns the data element. The serial number comes from the identifier, as in SharePoint.
    pub fn to_element(&self) -> DataElement {
        let objects = self.mappings.iter().map(|(key, Mapping { element, serial })| {
            let (mapping, serial) = (*element, *serial);
            match *key {
                Key::Manifest => Element::new(types::IndexManifestMapping { mapping, serial }),
                Key::Cell(cell) => Element::new(types::IndexCellMapping { cell, mapping, serial }),
                Key::Revision(revision) => {
                    Element::new(types::IndexRevisionMapping { revision, mapping, serial })
                }
            }
        });
        let serial = SerialNumber::new(self.id.guid, u64::from(self.id.value));
        DataElement::new(self.id, serial, DataElementType::STORAGE_INDEX, objects.collect())
    }

    /// Returns the data element of a key.
    pub fn get(&self, key: &Key) -> Option<ExtendedGuid> {
        self.mappings.get(key).map(|mapping| mapping.element)
    }

    /// Maps a key to a data element.
    pub(crate) fn set(&mut self, key: Key, element: ExtendedGuid, ids: &mut Ids) {
        self.mappings.insert(key, Mapping { element, serial: ids.mapping_serial() });
    }

    /// Returns the cells with their manifests.
    pub fn cells(&self) -> impl Iterator<Item = (CellId, ExtendedGuid)> {
        self.mappings.iter().filter_map(|(key, mapping)| match key {
            Key::Cell(cell) => Some((*cell, mapping.element)),
            _ => None,
        })
    }
}
