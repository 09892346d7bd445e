//! Requests (MS-FSSHTTPB 2.2.2).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    data::{DataElementPackage, DataElementType},
    knowledge::Knowledge,
};
use crate::{
    atom::{
        Atom, BinaryItem, Blob, CellId, CompactU64, ExtendedGuid, Guid, Reader, Utf8Item, Writer,
        flags, named_guids, named_numbers,
    },
    error::DecodeError,
};
use fsshttpb_derive::StreamObject;

named_numbers! {
    /// The type of a sub-request.
    pub struct SubRequestType(CompactU64) as "{number} {name}" {
        /// Asks for the user's rights.
        QUERY_ACCESS = 1 "QueryAccess",
        /// Asks for data elements.
        QUERY_CHANGES = 2 "QueryChanges",
        /// Has a name but no known layout.
        QUERY_KNOWLEDGE = 3 "QueryKnowledge",
        /// Uploads data elements.
        PUT_CHANGES = 5 "PutChanges",
        /// Has a name but no known layout.
        QUERY_RAW_STORAGE = 6 "QueryRawStorage",
        /// Has a name but no known layout.
        PUT_RAW_STORAGE = 7 "PutRawStorage",
        /// Has a name but no known layout.
        QUERY_DIAGNOSTIC_STORE_INFO = 8 "QueryDiagnosticStoreInfo",
        /// Asks for identifiers.
        ALLOCATE_EXTENDED_GUID_RANGE = 11 "AllocateExtendedGuidRange",
    }
}

named_guids! {
    /// A partition of a document (2.2.2.1.1).
    pub struct Partition {
        /// The bytes of the file.
        CONTENTS = 0 "contents",
        /// The metadata of the file.
        METADATA = 0x383ADC0B_E66E_4438_95E6_E39EF9720122 "metadata",
        /// The users who edit the file.
        EDITORS_TABLE = 0x7808F4DD_2385_49D6_B7CE_37ACA5E43602 "editors table",
        /// A partition that Word Online uses.
        WORD_ONLINE = 0xBBD4E3C0_21B4_463D_9279_9C5A9406AA8F "not in the specification",
    }
}

/// A request (2.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x40,
    compound,
    children(UserAgent, HashingOptions, CellRoundtripOptions, SubRequest, DataElementPackage)
)]
pub struct Request {}

/// The program that sends a request (2.2.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x5D,
    compound,
    children(UserAgentGuid, UserAgentClientAndPlatform, UserAgentVersion)
)]
pub struct UserAgent {}

/// The GUID of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x55, print = "{guid}")]
pub struct UserAgentGuid {
    /// The GUID.
    pub guid: Guid,
}

/// The name and the platform of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x8B, print = "client {client} platform {platform}")]
pub struct UserAgentClientAndPlatform {
    /// The name, such as `msword`.
    pub client: Utf8Item,
    /// The platform, such as `wac` or `win`.
    pub platform: Utf8Item,
}

/// The version of the program: a packed build number.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x4F, print = "{version:#010x}")]
pub struct UserAgentVersion {
    /// The version.
    pub version: u32,
}

impl UserAgentVersion {
    /// The major version that the number 0 in the low four bits means.
    const FIRST_MAJOR: u32 = 10;

    /// Returns the major version, the build and the revision, such as (15, 4481, 1000) for
    /// 15.0.4481.1000.
    pub fn parts(&self) -> (u32, u32, u32) {
        let Self { version } = *self;
        (Self::FIRST_MAJOR + (version & 0xF), (version >> 4) & 0x3FFF, version >> 18)
    }
}

/// The hashes that the client understands.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x88, print = "schema {schema} flags {flags:#04x}")]
pub struct HashingOptions {
    /// The hashing schema.
    pub schema: CompactU64,
    /// Flags.
    pub flags: u8,
}

/// Options for the round trip of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x8D, print = "flags {flags:#04x}")]
pub struct CellRoundtripOptions {
    /// Flags.
    pub flags: u8,
}

