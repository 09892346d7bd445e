//! The trait of a store of documents.

use std::{collections::BTreeMap, error::Error, pin::Pin};

use bytes::Bytes;
use fsshttpb::atom::Guid;
use thiserror::Error;

use crate::{
    document::{Caller, LockRules, Revision, Sharing},
    error::ErrorName,
};

/// The future of an operation of a store.
pub type DocumentFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, DocumentError>> + Send + 'a>>;

/// A store of documents: their revisions, locks and editors.
///
/// The service calls the operations of one document one after the other, and keeps the locks and the
/// store of an open document in memory.
pub trait Documents: Send + Sync + 'static {
    /// Finds the document at an address, and the rights of the user who asks for it. A document that
    /// an upload creates is found before it has a revision.
    fn find<'a>(&'a self, address: Address<'a>) -> DocumentFuture<'a, Found>;

    /// Loads the description of a document.
    fn load<'a>(&'a self, key: &'a str) -> DocumentFuture<'a, Loaded>;

    /// Reads the file of a revision.
    fn read<'a>(&'a self, key: &'a str, number: u64) -> DocumentFuture<'a, Bytes>;

    /// Saves a revision. When the future completes, the revision survives a crash; until then, no
    /// part of it is visible. The answer to the upload is sent afterwards.
    fn save<'a>(
        &'a self,
        key: &'a str,
        revision: &'a Revision,
        file: Bytes,
    ) -> DocumentFuture<'a, ()>;

    /// Saves a partition besides the contents, such as that of the metadata. `message` replaces the
    /// previous one. Only the service interprets it. The default does nothing, so such a partition
    /// is empty when the document is opened again.
    fn save_partition<'a>(
        &'a self,
        key: &'a str,
        partition: Guid,
        message: Bytes,
    ) -> DocumentFuture<'a, ()> {
        let _ = (key, partition, message);
        Box::pin(async { Ok(()) })
    }

    /// Saves or announces the locks and editors after each change. The default does nothing: locks
    /// end with the process, and clients take them again.
    fn save_sharing<'a>(&'a self, key: &'a str, sharing: &'a Sharing) -> DocumentFuture<'a, ()> {
        let _ = (key, sharing);
        Box::pin(async { Ok(()) })
    }

    /// Gives a document a new name and returns its new key. The default refuses it.
    fn rename<'a>(&'a self, key: &'a str, name: &'a str) -> DocumentFuture<'a, String> {
        let _ = (key, name);
        Box::pin(async { Err(DocumentError::Unsupported) })
    }
}

/// The address of a document in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// The path of the address, without percent-encoding.
    pub path: &'a str,
    /// The identifier of the document, if the request prefers it to the path.
    pub resource_id: Option<&'a str>,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
}

/// A document that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The key that identifies the document for the other operations.
    pub key: String,
    /// The user and the user's rights.
    pub caller: Caller,
}

/// The description of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The file's name.
    pub name: String,
    /// An identifier that outlasts renaming.
    pub resource_id: String,
    /// The revisions, the oldest first. A document without a revision does not exist yet.
    pub revisions: Vec<Revision>,
    /// The locks and editors.
    pub sharing: Sharing,
    /// The rules of locks.
    pub rules: LockRules,
    /// Further properties.
    pub properties: BTreeMap<String, String>,
    /// The saved partitions besides the contents.
    pub partitions: BTreeMap<Guid, Bytes>,
}

/// An operation of a store has failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// There is no such document.
    #[error("there is no document at this address")]
    NotFound,
    /// The user may not do this.
    #[error("the address or the credentials give no access to the document")]
    Denied,
    /// There is no such revision.
    #[error("the document has no revision {0}")]
    NoRevision(u64),
    /// Another document has the name.
    #[error("another document has this name")]
    Exists,
    /// Another program changed the document since it was loaded.
    #[error("another program changed the document; query again")]
    Changed,
    /// The store does not support the operation.
    #[error("the store does not support this operation")]
    Unsupported,
    /// Input or output failed.
    #[error("the store failed: {0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl DocumentError {
    /// Returns [`Failed`](Self::Failed) with its source, an error or a text.
    pub fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }

    /// Returns the name of the error in an answer.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::NotFound => ErrorName::FileNotExistsOrCannotBeCreated,
            Self::Denied => ErrorName::FileUnauthorizedAccess,
            Self::NoRevision(_) => ErrorName::VersionNotFound,
            Self::Exists => ErrorName::InvalidArgument,
            Self::Changed => ErrorName::ColdStoreConcurrencyViolation,
            Self::Unsupported => ErrorName::RequestNotSupported,
            Self::Failed(_) => ErrorName::SubRequestFail,
        }
    }
}
