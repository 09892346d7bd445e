//! Errors and the answers of QueryAccess (MS-FSSHTTPB 2.2.3.1.1, 2.2.3.2).

use serde::{Deserialize, Serialize};

use crate::atom::{StringItem, named_guids};
use fsshttpb_derive::StreamObject;

named_guids! {
    /// The kind of an error.
    pub struct ErrorKind {
        /// An error of the cell storage.
        CELL = 0x5A66A756_87CE_4290_A38B_C61C5BA05A67 "Cell",
        /// An error of the protocol.
        PROTOCOL = 0x7AFEAEBF_033D_4828_9C31_3977AFE58249 "Protocol",
        /// A Win32 error.
        WIN32 = 0x32C39011_6E39_46C4_AB78_DB41929D679E "Win32",
        /// An HRESULT.
        HRESULT = 0x8454C8F2_E401_405A_A198_A10B6991B56E "Hresult",
    }
}

/// An error. Its cause is an error inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(
    0x4D,
    compound,
    children(ErrorCell, ErrorProtocol, ErrorWin32, ErrorHresult, ErrorText, Error),
    print = "{kind}"
)]
pub struct Error {
    /// The kind.
    pub kind: ErrorKind,
}

/// The code of a Win32 error.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x49, print = "code {code} ({code:#x})")]
pub struct ErrorWin32 {
    /// The code.
    pub code: u32,
}

/// The code of a protocol error.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x4B, print = "code {code} ({code:#x})")]
pub struct ErrorProtocol {
    /// The code.
    pub code: u32,
}

/// An HRESULT.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x52, print = "code {code} ({code:#x})")]
pub struct ErrorHresult {
    /// The code.
    pub code: u32,
}

/// The code of a cell error.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x66, print = "code {code} ({code:#x})")]
pub struct ErrorCell {
    /// The code.
    pub code: u32,
}

/// A text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x4E, print = "{text}")]
pub struct ErrorText {
    /// The text.
    pub text: StringItem,
}

/// The right to read, as an HRESULT: 0 grants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x43, compound, children(Error))]
pub struct ReadAccess {}

/// The right to write, as an HRESULT: 0 grants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0x46, compound, children(Error))]
pub struct WriteAccess {}

/// A third access answer of SharePoint with protocol 13. It is not documented.
#[derive(Clone, Debug, Default, PartialEq, Eq, StreamObject, Serialize, Deserialize)]
#[stream_object(0xA4, compound, children(Error))]
pub struct ThirdAccess {}
