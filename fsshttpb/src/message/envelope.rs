//! The prefix of a message: versions and signature.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    atom::{Atom as _, Budget, Reader, Writer},
    error::{DecodeError, Rule},
    object::{Element, StreamObject as _, types},
};

/// The protocol version of written messages: that of Office 2013.
pub const VERSION: u16 = 12;
/// The lowest version with which written messages are compatible. All known programs write it.
const LOWEST_VERSION: u16 = 11;

/// The signatures of requests and responses (MS-FSSHTTPB 2.2.2 and 2.2.3).
const REQUEST_SIGNATURE: u64 = 0x9B06_9439_F329_CF9C;
const RESPONSE_SIGNATURE: u64 = 0x9B06_9439_F329_CF9D;

macro_rules! envelope {
    ($(#[$meta:meta])* $name:ident, $text:literal, $signature:ident, $root:ty) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The protocol version.
            pub version: u16,
            /// The lowest version that the message is compatible with.
            pub lowest_version: u16,
            /// The object that contains the others.
            pub root: Element,
        }

        impl $name {
            /// The number that identifies the kind of message.
            pub const SIGNATURE: u64 = $signature;

            /// Creates a message with the versions that this crate writes.
            pub fn new(root: $root, children: Vec<Element>) -> Self {
                let root = Element::with(root, children);
                Self { version: VERSION, lowest_version: LOWEST_VERSION, root }
            }

            /// Reads a message. The bytes are copied once.
            ///
            /// # Errors
            /// The bytes break a rule of the format or are another kind of message.
            pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
                Self::read_shared(Bytes::copy_from_slice(bytes))
            }

            /// Reads a message from shared bytes, which its blobs refer to.
            ///
            /// # Errors
            /// The bytes break a rule of the format or are another kind of message.
            pub fn read_shared(bytes: Bytes) -> Result<Self, DecodeError> {
                match Message::read_shared(bytes)? {
                    Message::$name(message) => Ok(message),
                    other => {
                        let rule = Rule::Direction { found: other.kind(), expected: $text };
                        Err(DecodeError::new(SIGNATURE_OFFSET, rule))
                    }
                }
            }

            /// Returns the message's bytes.
            pub fn to_bytes(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(PREFIX_BYTES + self.root.encoded_len());
                let mut writer = Writer::append(&mut bytes);
                self.version.write(&mut writer);
                self.lowest_version.write(&mut writer);
                Self::SIGNATURE.write(&mut writer);
                self.root.write(&mut writer);
                bytes
            }
        }
    };
}

/// The offset of the signature.
const SIGNATURE_OFFSET: usize = 4;
/// The number of bytes before the first object.
const PREFIX_BYTES: usize = 12;

envelope! {
    /// A request.
    Request, "request", REQUEST_SIGNATURE, types::Request
}
envelope! {
    /// A response.
    Response, "response", RESPONSE_SIGNATURE, types::Response
}

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "lowercase")]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// Reads a message. The bytes are copied once.
    ///
    /// # Errors
    /// The bytes break a rule of the format.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read_shared(Bytes::copy_from_slice(bytes))
    }

    /// Reads a message from shared bytes, which its blobs refer to.
    ///
    /// # Errors
    /// The bytes break a rule of the format.
    pub fn read_shared(bytes: Bytes) -> Result<Self, DecodeError> {
        let budget = Budget::for_input(bytes.len());
        let mut reader = Reader::new(&bytes, &budget);
        let version = u16::read(&mut reader)?;
        let lowest_version = u16::read(&mut reader)?;
        let signature = u64::read(&mut reader)?;
        if ![REQUEST_SIGNATURE, RESPONSE_SIGNATURE].contains(&signature) {
            return Err(DecodeError::new(SIGNATURE_OFFSET, Rule::Signature(signature)));
        }
        let start = reader.offset();
        let root = Element::read_from(&mut reader)?;
        if reader.left() > 0 {
            return Err(reader.error(Rule::Trailing(reader.left())));
        }
        let expected = |expected| {
            let found = root.info().number;
            let rule = Rule::Expected { expected, found };
            if found == expected { Ok(()) } else { Err(DecodeError::new(start, rule)) }
        };
        if signature == REQUEST_SIGNATURE {
            expected(types::Request::NUMBER)?;
            Ok(Self::Request(Request { version, lowest_version, root }))
        } else {
            expected(types::Response::NUMBER)?;
            Ok(Self::Response(Response { version, lowest_version, root }))
        }
    }

    /// Returns the message's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// Returns `request` or `response`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Response(_) => "response",
        }
    }

    /// Returns the object that contains the others.
    pub fn root(&self) -> &Element {
        match self {
            Self::Request(request) => &request.root,
            Self::Response(response) => &response.root,
        }
    }

    /// Reports whether bytes start like a message.
    pub fn is_message(bytes: &[u8]) -> bool {
        let signature = bytes.get(SIGNATURE_OFFSET..).and_then(|bytes| bytes.first_chunk());
        let signature = signature.map(|bytes| u64::from_le_bytes(*bytes));
        signature.is_some_and(|found| [REQUEST_SIGNATURE, RESPONSE_SIGNATURE].contains(&found))
    }
}