/// A sub-request (2.2.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x42,
    compound,
    children(
        TargetPartition,
        QueryChanges,
        QueryChangesArguments,
        QueryChangesVersioning,
        DataConstraint,
        Filter,
        Knowledge,
        PutChanges,
        PutChangesLockId,
        AdditionalFlags,
        AllocateRange,
        DiagnosticIn
    ),
    print = "id {id} type {kind} priority {priority}"
)]
pub struct SubRequest {
    /// The identifier, which the sub-response repeats.
    pub id: CompactU64,
    /// The type.
    pub kind: SubRequestType,
    /// The priority.
    pub priority: CompactU64,
}

/// The target partition of a sub-request (2.2.2.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x83, print = "{partition}")]
pub struct TargetPartition {
    /// The partition.
    pub partition: Partition,
}

flags! {
    /// The flags of QueryChanges (2.2.2.1.3).
    pub struct QueryChangesBits(u16) {
        /// Reserved.
        RESERVED = 0 "reserved",
        /// The answer may contain fragments.
        ALLOW_FRAGMENTS = 1 "AllowFragments",
        /// The answer leaves out the data of objects.
        EXCLUDE_OBJECT_DATA = 2 "ExcludeObjectData",
        /// The knowledge in the answer covers the elements that the filters exclude.
        INCLUDE_FILTERED_OUT = 3 "IncludeFilteredOutInKnowledge",
        /// The answer may contain fragments.
        ALLOW_FRAGMENTS_2 = 4 "AllowFragments2",
        /// The knowledge in the answer is rounded up to whole changes of cells.
        ROUND_KNOWLEDGE_UP = 5 "RoundKnowledgeUp",
        /// The answer contains the hash of the file.
        RETURN_FILE_HASH = 6 "ReturnFileHash",
        /// The client asks only whether changes exist.
        CHECK_FOR_EXISTENCE = 7 "CheckForExistence",
        /// An equivalent version is acceptable.
        EQUIVALENT_VERSION = 8 "EquivalentVersion",
    }
}

/// The flags of QueryChanges: one byte, or two from Office 16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryChangesFlags {
    /// The flags.
    pub bits: QueryChangesBits,
    /// Two bytes instead of one.
    pub wide: bool,
}

impl Atom for QueryChangesFlags {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let wide = reader.left() > 1;
        let bits = if wide { Atom::read(reader)? } else { u16::from(u8::read(reader)?) };
        Ok(Self { bits: QueryChangesBits(bits), wide })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let bytes = self.bits.0.to_le_bytes();
        writer.put(if self.wide { &bytes } else { &bytes[..1] });
    }
}

impl fmt::Display for QueryChangesFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bits.fmt(f)
    }
}

/// A request for data elements (2.2.2.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x51, print = "flags {flags}")]
pub struct QueryChanges {
    /// The flags.
    pub flags: QueryChangesFlags,
}

flags! {
    /// The kinds of changes that are asked for.
    pub struct QueryChangesContent(u8) {
        /// The storage manifest.
        STORAGE_MANIFEST = 0 "IncludeStorageManifest",
        /// The changes of cells.
        CELL_CHANGES = 1 "IncludeCellChanges",
    }
}

/// The arguments of QueryChanges.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x5B, print = "{content} cell {cell}")]
pub struct QueryChangesArguments {
    /// The kinds of changes that are asked for.
    pub content: QueryChangesContent,
    /// The cell, or null for all cells.
    pub cell: CellId,
}

/// The version that the client has.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x30, print = "version {major}.{minor} token{token}")]
pub struct QueryChangesVersioning {
    /// The major number.
    pub major: u32,
    /// The minor number.
    pub minor: u32,
    /// The token.
    #[stream_object(rest)]
    pub token: Blob,
}

