#[cfg(feature = "offline")]
use std::collections::BTreeMap;

#[cfg(feature = "offline")]
use psom::PeerId;
use psom::{Context, Handle, Lifecycle, distributed_object};

use super::{
    stream::{StreamReport, UploadStream},
    target::{PackageTarget, UploadId},
};
use crate::{
    interfaces::{UploadManagerClient, UploadManagerServer},
    package::Manifest,
    server::{
        context::MeetingContext,
        mailbox::{Mailbox, Receive},
    },
    store::{Import, StoreError, StoreFuture, WebDownload, WebUpload},
    types::{DownloadFinishReason, UploadFinishReason},
};

/// Manages uploads from the request to the created content (section 3.3.4.1.4).
///
/// Packages arrive in packets of an [`UploadStream`] or, for a single file, in the form of a
/// browser (section 3.3.4.4). It also permits decrypted downloads by a browser (section 3.3.4.3).
/// The bytes of a browser's transfers go directly to and from the file store.
#[distributed_object(
    serves = UploadManagerServer,
    calls = UploadManagerClient,
    connects = UploadStream
)]
pub struct UploadManager {
    meeting: MeetingContext,
    /// The receiver of packages.
    target: Box<dyn PackageTarget>,
    uploads: Vec<ActiveUpload>,
    last_number: u64,
    #[cfg(feature = "offline")]
    kept: Kept,
}

/// The packages that were uploaded for recorded actions: at most one of each connection.
#[cfg(feature = "offline")]
#[derive(Default)]
struct Kept {
    /// The cookie of the upload that is to be kept.
    expected: BTreeMap<PeerId, i32>,
    packages: BTreeMap<PeerId, (UploadId, Import)>,
}

struct ActiveUpload {
    id: UploadId,
    /// The stream to close when the upload ends. A form has none.
    stream: Option<Handle<UploadStream>>,
    state: UploadState,
}

/// The states of an upload, in their order. The end of an upload removes it in any state: its
/// completion, a failure, a cancellation, a demotion of its user, or a disconnection.
enum UploadState {
    /// The stream receives packets.
    ReceivingPackets,
    /// The file store receives a form.
    ReceivingForm(Box<dyn WebUpload>),
    /// The client has declared the package complete, and the file store verifies it.
    Verifying,
    /// The target creates a content from the package, or adds the package to one.
    Creating,
}

impl UploadManager {
    pub(in crate::server) fn new(
        meeting: MeetingContext,
        target: impl PackageTarget + 'static,
    ) -> Self {
        Self {
            meeting,
            target: Box::new(target),
            uploads: Vec::new(),
            last_number: 0,
            #[cfg(feature = "offline")]
            kept: Kept::default(),
        }
    }

    /// Checks whether this client may start an upload with this cookie.
    fn admit(&self, cx: &Context<Self>, id: UploadId) -> Result<(), UploadFinishReason> {
        use UploadFinishReason as Reason;
        let (policy, limits) = (self.meeting.policy(), self.meeting.limits());
        if !policy.may_upload(self.meeting.role(cx, id.user)) {
            return Err(Reason::UnknownFailure);
        }
        if self.by_cookie(id).is_some() {
            return Err(Reason::AlreadyUploading);
        }
        if self.uploads.iter().filter(|upload| upload.id.user == id.user).count() >= limits.uploads
        {
            return Err(Reason::TooManyUploads);
        }
        if self.target.is_full_for(cx, id.peer) {
            return Err(Reason::TooManyContents);
        }
        Ok(())
    }

    /// Counts a refusal by the limit that caused it.
    fn count(&self, reason: UploadFinishReason) {
        let limit = match reason {
            UploadFinishReason::TooManyUploads => "uploads_per_user",
            UploadFinishReason::TooManyContents => "contents",
            UploadFinishReason::MaxPackageSizeExceeded => "package_size",
            _ => return,
        };
        self.meeting.limits().hits.count(limit);
    }

    /// Admits an upload in packets and connects its stream.
    fn open_stream(
        &self,
        cx: &mut Context<Self>,
        id: UploadId,
        (packed, unpacked): (i64, i64),
    ) -> Result<Handle<UploadStream>, UploadFinishReason> {
        use UploadFinishReason as Reason;
        self.admit(cx, id)?;
        let size = |length: i64| u64::try_from(length).map_err(|_| Reason::VerifyFailed);
        let lengths = (size(packed)?, size(unpacked)?);
        let limits = self.meeting.limits();
        if lengths.0.max(lengths.1) > limits.package_size {
            return Err(Reason::MaxPackageSizeExceeded);
        }
        let sink = self.meeting.files().begin(lengths.0).map_err(|error| error.finish_reason())?;
        let reports = Mailbox::of(cx.handle());
        let stream = UploadStream::new(sink, reports, id, lengths, limits.upload_idle);
        let stream = cx.add_while_connected(stream);
        if cx.caller().connect("uploadStreams", stream).is_err() {
            cx.remove(stream);
            return Err(Reason::UnknownFailure);
        }
        Ok(stream)
    }

