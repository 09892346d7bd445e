//! What of a meeting outlives its server: which key stands for what (see [`psom::Scope::save`]).
//!
//! ```text
//! contents               the last number and the last place on the stage that were given
//! content/7              what every content has
//! content/7/...          what its type has besides
//! file/7/...             its files, by their names on the file server
//! ```
//! Every value is JSON, so that whoever runs a server can look at it.

use std::collections::BTreeMap;

use bytes::Bytes;
use psom::Scope;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use super::json;
use crate::store::{StoreError, StoredFile};

/// The state of a meeting as it was saved, key by key.
pub type SavedState = BTreeMap<String, String>;

/// Why a meeting cannot be opened again as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The types of contents do not fit together.
    #[error(transparent)]
    Misuse(#[from] psom::error::Misuse),
    /// A value is not what its key says.
    #[error("`{key}` cannot be read: {why}")]
    Unreadable {
        /// The key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file is not there.
    #[error("the file `{file}` of content {content} is missing: {why}")]
    File {
        /// The content.
        content: i64,
        /// The name of the file on the file server.
        file: String,
        /// What the store says.
        why: StoreError,
    },
}

/// Why a value was not saved: its key is none, or JSON cannot say it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` was not saved: {why}")]
#[non_exhaustive]
pub struct NotSaved {
    /// The key.
    pub key: String,
    /// What is wrong with it or with the value.
    pub why: String,
}

/// A content that does not go on with its meeting: nobody sees it, and what it has saved, its files
/// with it, stays as it is until the meeting ends. A server to which it means something goes on
/// with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetAside {
    /// Its type is not registered here.
    #[error(
        "content {content} is of the type {kind}, which this server does not know; start the one \
         that does"
    )]
    UnknownType {
        /// The content.
        content: i64,
        /// Its type.
        kind: String,
    },
    /// Its type cannot make it again.
    #[error("content {content} cannot be made again by its type, {kind}: {why}")]
    Refused {
        /// The content.
        content: i64,
        /// Its type.
        kind: String,
        /// What the type says.
        why: String,
    },
}

/// Where a content is saved, and below it what its type has besides.
pub(in crate::server) fn content_key(content: i64) -> String {
    format!("content/{content}")
}

/// Below which the files of a content are saved.
pub(in crate::server) fn files_key(content: i64) -> String {
    format!("file/{content}")
}

/// Saves a value of this crate's own as JSON.
pub(in crate::server) fn save(scope: &mut Scope, key: impl Into<String>, value: &impl Serialize) {
    match json::write(value) {
        Ok(text) => scope.save(key, text),
        // Integers, texts and lists of them: there is nothing that JSON cannot say.
        Err(error) => tracing::error!(%error, "Could not write down what was to be saved"),
    }
}

/// Reads what was saved.
pub(in crate::server) fn read<T: DeserializeOwned>(
    key: &str,
    text: &str,
) -> Result<T, RestoreError> {
    serde_json::from_str(text)
        .map_err(|error| RestoreError::Unreadable { key: key.to_owned(), why: error.to_string() })
}

/// A stored file as it is saved: bytes in hexadecimal digits.
#[derive(Serialize, Deserialize)]
#[serde(remote = "StoredFile")]
struct SavedFile {
    name: String,
    #[serde(with = "crate::hex")]
    key: Bytes,
    #[serde(with = "crate::hex")]
    iv: Bytes,
    #[serde(with = "crate::hex")]
    hash: Bytes,
    size: u64,
}

impl Serialize for StoredFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SavedFile::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for StoredFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SavedFile::deserialize(deserializer)
    }
}
