//! Transfers through a browser: single files, by a form or a plain request (sections 3.3.4.3 and
//! 3.3.4.4). Here is who may, and what; the bytes go past the meeting, to its file store.

use psom::{Context, PeerId, Scope};

use super::{
    contents::ContentManager,
    create::Uploader,
    uploads::{self, UploadManager},
};
use crate::{
    package::Manifest,
    store::{StoreError, StoredFile, WebDownload, WebUpload},
    types::{DownloadFinishReason, UploadFinishReason},
};

impl UploadManager {
    /// Accepts the upload of the one file that a manifest names, or says why not.
    pub(super) fn accept_web(
        &self,
        cx: &Context<Self>,
        by: Uploader,
        manifest: &str,
    ) -> Result<Box<dyn WebUpload>, UploadFinishReason> {
        self.admit(cx, by)?;
        let manifest = Manifest::parse(manifest).map_err(|error| {
            tracing::debug!(user = by.user, cookie = by.cookie, %error, "A manifest is malformed");
            UploadFinishReason::VerifyFailed
        })?;
        // A form brings a single file, so the manifest has to want just that.
        if manifest.files().len() != 1 {
            return Err(UploadFinishReason::VerifyFailed);
        }
        self.room.files().web_upload(manifest).map_err(|error| uploads::reason(&error))
    }

    /// The address where a client may download a file decrypted, once; or why it may not.
    pub(super) fn permit_download(
        &self,
        cx: &Context<Self>,
        (peer, user): (PeerId, i64),
        obfuscated_name: &str,
        is_attachment: bool,
    ) -> Result<String, DownloadFinishReason> {
        use DownloadFinishReason as Reason;
        let contents = self.contents.and_then(|contents| cx.get(contents).ok());
        let contents = contents.ok_or(Reason::UnknownFailure)?;
        let (file, name) = contents.file_for(cx, peer, obfuscated_name)?;
        let download = WebDownload { file, name, is_attachment, user };
        self.room.files().web_download(download).map_err(|error| match error {
            StoreError::Unsupported => Reason::NotSupported,
            error => {
                tracing::debug!(user, %error, "A decrypted download failed");
                Reason::UnknownFailure
            }
        })
    }
}

impl ContentManager {
    /// A file by the name that it has on the file server, and what people call it: the file that a
    /// content is made of by the content's title, any other as its manifest does.
    fn file_for<'a>(
        &'a self,
        scope: &'a Scope,
        peer: PeerId,
        obfuscated_name: &str,
    ) -> Result<(&'a StoredFile, &'a str), DownloadFinishReason> {
        let contents = self.contents.values().filter_map(|content| scope.get(*content).ok());
        let mut files = contents.filter_map(|content| {
            let native = content.native_file.as_ref();
            let native = native.filter(|file| file.name == obfuscated_name);
            // Anybody may ask, and often: a content's files are looked up, not looked through.
            let other = || content.files.get(obfuscated_name);
            let file = native.map(|file| (file, &*content.title));
            let file = file.or_else(|| other().map(|file| (&file.stored, &*file.name)));
            file.map(|file| (content.id, file))
        });
        let (content, file) = files.next().ok_or(DownloadFinishReason::NotFound)?;
        // Whoever was not told of the content was not told of its files.
        self.seen(peer, content).ok_or(DownloadFinishReason::NotAuthorized)?;
        Ok(file)
    }
}
