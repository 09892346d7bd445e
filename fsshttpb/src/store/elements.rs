//! Data elements and typed views of their content.

use std::collections::HashMap;

use crate::{
    atom::{BinaryItem, Blob, CellId, CompactU64, ExtendedGuid, Guid, SerialNumber},
    object::{
        Body, Element, Holds, StreamObject as _,
        types::{self, DataElementType},
    },
    store::error::StoreError,
};

/// A data element. Its content never changes; its serial number belongs to the storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataElement {
    /// The identifier.
    pub id: ExtendedGuid,
    /// The serial number.
    pub serial: SerialNumber,
    /// The type.
    pub kind: DataElementType,
    /// The objects inside.
    pub content: Vec<Element>,
    /// The number of bytes in a message.
    len: usize,
}

impl DataElement {
    /// Creates a data element.
    pub fn new(
        id: ExtendedGuid,
        serial: SerialNumber,
        kind: DataElementType,
        content: Vec<Element>,
    ) -> Self {
        let mut element = Self { id, serial, kind, content, len: 0 };
        element.len = element.header().encoded_len()
            + element.content.iter().map(Element::encoded_len).sum::<usize>();
        element
    }

    /// Reads a `DataElement` object.
    pub fn from_element(element: &Element) -> Option<Self> {
        let types::DataElement { id, serial, kind } = *element.get()?;
        Some(Self::new(id, serial, kind, element.children.clone()))
    }

    fn header(&self) -> Element {
        let Self { id, serial, kind, .. } = *self;
        Element::new(types::DataElement { id, serial, kind })
    }

    /// Returns the `DataElement` object.
    pub fn to_element(&self) -> Element {
        let mut element = self.header();
        element.children.clone_from(&self.content);
        element
    }

    /// Returns the number of bytes in a message.
    pub fn encoded_len(&self) -> usize {
        self.len
    }

    fn first<T: 'static>(&self) -> Option<&T>
    where
        Body: Holds<T>,
    {
        self.content.iter().find_map(Element::get)
    }

    fn all<T: 'static>(&self) -> impl Iterator<Item = &T>
    where
        Body: Holds<T>,
    {
        self.content.iter().filter_map(Element::get)
    }

    fn check(&self, kind: DataElementType, expected: &'static str) -> Result<(), StoreError> {
        let error = StoreError::ElementType { id: self.id, expected };
        if self.kind == kind { Ok(()) } else { Err(error) }
    }

    /// Returns the schema and the roots of a storage manifest.
    pub(crate) fn storage_manifest(
        &self,
    ) -> Result<(Guid, Vec<(ExtendedGuid, CellId)>), StoreError> {
        self.check(DataElementType::STORAGE_MANIFEST, "StorageManifest")?;
        let schema = self.first().map(|schema: &types::StorageManifestSchema| schema.schema);
        let roots = self.all().map(|root: &types::StorageManifestRoot| (root.root, root.cell));
        Ok((schema.unwrap_or_default(), roots.collect()))
    }

    /// Returns the current revision of a cell manifest.
    pub(crate) fn current_revision(&self) -> Result<ExtendedGuid, StoreError> {
        self.check(DataElementType::CELL_MANIFEST, "CellManifest")?;
        let current =
            self.first().map(|current: &types::CellManifestCurrentRevision| current.revision);
        Ok(current.unwrap_or_default())
    }

    /// Returns the base, the roots and the groups of a revision manifest.
    pub(crate) fn revision(&self) -> Result<Revision, StoreError> {
        self.check(DataElementType::REVISION_MANIFEST, "RevisionManifest")?;
        let manifest = self.first().map(|manifest: &types::RevisionManifest| manifest.base);
        let roots = self.all().map(|root: &types::RevisionManifestRoot| (root.root, root.object));
        let groups = self.all().map(|group: &types::RevisionManifestGroup| group.group);
        Ok(Revision {
            base: manifest.unwrap_or_default(),
            roots: roots.collect(),
            groups: groups.collect(),
        })
    }

    /// Returns the objects of an object group.
    pub(crate) fn object_group(&self) -> Result<ObjectGroup, StoreError> {
        self.check(DataElementType::OBJECT_GROUP, "ObjectGroup")?;
        ObjectGroup::read(self)
    }

