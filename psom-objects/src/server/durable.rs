//! The saved state of a meeting and the keys of its values (see [`psom::Scope::save`]).
//!
//! ```text
//! contents               the last content identifier and presentation order that were assigned
//! content/7              the properties that every content has
//! content/7/...          the state of its content type
//! file/7/...             its files, by their names on the file server
//! ```
//! Every value is JSON, so that an administrator can read it.

use std::{collections::BTreeMap, num::ParseIntError};

use serde::{Serialize, de::DeserializeOwned};

/// The saved state of a meeting: its values by their keys.
pub type SavedState = BTreeMap<String, String>;

/// A meeting cannot be restored from its saved state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// Two content types have the same interface name but different versions or hashes.
    #[error(transparent)]
    Misuse(#[from] psom::error::Misuse),
    /// A saved value is malformed or incomplete.
    #[error("`{key}` cannot be read: {source}")]
    Unreadable {
        /// The key of the value.
        key: String,
        /// The fault.
        source: UnreadableValue,
    },
}

/// The fault of a saved value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableValue {
    /// The value is not the JSON that its key requires.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The key has no identifier where one is required.
    #[error(transparent)]
    Identifier(#[from] ParseIntError),
    /// Saved files of a content are missing.
    #[error("the content has {expected} files, but {found} are saved")]
    Files {
        /// The number of files that the content has.
        expected: usize,
        /// The number of files that are saved.
        found: usize,
    },
}

/// A saved content that does not take part in its meeting. Users do not see it. Its saved state and
/// its files stay until the meeting ends, so that a server that can restore it finds them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetAsideContent {
    /// Its type is not registered.
    #[error(
        "content {content} has the type {kind}, which this server does not know; start a server \
         that knows it"
    )]
    UnknownType {
        /// The identifier of the content.
        content: i64,
        /// The name of its content type.
        kind: String,
    },
    /// Its type refused the saved state.
    #[error("the type {kind} cannot restore content {content}: {why}")]
    Refused {
        /// The identifier of the content.
        content: i64,
        /// The name of its content type.
        kind: String,
        /// The reason that the type gave.
        why: String,
    },
    /// One of its files is missing in the store.
    #[error("the file `{file}` of content {content} is missing: {why}")]
    MissingFile {
        /// The identifier of the content.
        content: i64,
        /// The name of the file on the file server.
        file: String,
        /// The store's reason.
        why: String,
    },
}

/// Returns the key of a content, and the prefix of the keys of its content type's state.
pub(super) fn content_key(content: i64) -> String {
    format!("content/{content}")
}

/// Returns the prefix of the keys of a content's files.
pub(super) fn files_key(content: i64) -> String {
    format!("file/{content}")
}

/// Returns the saved form of a value of one of this crate's types.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        // Unreachable: these types have only integers, strings, lists and maps with string keys.
        // Most of them cannot be read from `null`, so a restart would report the fault.
        tracing::error!(%error, "failed to serialize saved state");
        "null".to_owned()
    })
}

/// Parses a saved value.
pub(super) fn read<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, RestoreError> {
    serde_json::from_str(text)
        .map_err(|error| RestoreError::Unreadable { key: key.to_owned(), source: error.into() })
}
