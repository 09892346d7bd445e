//! A file of any format of the protocol.

use bytes::Bytes;
use fsshttpb::{
    message::{Message, Request, Response},
    package::{HEADER_BYTES, Package},
    print,
};
use serde::{Deserialize, Serialize};

use super::body::Body;
use crate::error::{CommandError, Result};

/// A file of any format of the protocol.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format", content = "content", rename_all = "lowercase")]
pub(crate) enum Document {
    /// A request or a response.
    Message(Message),
    /// A OneNote file.
    OneNote(Package),
    /// XML or MTOM.
    Body(Body),
}

/// The number of bytes of a message before its first object.
const PREFIX_BYTES: usize = 12;

impl Document {
    /// Reports whether bytes start like a format of the protocol.
    pub(crate) fn is_document(bytes: &[u8]) -> bool {
        Package::is_package(bytes)
            || Message::is_message(bytes)
            || Body::is_body(bytes)
            || Body::is_base64(bytes)
    }

    /// Reads a file, or returns nothing if it does not start like a format of the protocol.
    pub(crate) fn read(bytes: &Bytes) -> Option<Result<Self>> {
        let error = |why: fsshttpb::DecodeError| CommandError::new(why.to_string());
        if Package::is_package(bytes) {
            return Some(Package::read(bytes).map(Self::OneNote).map_err(error));
        }
        if Message::is_message(bytes) {
            return Some(Message::read_shared(bytes.clone()).map(Self::Message).map_err(error));
        }
        if Body::is_body(bytes) {
            return Some(Body::read(bytes).map(Self::Body));
        }
        Body::from_base64(bytes).map(|body| body.map(Self::Body))
    }

    /// Returns the file's bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Message(message) => message.to_bytes(),
            Self::OneNote(package) => package.to_bytes(),
            Self::Body(body) => body.to_bytes(),
        }
    }

    /// Returns the messages in the order of their bytes.
    fn messages(&self) -> Vec<&Message> {
        match self {
            Self::Message(message) => vec![message],
            Self::OneNote(_) => vec![],
            Self::Body(body) => body.messages().collect(),
        }
    }

    /// Returns the responses in the order of their bytes.
    pub(crate) fn responses(&self) -> Vec<&Response> {
        let responses = self.messages().into_iter().filter_map(|message| match message {
            Message::Response(response) => Some(response),
            Message::Request(_) => None,
        });
        responses.collect()
    }

    /// Returns the requests in the order of their bytes.
    pub(crate) fn requests(&self) -> Vec<&Request> {
        let requests = self.messages().into_iter().filter_map(|message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        });
        requests.collect()
    }

    /// Returns the tree.
    pub(crate) fn print(&self) -> String {
        match self {
            Self::Message(message) => print::message(message),
            Self::OneNote(package) => {
                let Package { file_type, file, legacy_file, root, padding } = package;
                let (end, tree) =
                    (HEADER_BYTES + root.encoded_len(), print::element(root, HEADER_BYTES));
                format!(
                    "000000 OneNote file {file} type {file_type} legacy file {legacy_file}\n\
                     {tree}{end:06x} {padding} zero bytes\n"
                )
            }
            Self::Body(body) => body.print(),
        }
    }

    /// Rejects objects that a reader tolerates: unknown types, objects in the wrong place, and forms
    /// that are not the shortest.
    ///
    /// # Errors
    /// The offset and the rule that the first such object breaks.
    pub(crate) fn check(&self) -> Result {
        let checked = match self {
            Self::Message(message) => print::check(message.root(), PREFIX_BYTES),
            Self::OneNote(package) => print::check(&package.root, HEADER_BYTES),
            Self::Body(body) => return body.check(),
        };
        checked.map_err(|why| CommandError::new(why.to_string()))
    }
}