    /// Returns the bytes of an object data BLOB.
    pub(crate) fn blob(&self) -> Result<Blob, StoreError> {
        self.check(DataElementType::OBJECT_DATA_BLOB, "ObjectDataBlob")?;
        Ok(self.first().map(|blob: &types::ObjectDataBlob| blob.data.clone()).unwrap_or_default())
    }
}

/// The content of a revision manifest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revision {
    pub(crate) base: ExtendedGuid,
    pub(crate) roots: Vec<(ExtendedGuid, ExtendedGuid)>,
    pub(crate) groups: Vec<ExtendedGuid>,
}

/// The objects of an object group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectGroup {
    /// The objects with their identifiers, in order.
    pub objects: Vec<(ExtendedGuid, StoredObject)>,
}

/// An object of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// The objects that it refers to, in order.
    pub references: Vec<ExtendedGuid>,
    /// The data.
    pub data: StoredData,
}

/// The data of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredData {
    /// The data are in the group.
    Inline(BinaryItem),
    /// The data are in a BLOB.
    Blob(ExtendedGuid),
    /// The data were left out of the message.
    Excluded(u64),
}

impl ObjectGroup {
    fn read(element: &DataElement) -> Result<Self, StoreError> {
        let part = |number: u16| {
            let found = element.content.iter().find(|part| part.info().number == number);
            found.map_or(&[][..], |part| &part.children)
        };
        let declared = part(types::ObjectGroupDeclarations::NUMBER).iter().filter_map(|child| {
            let plain = child.get().map(|object: &types::ObjectDeclaration| object.object);
            plain.or_else(|| child.get().map(|object: &types::ObjectBlobDeclaration| object.object))
        });
        let data = part(types::ObjectGroupData::NUMBER).iter().filter_map(|child| {
            if let Some(object) = child.get::<types::ObjectData>() {
                let data = StoredData::Inline(object.data.clone());
                return Some(StoredObject { references: object.references.clone(), data });
            }
            if let Some(object) = child.get::<types::ObjectDataBlobReference>() {
                let data = StoredData::Blob(object.blob);
                return Some(StoredObject { references: object.references.clone(), data });
            }
            let object = child.get::<types::ObjectDataExcluded>()?;
            let data = StoredData::Excluded(object.size.0);
            Some(StoredObject { references: object.references.clone(), data })
        });
        let (declared, data): (Vec<_>, Vec<_>) = (declared.collect(), data.collect());
        if declared.len() != data.len() {
            return Err(StoreError::ElementType {
                id: element.id,
                expected: "ObjectGroup with as many data as declarations",
            });
        }
        Ok(Self { objects: declared.into_iter().zip(data).collect() })
    }

    /// Returns the objects of a data element.
    pub fn to_content(&self) -> Vec<Element> {
        let declarations = self.objects.iter().map(|(object, stored)| {
            let (object, references) = (*object, CompactU64(stored.references.len() as u64));
            let (partition, cells) = (CompactU64(1), CompactU64(0));
            match &stored.data {
                StoredData::Blob(blob) => {
                    let blob = *blob;
                    let declaration =
                        types::ObjectBlobDeclaration { object, blob, partition, references, cells };
                    Element::new(declaration)
                }
                StoredData::Inline(data) => {
                    let size = CompactU64(data.len() as u64);
                    let declaration =
                        types::ObjectDeclaration { object, partition, size, references, cells };
                    Element::new(declaration)
                }
                StoredData::Excluded(size) => {
                    let size = CompactU64(*size);
                    let declaration =
                        types::ObjectDeclaration { object, partition, size, references, cells };
                    Element::new(declaration)
                }
            }
        });
        let data = self.objects.iter().map(|(_, stored)| {
            let (references, cells) = (stored.references.clone(), vec![]);
            match &stored.data {
                StoredData::Inline(data) => {
                    Element::new(types::ObjectData { references, cells, data: data.clone() })
                }
                StoredData::Blob(blob) => {
                    Element::new(types::ObjectDataBlobReference { references, cells, blob: *blob })
                }
                StoredData::Excluded(size) => {
                    let size = CompactU64(*size);
                    Element::new(types::ObjectDataExcluded { references, cells, size })
                }
            }
        });
        vec![
            Element::with(types::ObjectGroupDeclarations {}, declarations.collect()),
            Element::with(types::ObjectGroupData {}, data.collect()),
        ]
    }
}

/// The objects of a revision and of its bases.
pub(crate) type Objects = HashMap<ExtendedGuid, StoredObject>;
