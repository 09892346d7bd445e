use psom::{Context, Handle, Lifecycle, distributed_object};

use super::{contents::ContentManager, create::Uploader, room::Room, stream::UploadStream};
use crate::{
    interfaces::{UploadManagerClientProxy, UploadManagerServer, UploadManagerServerProxy},
    store::{Import, StoreError, StoreFuture, WebUpload},
    types::UploadFinishReason,
};

/// Packages on their way in (section 3.3.4.1.4).
#[distributed_object(
    serves = UploadManagerServer,
    calls = UploadManagerClient,
    connects = UploadStream
)]
pub struct UploadManager {
    pub(super) room: Room,
    /// Set as soon as it is made.
    pub(super) contents: Option<Handle<ContentManager>>,
    uploads: Vec<Upload>,
    count: u64,
}

struct Upload {
    by: Uploader,
    way: Way,
    /// Set once everything has come and the package is being verified.
    verifying: bool,
}

/// How a package comes.
enum Way {
    /// By the writes of a stream.
    Stream(Handle<UploadStream>),
    /// By the form of a browser. Gone once it is being verified.
    Web(Option<Box<dyn WebUpload>>),
}

impl UploadManager {
    pub(super) fn new(room: Room) -> Self {
        Self { room, contents: None, uploads: Vec::new(), count: 0 }
    }

    /// Says why this client may not upload anything under this cookie, if so.
    pub(super) fn admit(&self, cx: &Context<Self>, by: Uploader) -> Result<(), UploadFinishReason> {
        use UploadFinishReason as Reason;
        let (policy, limits) = (self.room.policy(), self.room.limits());
        let contents = self.contents.and_then(|contents| cx.get(contents).ok());
        // Whoever has reserved no title uploads for a content that is there.
        let is_full = contents.is_some_and(|contents| {
            contents.len() >= limits.contents && contents.titles.has_peer(by.peer)
        });
        if !policy.may_upload(self.room.role(cx, by.user)) {
            return Err(Reason::UnknownFailure);
        }
        if self.named(by).is_some() {
            return Err(Reason::AlreadyUploading);
        }
        if self.uploads.iter().filter(|upload| upload.by.user == by.user).count() >= limits.uploads
        {
            return Err(Reason::TooManyUploads);
        }
        if is_full {
            return Err(Reason::TooManyContents);
        }
        Ok(())
    }

    /// Accepts an upload and connects its stream, or says why not.
    fn accept(
        &mut self,
        cx: &mut Context<Self>,
        by: Uploader,
        (packed, unpacked): (i64, i64),
    ) -> Result<Handle<UploadStream>, UploadFinishReason> {
        use UploadFinishReason as Reason;
        self.admit(cx, by)?;
        let size = |length: i64| u64::try_from(length).map_err(|_| Reason::VerifyFailed);
        let (packed, unpacked) = (size(packed)?, size(unpacked)?);
        let limits = self.room.limits();
        if packed.max(unpacked) > limits.package_size {
            return Err(Reason::MaxPackageSizeExceeded);
        }
        let sink = self.room.files().begin(packed).map_err(|error| reason(&error))?;
        let lengths = (packed, unpacked);
        let stream = UploadStream::new(sink, cx.handle(), by, lengths, limits.upload_idle);
        let stream = cx.add_while_connected(stream);
        if cx.caller().connect("uploadStreams", stream).is_err() {
            cx.remove(stream);
            return Err(Reason::UnknownFailure);
        }
        Ok(stream)
    }

    fn begin(&mut self, by: Uploader, way: Way) {
        self.uploads.push(Upload { by, way, verifying: false });
    }

    fn find(&self, by: Uploader) -> Option<usize> {
        self.uploads.iter().position(|upload| upload.by.number == by.number)
    }

    /// The present upload of this client with this cookie.
    fn named(&self, by: Uploader) -> Option<usize> {
        let is_it = |upload: &Upload| upload.by.peer == by.peer && upload.by.cookie == by.cookie;
        self.uploads.iter().position(is_it)
    }

    /// Ends an upload: its way goes, and the client is told why. Once only.
    pub(super) fn finish(
        &mut self,
        cx: &mut Context<Self>,
        by: Uploader,
        reason: UploadFinishReason,
    ) {
        let Some(place) = self.find(by) else { return };
        let upload = self.uploads.remove(place);
        tracing::info!(user = by.user, cookie = by.cookie, ?reason, "An upload ended");
        if let Way::Stream(stream) = upload.way {
            let _ = cx.tell(stream, |stream, cx| stream.close(cx));
        }
        if let Some(mut client) = cx.peer(by.peer) {
            client.c_upload_finished(by.cookie, reason);
        }
    }

    /// Has a package verified, outside of the space.
    pub(super) fn verify(
        &mut self,
        cx: &mut Context<Self>,
        by: Uploader,
        verifying: StoreFuture<'static, Result<Import, StoreError>>,
    ) {
        cx.spawn(verifying, move |manager, cx, result| manager.verified(cx, by, result));
    }

