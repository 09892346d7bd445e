//! The client's side: calls become events.

use bytes::Bytes;
use psom::{Context, distributed_object};

use super::interfaces::{DocumentClient, DocumentServer};

/// A change of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentEvent {
    /// The state of the document is complete.
    Ready,
    /// The user's link, or an empty text if the user may not edit.
    Link(Link),
    /// A revision was added.
    Revision(RevisionFile),
    /// An editor has opened the document.
    EditorJoined {
        /// The identifier of the program.
        client: String,
        /// The user's name.
        name: String,
    },
    /// An editor has left the document.
    EditorLeft {
        /// The identifier of the program.
        client: String,
    },
}

/// The address at which a user edits a document. It is a secret of the user.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(pub String);

/// Leaves the address out, so that it does not get into a log.
impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link(..)")
    }
}

/// A revision, and its file on the file server.
#[derive(Clone, PartialEq, Eq)]
pub struct RevisionFile {
    /// The number.
    pub number: i64,
    /// The number of bytes.
    pub size: i64,
    /// The SHA-1 of the bytes.
    pub sha1: Bytes,
    /// The author's name.
    pub author: String,
    /// The time in UTC.
    pub time: String,
    /// The name on the file server.
    pub file: String,
    /// The AES-256 key.
    pub key: Bytes,
    /// The initialization vector.
    pub iv: Bytes,
}

/// Leaves the key out, so that it does not get into a log.
impl std::fmt::Debug for RevisionFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, size, author, .. } = self;
        let mut debug = f.debug_struct("RevisionFile");
        debug.field("number", number).field("size", size).field("author", author);
        debug.finish_non_exhaustive()
    }
}

/// Follows a document and reports each change. Register it with
/// [`Conference::with_content`](psom_objects::client::Conference::with_content).
#[distributed_object(serves = DocumentClient, calls = DocumentServer)]
pub struct DocumentFollower {
    report: Box<dyn FnMut(DocumentEvent) + Send>,
}

impl DocumentFollower {
    /// Creates a follower.
    pub fn new(report: impl FnMut(DocumentEvent) + Send + 'static) -> Self {
        Self { report: Box::new(report) }
    }
}

impl DocumentClient for DocumentFollower {
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        (self.report)(DocumentEvent::Ready);
    }

    fn c_set_link(&mut self, _: &mut Context<Self>, url: String) {
        (self.report)(DocumentEvent::Link(Link(url)));
    }

    fn c_add_revision(
        &mut self,
        _: &mut Context<Self>,
        number: i64,
        size: i64,
        sha1: Bytes,
        author: String,
        time: String,
        file: String,
        key: Bytes,
        iv: Bytes,
    ) {
        let revision = RevisionFile { number, size, sha1, author, time, file, key, iv };
        (self.report)(DocumentEvent::Revision(revision));
    }

    fn c_add_editor(&mut self, _: &mut Context<Self>, client: String, name: String) {
        (self.report)(DocumentEvent::EditorJoined { client, name });
    }

    fn c_remove_editor(&mut self, _: &mut Context<Self>, client: String) {
        (self.report)(DocumentEvent::EditorLeft { client });
    }
}

impl std::fmt::Debug for DocumentFollower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentFollower").finish_non_exhaustive()
    }
}
