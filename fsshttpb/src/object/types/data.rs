//! Data elements and their content (MS-FSSHTTPB 2.2.1.12).

use serde::{Deserialize, Serialize};

use crate::atom::{
    BinaryItem, Blob, CellId, CompactU64, ExtendedGuid, FileChunk, Guid, SerialNumber,
    named_numbers,
};
use fsshttpb_derive::StreamObject;

named_numbers! {
    /// The type of a data element.
    pub struct DataElementType(CompactU64) as "{number} {name}" {
        /// The storage index.
        STORAGE_INDEX = 1 "StorageIndex",
        /// A storage manifest.
        STORAGE_MANIFEST = 2 "StorageManifest",
        /// A cell manifest.
        CELL_MANIFEST = 3 "CellManifest",
        /// A revision manifest.
        REVISION_MANIFEST = 4 "RevisionManifest",
        /// An object group.
        OBJECT_GROUP = 5 "ObjectGroup",
        /// A fragment of another data element.
        FRAGMENT = 6 "Fragment",
        /// The bytes of an object.
        OBJECT_DATA_BLOB = 10 "ObjectDataBlob",
    }
}

/// The package of data elements in a message (2.2.1.12).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x15, compound, children(DataElement), print = "reserved {reserved}")]
pub struct DataElementPackage {
    /// Reserved; 0.
    pub reserved: u8,
}

/// A data element (2.2.1.12.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x01,
    compound,
    children(
        IndexManifestMapping,
        IndexCellMapping,
        IndexRevisionMapping,
        StorageManifestSchema,
        StorageManifestRoot,
        CellManifestCurrentRevision,
        RevisionManifest,
        RevisionManifestRoot,
        RevisionManifestGroup,
        ObjectGroupDeclarations,
        ObjectGroupMetadataDeclarations,
        ObjectGroupData,
        DataElementHash,
        Fragment,
        ObjectDataBlob
    ),
    print = "{id} serial {serial} type {kind}"
)]
pub struct DataElement {
    /// The identifier.
    pub id: ExtendedGuid,
    /// The serial number, which knowledge refers to.
    pub serial: SerialNumber,
    /// The type.
    pub kind: DataElementType,
}

/// The hash of a data element.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x06, print = "scheme {scheme} hash{hash}")]
pub struct DataElementHash {
    /// The scheme.
    pub scheme: CompactU64,
    /// The hash.
    pub hash: BinaryItem,
}

/// The mapping of the storage manifest in an index (2.2.1.12.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x11, print = "-> {mapping} serial {serial}")]
pub struct IndexManifestMapping {
    /// The data element of the manifest.
    pub mapping: ExtendedGuid,
    /// The serial number of the mapping.
    pub serial: SerialNumber,
}

/// The mapping of a cell in an index (2.2.1.12.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x0E, print = "{cell} -> {mapping} serial {serial}")]
pub struct IndexCellMapping {
    /// The cell.
    pub cell: CellId,
    /// The data element of the cell manifest.
    pub mapping: ExtendedGuid,
    /// The serial number of the mapping.
    pub serial: SerialNumber,
}

/// The mapping of a revision in an index (2.2.1.12.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x0D, print = "{revision} -> {mapping} serial {serial}")]
pub struct IndexRevisionMapping {
    /// The revision.
    pub revision: ExtendedGuid,
    /// The data element of the revision manifest.
    pub mapping: ExtendedGuid,
    /// The serial number of the mapping.
    pub serial: SerialNumber,
}

/// The schema of a storage manifest (2.2.1.12.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x0C, print = "{schema}")]
pub struct StorageManifestSchema {
    /// The schema.
    pub schema: Guid,
}

/// A root of a storage manifest (2.2.1.12.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x07, print = "{root} -> {cell}")]
pub struct StorageManifestRoot {
    /// The root.
    pub root: ExtendedGuid,
    /// Its cell.
    pub cell: CellId,
}

/// The current revision of a cell (2.2.1.12.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x0B, print = "{revision}")]
pub struct CellManifestCurrentRevision {
    /// The revision.
    pub revision: ExtendedGuid,
}

/// A revision and its base (2.2.1.12.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x1A, print = "{revision} base {base}")]
pub struct RevisionManifest {
    /// The revision.
    pub revision: ExtendedGuid,
    /// The revision whose objects this one inherits.
    pub base: ExtendedGuid,
}

