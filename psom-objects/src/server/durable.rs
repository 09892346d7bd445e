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

use super::kinds::Refusal;
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
    /// A content is of a type that is not registered here.
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

/// Where a content is saved, and below it what its type has besides.
pub(super) fn content_key(content: i64) -> String {
    format!("content/{content}")
}

/// Below which the files of a content are saved.
pub(super) fn files_key(content: i64) -> String {
    format!("file/{content}")
}

/// Where an extended content keeps what is to outlive the server.
#[derive(Debug, Clone)]
pub struct Memory {
    prefix: String,
}

impl Memory {
    pub(super) fn new(content: i64) -> Self {
        Self { prefix: format!("content/{content}/") }
    }

    /// Saves a value under a key of the content's own. Keys may be paths: `vote/3`.
    pub fn save(&self, scope: &mut Scope, key: &str, value: &impl Serialize) {
        save(scope, format!("{}{key}", self.prefix), value);
    }

    /// Forgets a key, and every key below it.
    pub fn erase(&self, scope: &mut Scope, key: &str) {
        scope.erase(format!("{}{key}", self.prefix));
    }
}

/// What an extended content has saved.
#[derive(Debug)]
pub struct Recollection<'a> {
    state: &'a SavedState,
    prefix: String,
}

impl<'a> Recollection<'a> {
    pub(super) fn new(state: &'a SavedState, content: i64) -> Self {
        Self { state, prefix: format!("content/{content}/") }
    }

    /// The value of a key, if it has one.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Refusal> {
        let key = format!("{}{key}", self.prefix);
        let value = self.state.get(&key).map(|text| read(&key, text));
        value.transpose().map_err(unreadable)
    }

    /// The value of a key that has to have one.
    pub fn must<T: DeserializeOwned>(&self, key: &str) -> Result<T, Refusal> {
        let missing = || Refusal::malformed(format!("`{}{key}` is missing", self.prefix));
        self.get(key)?.ok_or_else(missing)
    }

    /// The values below a key, with what stands behind the key and a slash, in their order.
    pub fn below<T: DeserializeOwned>(&self, key: &str) -> Result<Vec<(&'a str, T)>, Refusal> {
        let prefix = format!("{}{key}/", self.prefix);
        let below = self.state.range(prefix.clone()..);
        let below = below.take_while(|(key, _)| key.starts_with(&prefix));
        let values = below.map(|(key, text)| Ok((&key[prefix.len()..], read(key, text)?)));
        values.collect::<Result<_, _>>().map_err(unreadable)
    }
}

fn unreadable(error: RestoreError) -> Refusal {
    Refusal::malformed(error.to_string())
}

/// Saves a value as JSON.
pub(super) fn save(scope: &mut Scope, key: impl Into<String>, value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => scope.save(key, text),
        // Numbers, texts and lists of them: there is nothing that JSON cannot say.
        Err(error) => tracing::error!(%error, "Could not write down what was to be saved"),
    }
}

/// Reads what was saved.
pub(super) fn read<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, RestoreError> {
    serde_json::from_str(text)
        .map_err(|error| RestoreError::Unreadable { key: key.to_owned(), why: error.to_string() })
}

/// A stored file as it is saved: bytes in hexadecimal digits.
#[derive(Serialize, Deserialize)]
#[serde(remote = "StoredFile")]
pub(super) struct SavedFile {
    name: String,
    #[serde(with = "hex")]
    key: Bytes,
    #[serde(with = "hex")]
    iv: Bytes,
    #[serde(with = "hex")]
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

mod hex {
    use std::fmt::Write;

    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        bytes: &Bytes,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        serializer.serialize_str(&digits)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Bytes, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes = pairs.map(byte).collect::<Option<Vec<_>>>();
        bytes.map(Bytes::from).ok_or_else(|| D::Error::custom("these are no hexadecimal digits"))
    }
}
