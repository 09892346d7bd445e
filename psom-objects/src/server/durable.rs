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
use psom::{Scope, Violation};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use super::{json, kinds::Refusal};
use crate::{
    store::{StoreError, StoredFile},
    types::UploadFinishReason,
};

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

/// What a package asks for and what cannot be saved ends its upload.
impl From<NotSaved> for Refusal {
    fn from(error: NotSaved) -> Self {
        Self::new(UploadFinishReason::UnknownFailure, error.to_string())
    }
}

/// A call that asks for what cannot be saved breaks its caller's connection, and no other.
impl From<NotSaved> for Violation {
    fn from(error: NotSaved) -> Self {
        Self::new(error.to_string())
    }
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
pub(super) fn content_key(content: i64) -> String {
    format!("content/{content}")
}

/// Below which the files of a content are saved.
pub(super) fn files_key(content: i64) -> String {
    format!("file/{content}")
}

/// Where an extended content keeps what is to outlive the server: values by keys of the content's
/// own. Keys may be paths, `vote/3`; what is below `vote` is read with [`Recollection::below`] and
/// goes with [`erase`](Self::erase).
#[derive(Debug, Clone)]
pub struct Memory {
    prefix: String,
}

impl Memory {
    pub(super) fn new(content: i64) -> Self {
        Self { prefix: format!("content/{content}/") }
    }

    /// Saves a value under a key. What the same turn sends leaves when that is safe.
    ///
    /// Save first, then change and tell: whatever is not saved here, nobody is to see.
    ///
    /// # Errors
    /// JSON cannot say the value (a map whose keys are neither texts nor integers, a number that is
    /// not finite), or the key is empty or has an empty part. What the key stood for stays.
    pub fn save(
        &self,
        scope: &mut Scope,
        key: &str,
        value: &impl Serialize,
    ) -> Result<(), NotSaved> {
        let error = |why| NotSaved { key: key.to_owned(), why };
        if key.split('/').any(str::is_empty) {
            return Err(error("a key and its parts are not empty".into()));
        }
        let text = json::write(value).map_err(|why| error(why.to_string()))?;
        self.save_text(scope, key, &text);
        Ok(())
    }

    /// Saves what is of this crate's own types.
    pub(super) fn keep(&self, scope: &mut Scope, key: &str, value: &impl Serialize) {
        save(scope, format!("{}{key}", self.prefix), value);
    }

    /// Saves a value that is JSON already.
    pub(super) fn save_text(&self, scope: &mut Scope, key: &str, text: &str) {
        scope.save(format!("{}{key}", self.prefix), text);
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

    /// Whether nothing was saved.
    pub fn is_empty(&self) -> bool {
        let first = self.state.range(self.prefix.clone()..).next();
        first.is_none_or(|(key, _)| !key.starts_with(&self.prefix))
    }

    /// The values below a key, with what stands behind the key and a slash, in their order. Below
    /// the empty key is everything.
    pub fn below<T: DeserializeOwned>(&self, key: &str) -> Result<Vec<(&'a str, T)>, Refusal> {
        let slash = if key.is_empty() { "" } else { "/" };
        let prefix = format!("{}{key}{slash}", self.prefix);
        let below = self.state.range(prefix.clone()..);
        let below = below.take_while(|(key, _)| key.starts_with(&prefix));
        let values = below.map(|(key, text)| Ok((&key[prefix.len()..], read(key, text)?)));
        values.collect::<Result<_, _>>().map_err(unreadable)
    }
}

fn unreadable(error: RestoreError) -> Refusal {
    Refusal::malformed(error.to_string())
}

/// Saves a value of this crate's own as JSON.
pub(super) fn save(scope: &mut Scope, key: impl Into<String>, value: &impl Serialize) {
    match json::write(value) {
        Ok(text) => scope.save(key, text),
        // Integers, texts and lists of them: there is nothing that JSON cannot say.
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_content_remembers_what_is_its_own() {
        let keys = ["content/1", "content/1/a", "content/1/a/b", "content/1/c", "content/10/d"];
        let state = SavedState::from(keys.map(|key| (key.to_owned(), "1".to_owned())));
        let saved = Recollection::new(&state, 1);
        assert_eq!(saved.below::<i32>("").unwrap(), [("a", 1), ("a/b", 1), ("c", 1)]);
        assert_eq!(saved.below::<i32>("a").unwrap(), [("b", 1)]);
        assert_eq!(saved.get::<i32>("d"), Ok(None));
        assert!(!saved.is_empty() && !Recollection::new(&state, 10).is_empty());
        assert!(Recollection::new(&state, 2).is_empty());
    }
}