    fn verified(
        &mut self,
        cx: &mut Context<Self>,
        by: Uploader,
        result: Result<Import, StoreError>,
    ) {
        let import = match result {
            Ok(import) => import,
            Err(error) => {
                tracing::info!(user = by.user, cookie = by.cookie, %error, "A package failed");
                return self.finish(cx, by, reason(&error));
            }
        };
        let Some(contents) = self.contents.filter(|_| self.find(by).is_some()) else {
            // The client cancelled or left meanwhile: nobody wants the files.
            return import.files.values().for_each(|file| self.room.files().remove(&file.name));
        };
        let this = cx.handle();
        let _ = cx.tell(contents, move |contents, cx| {
            contents.take_package(cx, by, import, move |scope, reason| {
                let _ = scope.tell(this, move |uploads, cx| uploads.finish(cx, by, reason));
            });
        });
    }

    /// A user may upload no more: what is on its way ends.
    pub(super) fn on_demoted(&mut self, cx: &mut Context<Self>, user: i64) {
        let by = self.uploads.iter().map(|upload| upload.by).filter(|by| by.user == user);
        for by in by.collect::<Vec<_>>() {
            self.finish(cx, by, UploadFinishReason::UnknownFailure);
        }
    }

    fn uploader(&mut self, cx: &mut Context<Self>, cookie: i32) -> Option<Uploader> {
        self.count += 1;
        let caller = cx.caller();
        let (peer, user) = (caller.id()?, caller.user().id);
        Some(Uploader { peer, user, cookie, number: self.count })
    }
}

/// What a store's error means to a client.
pub(super) fn reason(error: &StoreError) -> UploadFinishReason {
    match error {
        StoreError::TooLarge(_) => UploadFinishReason::MaxPackageSizeExceeded,
        StoreError::Full => UploadFinishReason::CapacityExceeded,
        StoreError::Malformed(_) => UploadFinishReason::VerifyFailed,
        StoreError::Failed(_) => UploadFinishReason::ArchiveFailed,
        StoreError::Unsupported => UploadFinishReason::UnknownFailure,
    }
}

impl UploadManagerServer for UploadManager {
    fn s_request_upload_of_manifest(
        &mut self,
        cx: &mut Context<Self>,
        _: i64,
        cookie: i32,
        _: &str,
    ) {
        cx.caller().c_reject_upload(cookie, UploadFinishReason::UnknownFailure);
    }

    fn s_request_upload(
        &mut self,
        cx: &mut Context<Self>,
        packed_length: i64,
        unpacked_length: i64,
        cookie: i32,
    ) {
        let Some(by) = self.uploader(cx, cookie) else { return };
        match self.accept(cx, by, (packed_length, unpacked_length)) {
            Ok(stream) => {
                tracing::info!(user = by.user, cookie, packed_length, "An upload begins");
                self.begin(by, Way::Stream(stream));
                cx.caller().c_accept_upload(cookie, stream.into());
            }
            Err(reason) => {
                tracing::debug!(user = by.user, cookie, ?reason, "Refused an upload");
                cx.caller().c_reject_upload(cookie, reason);
            }
        }
    }

    fn s_upload_finished(&mut self, cx: &mut Context<Self>, cookie: i32, cancel: bool) {
        let Some(asked) = self.uploader(cx, cookie) else { return };
        let Some(place) = self.named(asked) else {
            cx.caller().c_upload_finished(cookie, UploadFinishReason::NotUploading);
            return;
        };
        let by = self.uploads[place].by;
        if cancel {
            return self.finish(cx, by, UploadFinishReason::UserCancel);
        }
        let upload = &mut self.uploads[place];
        if std::mem::replace(&mut upload.verifying, true) {
            return;
        }
        match &mut upload.way {
            Way::Stream(stream) => {
                if cx.tell(*stream, |stream, cx| stream.verify(cx)).is_err() {
                    self.finish(cx, by, UploadFinishReason::VerifyFailed);
                }
            }
            Way::Web(upload) => {
                if let Some(upload) = upload.take() {
                    self.verify(cx, by, upload.finish());
                }
            }
        }
    }

    fn s_request_web_upload_blob(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        manifest_xml: &str,
    ) {
        let Some(by) = self.uploader(cx, cookie) else { return };
        match self.accept_web(cx, by, manifest_xml) {
            Ok(upload) => {
                tracing::info!(user = by.user, cookie, "An upload through a browser begins");
                cx.caller().c_accept_web_upload(cookie, upload.url());
                self.begin(by, Way::Web(Some(upload)));
            }
            Err(reason) => {
                tracing::debug!(user = by.user, cookie, ?reason, "Refused an upload");
                cx.caller().c_reject_upload(cookie, reason);
            }
        }
    }

    fn s_request_web_download_blob(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        obfuscated_name: &str,
        is_attachment: bool,
    ) {
        let (user, peer) = (cx.caller().user().id, cx.caller().id());
        let Some(peer) = peer else { return };
        match self.permit_download(cx, (peer, user), obfuscated_name, is_attachment) {
            Ok(url) => {
                cx.caller().c_accept_web_download(cookie, &url);
            }
            Err(reason) => {
                tracing::debug!(user, cookie, ?reason, "Refused a decrypted download");
                cx.caller().c_reject_web_download(cookie, reason);
            }
        }
    }
}

impl Lifecycle for UploadManager {
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let caller = cx.caller().id();
        self.uploads.retain(|upload| {
            let is_theirs = Some(upload.by.peer) == caller;
            if is_theirs {
                // The stream's client may still be there; what it has sent is nobody's now.
                if let Way::Stream(stream) = upload.way {
                    cx.remove(stream);
                }
            }
            !is_theirs
        });
    }
}