/// The largest answer (2.2.2.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x59, print = "maximum {maximum} bytes")]
pub struct DataConstraint {
    /// The number of bytes.
    pub maximum: CompactU64,
}

named_numbers! {
    /// The type of a filter.
    pub struct FilterType(u8) as "{name} ({number})" {
        /// Everything.
        ALL = 1 "All",
        /// Data elements of one type.
        DATA_ELEMENT_TYPE = 2 "DataElementType",
        /// Data elements that the storage index refers to.
        STORAGE_INDEX_REFERENCED = 3 "StorageIndexReferenced",
        /// Data elements of one cell.
        CELL_ID = 4 "CellId",
        /// A filter of a schema.
        CUSTOM = 5 "Custom",
        /// Data elements by their identifiers.
        DATA_ELEMENT_IDS = 6 "DataElementIds",
        /// Data elements below a key of the storage index.
        HIERARCHY = 7 "Hierarchy",
    }
}

named_numbers! {
    /// The effect of a filter: it excludes or includes data elements.
    pub struct FilterOperation(u8) as "{name} ({number})" {
        /// Excludes them.
        EXCLUDE = 0 "exclude",
        /// Includes them.
        INCLUDE = 1 "include",
    }
}

/// A filter (2.2.2.1.3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x47,
    compound,
    children(
        FilterDataElementType,
        FilterCellId,
        FilterCustom,
        FilterDataElementIds,
        FilterHierarchy,
        FilterFlags
    ),
    print = "{kind} {operation}"
)]
pub struct Filter {
    /// The type.
    pub kind: FilterType,
    /// The operation.
    pub operation: FilterOperation,
}

/// The data element type of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x57, print = "{kind}")]
pub struct FilterDataElementType {
    /// The type.
    pub kind: DataElementType,
}

/// The cell of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x5C, print = "{cell}")]
pub struct FilterCellId {
    /// The cell.
    pub cell: CellId,
}

/// The schema of a custom filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x50, print = "schema {schema} data{data}")]
pub struct FilterCustom {
    /// The schema.
    pub schema: Guid,
    /// The data of the filter.
    #[stream_object(rest)]
    pub data: Blob,
}

/// The data elements of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x54, print = "{ids:?}")]
pub struct FilterDataElementIds {
    /// The identifiers.
    pub ids: Vec<ExtendedGuid>,
}

named_numbers! {
    /// The depth of a hierarchy filter.
    pub struct HierarchyDepth(u8) as "{number} ({name})" {
        /// Only the entry of the index.
        INDEX_ONLY = 0 "index only",
        /// The data elements that the entry refers to.
        FIRST_DATA_ELEMENTS = 1 "first data elements",
        /// One level of data elements below the entry.
        SINGLE_LEVEL = 2 "single level",
        /// All data elements below the entry.
        DEEP = 3 "deep",
    }
}

/// The key of a hierarchy filter: raw pairs of a GUID and a 32-bit number. One pair is an extended
/// GUID, two are a cell identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HierarchyKey(pub BinaryItem);

/// The number of bytes of a GUID and a 32-bit number.
const PAIR_BYTES: usize = 20;

impl HierarchyKey {
    /// Creates a key.
    pub fn new(ids: &[ExtendedGuid]) -> Self {
        let pairs = ids.iter().flat_map(|id| [&id.guid.0[..], &id.value.to_le_bytes()].concat());
        Self(pairs.collect::<Vec<_>>().into())
    }

    /// Returns the identifiers, or `None` if the key is not a sequence of whole pairs.
    pub fn ids(&self) -> Option<Vec<ExtendedGuid>> {
        let pairs = self.0.chunks(PAIR_BYTES).map(|pair| {
            let (guid, value) = pair.split_first_chunk::<16>()?;
            Some(ExtendedGuid::new(Guid(*guid), u32::from_le_bytes(value.try_into().ok()?)))
        });
        pairs.collect()
    }
}

impl Atom for HierarchyKey {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Atom::read(reader).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        self.0.write(writer);
    }
}