/// A root of a revision (2.2.1.12.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x0A, print = "{root} -> {object}")]
pub struct RevisionManifestRoot {
    /// The root.
    pub root: ExtendedGuid,
    /// Its object.
    pub object: ExtendedGuid,
}

/// An object group of a revision (2.2.1.12.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x19, print = "{group}")]
pub struct RevisionManifestGroup {
    /// The data element of the group.
    pub group: ExtendedGuid,
}

/// The declarations of an object group (2.2.1.12.6).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x1D, compound, children(ObjectDeclaration, ObjectBlobDeclaration))]
pub struct ObjectGroupDeclarations {}

/// The declaration of an object (2.2.1.12.6.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x18,
    print = "{object} partition {partition} size {size} references {references} cells {cells}"
)]
pub struct ObjectDeclaration {
    /// The object.
    pub object: ExtendedGuid,
    /// The object's partition.
    pub partition: CompactU64,
    /// The number of bytes of the object's data.
    pub size: CompactU64,
    /// The number of objects that it refers to.
    pub references: CompactU64,
    /// The number of cells that it refers to.
    pub cells: CompactU64,
}

/// The declaration of an object whose data are a BLOB (2.2.1.12.6.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x05,
    print = "{object} blob {blob} partition {partition} references {references} cells {cells}"
)]
pub struct ObjectBlobDeclaration {
    /// The object.
    pub object: ExtendedGuid,
    /// The data element of the BLOB.
    pub blob: ExtendedGuid,
    /// The object's partition.
    pub partition: CompactU64,
    /// The number of objects that it refers to.
    pub references: CompactU64,
    /// The number of cells that it refers to.
    pub cells: CompactU64,
}

/// The metadata declarations of an object group (2.2.1.12.6.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x79, compound, children(ObjectMetadata))]
pub struct ObjectGroupMetadataDeclarations {}

/// The metadata of an object (2.2.1.12.6.3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x78, print = "change frequency {frequency}")]
pub struct ObjectMetadata {
    /// The change frequency. Any number occurs, although the specification lists 0 to 4.
    pub frequency: CompactU64,
}

/// The data of an object group (2.2.1.12.6).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x1E, compound, children(ObjectData, ObjectDataExcluded, ObjectDataBlobReference))]
pub struct ObjectGroupData {}

/// The data of an object (2.2.1.12.6.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x16, print = "references {references:?} cells {cells:?} data{data}")]
pub struct ObjectData {
    /// The objects that it refers to, in order.
    pub references: Vec<ExtendedGuid>,
    /// The cells that it refers to.
    pub cells: Vec<CellId>,
    /// The data.
    pub data: BinaryItem,
}

/// An object whose data are left out of the message (2.2.1.12.6.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x03, print = "references {references:?} cells {cells:?} size {size}")]
pub struct ObjectDataExcluded {
    /// The objects that it refers to, in order.
    pub references: Vec<ExtendedGuid>,
    /// The cells that it refers to.
    pub cells: Vec<CellId>,
    /// The number of bytes of the data.
    pub size: CompactU64,
}

/// An object whose data are a BLOB (2.2.1.12.6.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x1C, print = "references {references:?} cells {cells:?} blob {blob}")]
pub struct ObjectDataBlobReference {
    /// The objects that it refers to, in order.
    pub references: Vec<ExtendedGuid>,
    /// The cells that it refers to.
    pub cells: Vec<CellId>,
    /// The data element of the BLOB.
    pub blob: ExtendedGuid,
}

/// A fragment of a data element (2.2.1.12.7).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x6A, print = "of {element} size {size} chunk {chunk} data{data}")]
pub struct Fragment {
    /// The data element.
    pub element: ExtendedGuid,
    /// The number of bytes of the whole data element.
    pub size: CompactU64,
    /// The place of these bytes.
    pub chunk: FileChunk,
    /// The bytes.
    #[stream_object(rest)]
    pub data: Blob,
}

/// The bytes of an object data BLOB (2.2.1.12.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x02, print = "data{data}")]
pub struct ObjectDataBlob {
    /// The bytes.
    #[stream_object(rest)]
    pub data: Blob,
}

/// The package inside a OneNote file (MS-ONESTORE 2.8.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x7A,
    compound,
    children(DataElementPackage),
    print = "storage index {index} schema {schema}"
)]
pub struct OneNotePackage {
    /// The storage index.
    pub index: ExtendedGuid,
    /// The schema of the cells.
    pub schema: Guid,
}
