//! Helpers for the JSON form of events.

use data_encoding::HEXLOWER;
use serde::{Serialize, Serializer};

use crate::types::EncryptedFile;

/// The fields of an encrypted file that may be published. The key is omitted, so that a log of
/// events does not reveal the file.
#[derive(Serialize)]
pub(super) struct PublicFile<'a> {
    url: &'a str,
    sha1: String,
}

impl<'a> From<&'a EncryptedFile> for PublicFile<'a> {
    fn from(file: &'a EncryptedFile) -> Self {
        Self { url: &file.url, sha1: HEXLOWER.encode(&file.hash) }
    }
}

/// Serializes the [`PublicFile`] of an encrypted file.
pub(super) fn public_file<S: Serializer>(
    file: &EncryptedFile,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    PublicFile::from(file).serialize(serializer)
}

/// Serializes an enumeration of the protocol as its number.
pub(super) fn number<T: Copy + Into<i32>, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_i32((*value).into())
}

/// Serializes a value as the text that it displays.
pub(super) fn text<T: ToString, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}
