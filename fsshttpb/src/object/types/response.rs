//! Responses (MS-FSSHTTPB 2.2.3).

use serde::{Deserialize, Serialize};

use super::{
    access::{Error, ReadAccess, ThirdAccess, WriteAccess},
    data::DataElementPackage,
    knowledge::Knowledge,
    request::SubRequestType,
};
use crate::atom::{BinaryItem, CompactU64, ExtendedGuid, Guid};
use fsshttpb_derive::StreamObject;

/// A response (2.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x62,
    compound,
    children(DataElementPackage, SubResponse, Error),
    print = "status {status}"
)]
pub struct Response {
    /// Bit 0 is set if the whole request failed.
    pub status: u8,
}

/// A sub-response (2.2.3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x41,
    compound,
    children(
        Error,
        QueryChangesResponse,
        Knowledge,
        FileHash,
        PutChangesResponse,
        AllocateRangeResponse,
        ReadAccess,
        WriteAccess,
        ThirdAccess,
        DiagnosticOut
    ),
    print = "id {id} type {kind} status {status}"
)]
pub struct SubResponse {
    /// The identifier of the sub-request.
    pub id: CompactU64,
    /// The type of the sub-request.
    pub kind: SubRequestType,
    /// Bit 0 is set if the sub-request failed.
    pub status: u8,
}

/// The answer of QueryChanges (2.2.3.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x5F, print = "storage index {index} flags {flags:#04x}")]
pub struct QueryChangesResponse {
    /// The storage index.
    pub index: ExtendedGuid,
    /// Bit 0 is set if the answer is partial.
    pub flags: u8,
}

/// The answer of PutChanges (2.2.3.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x87, print = "index {index} added {added:?}")]
pub struct PutChangesResponse {
    /// The index after the upload, or null.
    pub index: ExtendedGuid,
    /// The data elements that were added.
    pub added: Vec<ExtendedGuid>,
}

/// The answer of AllocateExtendedGuidRange (2.2.3.1.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x81, print = "{guid} from {from} to {to}")]
pub struct AllocateRangeResponse {
    /// The GUID of the identifiers.
    pub guid: Guid,
    /// The first number.
    pub from: CompactU64,
    /// The number after the last.
    pub to: CompactU64,
}

/// Diagnostic output.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x89, print = "flags {flags:#04x}")]
pub struct DiagnosticOut {
    /// The flags.
    pub flags: u8,
}

/// The hash of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x8E, print = "type {kind} hash{hash}")]
pub struct FileHash {
    /// The type of the hash.
    pub kind: CompactU64,
    /// The hash.
    pub hash: BinaryItem,
}