    /// Admits an upload of the single file that a manifest names, by the form of a browser.
    fn open_form(
        &self,
        cx: &Context<Self>,
        id: UploadId,
        manifest: &str,
    ) -> Result<Box<dyn WebUpload>, UploadFinishReason> {
        self.admit(cx, id)?;
        let manifest = Manifest::parse(manifest).map_err(|error| {
            tracing::debug!(user = id.user, cookie = id.cookie, %error, "rejected a manifest");
            UploadFinishReason::VerifyFailed
        })?;
        // A form carries exactly one file.
        if manifest.files().len() != 1 {
            return Err(UploadFinishReason::VerifyFailed);
        }
        self.meeting.files().web_upload(manifest).map_err(|error| error.finish_reason())
    }

    /// Returns the URL for one decrypted download of a file by this client.
    fn permit_download(
        &self,
        cx: &Context<Self>,
        client: UploadId,
        obfuscated_name: &str,
        is_attachment: bool,
    ) -> Result<String, DownloadFinishReason> {
        use DownloadFinishReason as Reason;
        let (file, name) = self.target.find_file(cx, client.peer, obfuscated_name)?;
        let download = WebDownload { file, name, is_attachment, user: client.user };
        self.meeting.files().web_download(download).map_err(|error| match error {
            StoreError::Unsupported => Reason::NotSupported,
            error => {
                tracing::debug!(user = client.user, %error, "failed to permit a download");
                Reason::UnknownFailure
            }
        })
    }

    /// Returns the position of an upload.
    fn position(&self, id: UploadId) -> Option<usize> {
        self.uploads.iter().position(|upload| upload.id.number == id.number)
    }

    /// Returns the position of this client's upload with this cookie.
    fn by_cookie(&self, id: UploadId) -> Option<usize> {
        let matches =
            |upload: &ActiveUpload| upload.id.peer == id.peer && upload.id.cookie == id.cookie;
        self.uploads.iter().position(matches)
    }

    /// Starts the verification of a complete package. It runs outside of the space.
    fn verify(
        cx: &mut Context<Self>,
        id: UploadId,
        verification: StoreFuture<'static, Result<Import, StoreError>>,
    ) {
        cx.spawn(verification, move |manager, cx, result| match result {
            Ok(import) => manager.create(cx, id, import),
            Err(error) => {
                tracing::info!(user = id.user, cookie = id.cookie, %error, "rejected a package");
                manager.finish(cx, id, error.finish_reason());
            }
        });
    }

    /// Passes a verified package to the target.
    fn create(&mut self, cx: &mut Context<Self>, id: UploadId, import: Import) {
        let upload = self.position(id).map(|position| &mut self.uploads[position]);
        let Some(upload) = upload else {
            // The upload ended during the verification, so nothing uses the files.
            return import.files.values().for_each(|file| self.meeting.files().remove(&file.name));
        };
        upload.state = UploadState::Creating;
        #[cfg(feature = "offline")]
        if self.kept.expected.get(&id.peer) == Some(&id.cookie) {
            self.forget_kept(id.peer);
            self.kept.packages.insert(id.peer, (id, import));
            return self.finish(cx, id, UploadFinishReason::Ok);
        }
        let this = cx.handle();
        let reply = move |scope: &mut psom::Scope, reason| {
            scope.tell(this, move |uploads, cx| uploads.finish(cx, id, reason));
        };
        self.target.take_package(cx, id, import, Box::new(reply));
    }

    /// Ends an upload: closes its stream and sends the reason to the client. Has no effect on an
    /// upload that has ended.
    fn finish(&mut self, cx: &mut Context<Self>, id: UploadId, reason: UploadFinishReason) {
        let Some(position) = self.position(id) else { return };
        let upload = self.uploads.remove(position);
        if reason == UploadFinishReason::UserCancel {
            // A client can start and cancel any number of uploads.
            tracing::debug!(user = id.user, cookie = id.cookie, "upload cancelled");
        } else {
            tracing::info!(user = id.user, cookie = id.cookie, %reason, "upload ended");
        }
        if let Some(stream) = upload.stream {
            cx.tell(stream, |stream, cx| stream.close(cx));
        }
        if let Some(client) = cx.peer(id.peer) {
            client.c_upload_finished(id.cookie, reason);
        }
    }

    /// Ends all uploads of a user who may not upload any more.
    pub(in crate::server) fn on_demoted(&mut self, cx: &mut Context<Self>, user: i64) {
        let ids = self.uploads.iter().map(|upload| upload.id).filter(|id| id.user == user);
        let ids: Vec<_> = ids.collect();
        for id in ids {
            self.finish(cx, id, UploadFinishReason::UnknownFailure);
        }
        #[cfg(feature = "offline")]
        {
            let kept = self.kept.packages.values().map(|(id, _)| *id);
            let peers: Vec<_> = kept.filter(|id| id.user == user).map(|id| id.peer).collect();
            for peer in peers {
                self.forget_kept(peer);
            }
        }
    }

