//! Errors inside messages (MS-FSSHTTPB 2.2.3.2).

use std::{error::Error, fmt};

use crate::{
    atom::StringItem,
    object::{
        Element,
        types::{self, ErrorKind},
    },
};

macro_rules! cell_codes {
    ($($constant:ident = $code:literal $text:literal,)*) => {
        /// The code of a cell error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct CellCode(pub u32);

        impl CellCode {
            $(#[doc = concat!("Cell error ", $code, ": ", $text, ".")]
            pub const $constant: Self = Self($code);)*

            /// Returns the meaning of the code, if it is known.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

cell_codes! {
    UNKNOWN = 1 "unknown error",
    INVALID_OBJECT = 2 "invalid object",
    INVALID_PARTITION = 3 "invalid partition",
    NOT_SUPPORTED = 4 "not supported",
    READ_ONLY = 5 "read only",
    REVISION_NOT_FOUND = 6 "revision not found",
    BAD_TOKEN = 7 "bad token",
    NOT_FINISHED = 8 "not finished",
    INCOMPATIBLE_TOKEN = 9 "incompatible token",
    SCOPED_STORAGE = 11 "scoped storage",
    COHERENCY = 12 "coherency failure",
    STORAGE_STATE = 13 "storage state",
    PROTOCOL_VERSION = 15 "protocol version",
    REFERENCED_NOT_FOUND = 16 "referenced data element not found",
    REQUEST_SCHEMA = 18 "schema of the request",
    RESPONSE_SCHEMA = 19 "schema of the response",
    UNKNOWN_REQUEST = 20 "unknown request",
    STORAGE = 21 "storage",
    WRITE_ONLY = 22 "write only",
    SERIALIZATION = 23 "serialization",
    ELEMENT_NOT_FOUND = 24 "data element not found",
    IMPLEMENTATION = 25 "implementation",
    OLD_STORAGE = 26 "old storage",
    NEW_STORAGE = 27 "new storage",
    ID_CONTEXT = 28 "context of an identifier",
    DUPLICATE_OBJECTS = 29 "duplicate objects",
    OBJECT_NOT_IN_REVISION = 31 "object not in the revision",
    MERGE_CONFLICT = 32 "merge conflict",
    UNKNOWN_FILTER = 33 "unknown filter",
    UNSUPPORTED_FILTER = 34 "unsupported filter",
    NO_KNOWLEDGE = 35 "no knowledge",
    MISSING_ID = 36 "missing identifier",
    MISSING_SERIAL = 37 "missing serial number",
    ARGUMENT = 38 "invalid argument",
    PARTIAL_NOT_SUPPORTED = 39 "partial uploads not supported",
    BUSY = 40 "busy",
    GUID_TABLE = 41 "GUID table",
    CYCLE = 42 "cycle of references",
    FRAGMENT_KNOWLEDGE = 43 "fragment knowledge",
    FRAGMENT_SIZE = 44 "size of a fragment",
    FRAGMENT_INCOMPLETE = 45 "incomplete fragments",
    FRAGMENT_INVALID = 46 "invalid fragment",
    ABORTED = 47 "aborted after a failed upload",
    NOTHING_TO_UPGRADE = 79 "nothing to upgrade",
    NO_MORE_IDS = 106 "no more identifiers",
    SITE_READ_ONLY = 108 "read-only site",
    QUOTA = 111 "quota",
    ID_COLLISION = 112 "identifier in use",
    UPGRADE_PERMISSION = 113 "upgrade not permitted",
    UPGRADE_THROTTLED = 114 "upgrade throttled",
    UPGRADE_TOO_LARGE = 115 "too large to upgrade",
}

/// Returns the meaning of a protocol error, if it is known.
fn protocol_name(code: u32) -> Option<&'static str> {
    Some(match code {
        1 => "unknown error",
        50 => "incomplete",
        61 => "internal",
        108 | 145 => "invalid",
        142 => "invalid stream object",
        143 => "unexpected stream object",
        144 => "wrong nesting",
        _ => return None,
    })
}

/// The code of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// An error of the cell storage.
    Cell(CellCode),
    /// An error of the protocol.
    Protocol(u32),
    /// A Win32 error.
    Win32(u32),
    /// An HRESULT.
    Hresult(u32),
    /// An error of an unknown kind, or without a code.
    Other(ErrorKind),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(code) => {
                write!(f, "cell error {} ({})", code.0, code.name().unwrap_or("undocumented"))
            }
            Self::Protocol(code) => match protocol_name(*code) {
                Some(name) => write!(f, "protocol error {code} ({name})"),
                None => write!(f, "protocol error {code}"),
            },
            Self::Win32(code) => write!(f, "Win32 error {code:#010x}"),
            Self::Hresult(code) => write!(f, "HRESULT {code:#010x}"),
            Self::Other(kind) => write!(f, "error of the kind {kind}"),
        }
    }
}

/// An error with which one side answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code.
    pub code: Code,
    /// A text for people.
    pub text: Option<String>,
    /// The error that caused this one.
    pub cause: Option<Box<Self>>,
}

impl Failure {
    /// Creates a cell error with a text that names the reason.
    pub fn cell(code: CellCode, text: impl Into<String>) -> Self {
        Self { code: Code::Cell(code), text: Some(text.into()), cause: None }
    }

    /// Reports whether this is the cell error `code`.
    pub fn is(&self, code: CellCode) -> bool {
        self.code == Code::Cell(code)
    }

    /// Reads an `Error` object.
    pub fn from_element(element: &Element) -> Option<Self> {
        let types::Error { kind } = *element.get()?;
        let code = None
            .or_else(|| {
                element.first().map(|code: &types::ErrorCell| Code::Cell(CellCode(code.code)))
            })
            .or_else(|| {
                element.first().map(|code: &types::ErrorProtocol| Code::Protocol(code.code))
            })
            .or_else(|| element.first().map(|code: &types::ErrorWin32| Code::Win32(code.code)))
            .or_else(|| element.first().map(|code: &types::ErrorHresult| Code::Hresult(code.code)))
            .unwrap_or(Code::Other(kind));
        let text = element.first().map(|text: &types::ErrorText| text.text.0.clone());
        let cause = element.child::<types::Error>().and_then(Self::from_element).map(Box::new);
        Some(Self { code, text, cause })
    }

    /// Returns the `Error` object. The cause follows the code and the text.
    pub fn to_element(&self) -> Element {
        let (kind, code) = match self.code {
            Code::Cell(CellCode(code)) => {
                (ErrorKind::CELL, Some(Element::new(types::ErrorCell { code })))
            }
            Code::Protocol(code) => {
                (ErrorKind::PROTOCOL, Some(Element::new(types::ErrorProtocol { code })))
            }
            Code::Win32(code) => (ErrorKind::WIN32, Some(Element::new(types::ErrorWin32 { code }))),
            Code::Hresult(code) => {
                (ErrorKind::HRESULT, Some(Element::new(types::ErrorHresult { code })))
            }
            Code::Other(kind) => (kind, None),
        };
        let text = self
            .text
            .iter()
            .map(|text| Element::new(types::ErrorText { text: StringItem(text.clone()) }));
        let cause = self.cause.iter().map(|cause| cause.to_element());
        Element::with(types::Error { kind }, code.into_iter().chain(text).chain(cause).collect())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{}: {text}", self.code),
            None => self.code.fmt(f),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause: &(dyn Error + 'static) = self.cause.as_deref()?;
        Some(cause)
    }
}
