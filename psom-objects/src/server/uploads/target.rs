//! The interface between uploads and the object that uses the uploaded packages.

use psom::{PeerId, Scope};

use crate::{
    store::{Import, StoredFile},
    types::{DownloadFinishReason, UploadFinishReason},
};

/// Identifies one upload.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct UploadId {
    /// The connection that uploads.
    pub(in crate::server) peer: PeerId,
    /// The user who uploads.
    pub(in crate::server) user: i64,
    /// The client's identifier of the upload. A client may use it again for a later upload.
    pub(in crate::server) cookie: i32,
    /// The server's identifier of the upload, unique in the meeting.
    pub(in crate::server) number: u64,
}

/// Receives the outcome of a package.
pub(in crate::server) type PackageReply = Box<dyn FnOnce(&mut Scope, UploadFinishReason) + Send>;

/// The receiver of verified packages and the owner of their files: the content manager.
pub(in crate::server) trait PackageTarget: Send {
    /// Reports whether an upload of this connection would create a content beyond the meeting's
    /// limit. Without a title reservation it can only add to an existing content.
    fn is_full_for(&self, scope: &Scope, peer: PeerId) -> bool;

    /// Finds a file that this connection may download, by its name on the file server. Returns it
    /// with its name for users.
    fn find_file<'a>(
        &self,
        scope: &'a Scope,
        peer: PeerId,
        name: &str,
    ) -> Result<(&'a StoredFile, &'a str), DownloadFinishReason>;

    /// Creates a content from a package, or adds the package to one, and replies with the outcome.
    /// The files of a refused package are removed.
    fn take_package(
        &self,
        scope: &mut Scope,
        upload: UploadId,
        import: Import,
        reply: PackageReply,
    );
}