    /// Keeps the caller's upload with this cookie until a recorded action takes it.
    #[cfg(feature = "offline")]
    pub(in crate::server) fn keep(&mut self, cx: &mut Context<Self>, cookie: i32) {
        if let Some(peer) = cx.caller().id() {
            self.forget_kept(peer);
            self.kept.expected.insert(peer, cookie);
        }
    }

    /// Returns the caller's package that was kept.
    #[cfg(feature = "offline")]
    pub(in crate::server) fn take_kept(
        &mut self,
        cx: &mut Context<Self>,
    ) -> Option<(UploadId, Import)> {
        self.kept.packages.remove(&cx.caller().id()?)
    }

    /// Removes the kept package of a connection and its files.
    #[cfg(feature = "offline")]
    fn forget_kept(&mut self, peer: PeerId) {
        self.kept.expected.remove(&peer);
        let files = self.kept.packages.remove(&peer).map(|(_, import)| import.files);
        for file in files.iter().flat_map(BTreeMap::values) {
            self.meeting.files().remove(&file.name);
        }
    }

    /// Returns an identifier for a request of the caller.
    fn next_id(&mut self, cx: &mut Context<Self>, cookie: i32) -> Option<UploadId> {
        self.last_number += 1;
        let caller = cx.caller();
        let (peer, user) = (caller.id()?, caller.user().id);
        Some(UploadId { peer, user, cookie, number: self.last_number })
    }
}

impl Receive<StreamReport> for UploadManager {
    fn receive(&mut self, cx: &mut Context<Self>, report: StreamReport) {
        match report.outcome {
            Ok(verification) => Self::verify(cx, report.upload, verification),
            Err(reason) => self.finish(cx, report.upload, reason),
        }
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
        let Some(id) = self.next_id(cx, cookie) else { return };
        match self.open_stream(cx, id, (packed_length, unpacked_length)) {
            Ok(stream) => {
                tracing::debug!(user = id.user, cookie, packed_length, "upload started");
                let state = UploadState::ReceivingPackets;
                self.uploads.push(ActiveUpload { id, stream: Some(stream), state });
                cx.caller().c_accept_upload(cookie, stream.into());
            }
            Err(reason) => {
                self.count(reason);
                tracing::debug!(user = id.user, cookie, %reason, "rejected an upload");
                cx.caller().c_reject_upload(cookie, reason);
            }
        }
    }

    fn s_upload_finished(&mut self, cx: &mut Context<Self>, cookie: i32, cancel: bool) {
        let Some(request) = self.next_id(cx, cookie) else { return };
        let Some(position) = self.by_cookie(request) else {
            cx.caller().c_upload_finished(cookie, UploadFinishReason::NotUploading);
            return;
        };
        let upload = &mut self.uploads[position];
        let id = upload.id;
        if cancel {
            return self.finish(cx, id, UploadFinishReason::UserCancel);
        }
        match std::mem::replace(&mut upload.state, UploadState::Verifying) {
            UploadState::ReceivingPackets => {
                let sent =
                    upload.stream.map(|it| cx.try_tell(it, |stream, cx| stream.complete(cx)));
                if !matches!(sent, Some(Ok(()))) {
                    self.finish(cx, id, UploadFinishReason::VerifyFailed);
                }
            }
            UploadState::ReceivingForm(form) => Self::verify(cx, id, form.finish()),
            state @ (UploadState::Verifying | UploadState::Creating) => upload.state = state,
        }
    }

    fn s_request_web_upload_blob(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        manifest_xml: &str,
    ) {
        let Some(id) = self.next_id(cx, cookie) else { return };
        match self.open_form(cx, id, manifest_xml) {
            Ok(form) => {
                tracing::info!(user = id.user, cookie, "upload through a browser started");
                cx.caller().c_accept_web_upload(cookie, form.url());
                let state = UploadState::ReceivingForm(form);
                self.uploads.push(ActiveUpload { id, stream: None, state });
            }
            Err(reason) => {
                self.count(reason);
                tracing::debug!(user = id.user, cookie, %reason, "rejected an upload");
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
        let Some(client) = self.next_id(cx, cookie) else { return };
        match self.permit_download(cx, client, obfuscated_name, is_attachment) {
            Ok(url) => {
                cx.caller().c_accept_web_download(cookie, &url);
            }
            Err(reason) => {
                tracing::debug!(user = client.user, cookie, %reason, "rejected a download");
                cx.caller().c_reject_web_download(cookie, reason);
            }
        }
    }
}

impl Lifecycle for UploadManager {
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let caller = cx.caller().id();
        #[cfg(feature = "offline")]
        if let Some(peer) = caller {
            self.forget_kept(peer);
        }
        for upload in self.uploads.extract_if(.., |upload| Some(upload.id.peer) == caller) {
            // The client may keep the stream connected, but its bytes are not needed.
            if let Some(stream) = upload.stream {
                cx.remove(stream);
            }
        }
    }
}