impl fmt::Display for HierarchyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes: ", self.0.len())?;
        match self.ids() {
            Some(ids) => {
                let ids: Vec<_> = ids.iter().map(ExtendedGuid::to_string).collect();
                f.write_str(&ids.join(" | "))
            }
            None => self.0.fmt(f),
        }
    }
}

/// The key and the depth of a hierarchy filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x60, print = "depth {depth} key {key}")]
pub struct FilterHierarchy {
    /// The depth.
    pub depth: HierarchyDepth,
    /// The key.
    pub key: HierarchyKey,
}

/// The flags of a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x68, print = "flags {flags:#04x}")]
pub struct FilterFlags {
    /// The flags.
    pub flags: u8,
}

flags! {
    /// The flags of PutChanges (2.2.2.1.4).
    pub struct PutChangesFlags(u8) {
        /// A null expected index means that the client expects no index.
        NULL_EXPECTED_MEANS_NONE = 0 "NullExpectedMeansNone",
        /// The upload has several parts.
        PARTIAL = 1 "Partial",
        /// This is the last part.
        LAST_PART = 2 "LastPart",
        /// A coherency failure is the preferred error.
        FAVOR_COHERENCY_FAILURE = 3 "FavorCoherencyFailure",
        /// A failure aborts the sub-requests that follow.
        ABORT_REMAINING = 4 "AbortRemaining",
        /// More requests follow.
        MULTI_REQUEST = 5 "MultiRequest",
        /// The answer contains the complete knowledge.
        RETURN_COMPLETE_KNOWLEDGE = 6 "ReturnCompleteKnowledge",
        /// The upload wins over concurrent changes.
        LAST_WRITER_WINS = 7 "LastWriterWins",
    }
}

/// An upload (2.2.2.1.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x5A, print = "index {index} expected {expected} flags {flags} more{more}")]
pub struct PutChanges {
    /// The storage index in the package.
    pub index: ExtendedGuid,
    /// The storage index that the client believes to be current.
    pub expected: ExtendedGuid,
    /// The flags.
    pub flags: PutChangesFlags,
    /// Values of newer Office versions: version check, authors, a reserved byte.
    #[stream_object(rest)]
    pub more: Blob,
}

/// The lock that allows an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x85, print = "{lock}")]
pub struct PutChangesLockId {
    /// The identifier of the lock.
    pub lock: Guid,
}

flags! {
    /// The additional flags of PutChanges (2.2.2.1.4.1).
    pub struct AdditionalBits(u16) {
        /// The answer contains the identifier of the new index.
        RETURN_APPLIED_INDEX = 0 "ReturnAppliedIndex",
        /// The answer lists the data elements that were added.
        RETURN_ADDED_ELEMENTS = 1 "ReturnAddedElements",
        /// An identifier that is in use for another data element is an error.
        CHECK_ID_REUSE = 2 "CheckIdReuse",
        /// Coherency is checked only against elements that were applied.
        COHERENCY_AGAINST_APPLIED = 3 "CoherencyAgainstAppliedOnly",
        /// The upload replaces the whole file.
        FULL_FILE_REPLACE = 4 "FullFileReplace",
        /// Each uploaded data element is reachable from the index.
        REQUIRE_ROOTED = 5 "RequireRooted",
    }
}

/// The additional flags of PutChanges.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x86, print = "flags {flags}")]
pub struct AdditionalFlags {
    /// The flags.
    pub flags: AdditionalBits,
}

/// A request for identifiers (2.2.2.1.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x80, print = "count {count} reserved {reserved}")]
pub struct AllocateRange {
    /// The number of identifiers.
    pub count: CompactU64,
    /// Reserved; 0.
    pub reserved: u8,
}

/// A request for diagnostic output.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x8A, print = "flags {flags:#04x}")]
pub struct DiagnosticIn {
    /// The flags.
    pub flags: u8,
}
