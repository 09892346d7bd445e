//! Knowledge (MS-FSSHTTPB 2.2.1.13).

use serde::{Deserialize, Serialize};

use crate::atom::{
    BinaryItem, Blob, CompactU64, ExtendedGuid, FileChunk, Guid, SerialNumber, named_guids,
};
use fsshttpb_derive::StreamObject;

named_guids! {
    /// The kind of specialized knowledge.
    pub struct KnowledgeKind {
        /// Serial numbers that are known.
        CELL = 0x327A35F6_0761_4414_9686_51E900667A4D "Cell",
        /// The highest serial number of a cell storage.
        WATERLINE = 0x3A76E90E_8032_4D0C_B9DD_F3C65029433E "Waterline",
        /// Fragments that are known.
        FRAGMENT = 0x0ABE4F35_01DF_4134_A24A_7C79F0859844 "Fragment",
        /// Opaque tags of BLOBs.
        CONTENT_TAG = 0x10091F13_C882_40FB_9886_6533F934C21D "ContentTag",
        /// An opaque token of the version.
        VERSION_TOKEN = 0xBF12E2C1_E64F_4959_8282_73B9A24A7C44 "VersionToken",
    }
}

/// One side's knowledge of a storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x10, compound, children(SpecializedKnowledge))]
pub struct Knowledge {}

/// Knowledge of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x44,
    compound,
    children(
        CellKnowledge,
        WaterlineKnowledge,
        FragmentKnowledge,
        ContentTagKnowledge,
        VersionTokenKnowledge
    ),
    print = "{kind}"
)]
pub struct SpecializedKnowledge {
    /// The kind.
    pub kind: KnowledgeKind,
}

/// The serial numbers that are known (2.2.1.13.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x14, compound, children(CellKnowledgeRange, CellKnowledgeEntry))]
pub struct CellKnowledge {}

/// A range of serial numbers (2.2.1.13.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x0F, print = "{guid} from {from} to {to}")]
pub struct CellKnowledgeRange {
    /// The GUID of the serial numbers.
    pub guid: Guid,
    /// The first number.
    pub from: CompactU64,
    /// The last number.
    pub to: CompactU64,
}

/// A single serial number (2.2.1.13.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x17, print = "{serial}")]
pub struct CellKnowledgeEntry {
    /// The serial number.
    pub serial: SerialNumber,
}

/// The waterlines of cell storages (2.2.1.13.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x29, compound, children(WaterlineEntry))]
pub struct WaterlineKnowledge {}

/// A waterline (2.2.1.13.4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x04, print = "{storage} waterline {waterline} reserved {reserved}")]
pub struct WaterlineEntry {
    /// The cell storage.
    pub storage: ExtendedGuid,
    /// The highest serial number of the storage.
    pub waterline: CompactU64,
    /// Reserved; 0.
    pub reserved: CompactU64,
}

/// The fragments that are known (2.2.1.13.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x6B, compound, children(FragmentKnowledgeEntry))]
pub struct FragmentKnowledge {}

/// A known part of a data element (2.2.1.13.3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x6C, print = "{element} size {size} chunk {chunk}")]
pub struct FragmentKnowledgeEntry {
    /// The data element.
    pub element: ExtendedGuid,
    /// The number of bytes of the whole data element.
    pub size: CompactU64,
    /// The part that is known.
    pub chunk: FileChunk,
}

/// The content tags of BLOBs (2.2.1.13.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x2D, compound, children(ContentTagEntry))]
pub struct ContentTagKnowledge {}

/// A content tag (2.2.1.13.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x2E, print = "{blob} clock{clock}")]
pub struct ContentTagEntry {
    /// The BLOB.
    pub blob: ExtendedGuid,
    /// Opaque clock data, which are returned unchanged.
    pub clock: BinaryItem,
}

/// A version token (2.2.1.13.6).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x8C, print = "token{token}")]
pub struct VersionTokenKnowledge {
    /// The opaque token.
    #[stream_object(rest)]
    pub token: Blob,
}
