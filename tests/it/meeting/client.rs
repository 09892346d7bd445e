//! A client that only records its calls.

use std::sync::{Arc, Mutex};

use psom::{Context, Handle, ObjectRef, Scope, Violation, distributed_object};
use psom_objects::{
    interfaces::*,
    types::{self, *},
};

/// Every received call in order, as `object.method arguments`.
pub(super) type Log = Arc<Mutex<Vec<String>>>;

macro_rules! note {
    ($self:ident, $($format:tt)*) => { $self.log.lock().unwrap().push(format!($($format)*)) };
}

#[distributed_object(serves = MeetingClient, calls = MeetingServer)]
pub(super) struct Client {
    pub log: Log,
    #[child("contentUserManager")]
    pub users: Handle<Users>,
    #[child("contentManager")]
    pub contents: Handle<Contents>,
    pub uploads: Handle<Uploads>,
}

impl Client {
    pub(super) fn new(scope: &mut Scope) -> Self {
        let log = Log::default();
        let users = scope.add(Users { log: Arc::clone(&log) });
        let uploads = scope.add(Uploads { log: Arc::clone(&log), streams: Vec::new() });
        let contents = scope.add(Contents { log: Arc::clone(&log), uploads });
        Self { log, users, contents, uploads }
    }
}

impl MeetingClient for Client {
    fn c_meeting_ready(&mut self, _: &mut Context<Self>) {
        note!(self, "meeting.ready");
    }
    fn c_set_info(&mut self, _: &str) {}
    fn c_set_server_time(&mut self, _: &mut Context<Self>, time: String) {
        note!(self, "meeting.time {time}");
    }
    fn c_set_url_base(&mut self, _: &mut Context<Self>, base: String) {
        note!(self, "meeting.base {base}");
    }
}

#[distributed_object(serves = ContentUserManagerClient, calls = ContentUserManagerServer)]
pub(super) struct Users {
    log: Log,
}

impl psom::Lifecycle for Users {
    fn connected(&mut self, _: &mut Context<Self>) {
        note!(self, "users.connected");
    }
}

impl ContentUserManagerClient for Users {
    fn c_users_added(
        &mut self,
        _: &mut Context<Self>,
        ids: Vec<i64>,
        uris: Vec<String>,
        names: Vec<String>,
    ) -> Result<(), Violation> {
        note!(self, "users.added {ids:?} {} {}", uris.join(","), names.join(","));
        Ok(())
    }
    fn c_users_removed(&mut self, _: &mut Context<Self>, ids: Vec<i64>) {
        note!(self, "users.removed {ids:?}");
    }
}

#[distributed_object(
    serves = ContentManagerClient,
    calls = ContentManagerServer,
    connects = Content
)]
pub(super) struct Contents {
    log: Log,
    #[child("uploadManager")]
    uploads: Handle<Uploads>,
}

impl psom::Lifecycle for Contents {
    fn connected(&mut self, _: &mut Context<Self>) {
        note!(self, "contents.connected");
    }
}

impl ContentManagerClient for Contents {
    fn c_content_added(&mut self, _: &mut Context<Self>, id: i64, kind: String) {
        note!(self, "contents.added {id} {kind}");
    }
    fn c_content_created(&mut self, _: &mut Context<Self>, id: i64, cookie: i32) {
        note!(self, "contents.created {id} for {cookie}");
    }
    fn c_content_creation_failed(&mut self, _: i32, _: i32) {}
    fn c_content_removed(&mut self, _: &mut Context<Self>, id: i64) {
        note!(self, "contents.removed {id}");
    }
    fn c_reserve_title_completed(
        &mut self,
        _: &mut Context<Self>,
        status: TitleReservationStatus,
        cookie: i32,
        content: i64,
        owner: i64,
    ) {
        note!(self, "contents.reserved {status:?} {cookie} content {content} owner {owner}");
    }
    fn c_set_active_content(&mut self, _: &mut Context<Self>, id: i64) {
        note!(self, "contents.active content {id}");
    }
    fn c_set_active_presenter(&mut self, _: &mut Context<Self>, id: i64) {
        note!(self, "contents.active presenter {id}");
    }
    fn c_title_released(&mut self, _: &mut Context<Self>, cookie: i32) {
        note!(self, "contents.released {cookie}");
    }
}

#[distributed_object(serves = UploadManagerClient, calls = UploadManagerServer)]
pub(super) struct Uploads {
    log: Log,
    pub streams: Vec<Handle<Stream>>,
}

#[distributed_object]
impl Uploads {
    #[child("uploadStreams")]
    fn stream(&mut self, cx: &mut Context<Self>) -> Handle<Stream> {
        let stream = cx.add(Stream { log: Arc::clone(&self.log) });
        self.streams.push(stream);
        stream
    }
}

impl UploadManagerClient for Uploads {
    fn c_accept_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        stream: ObjectRef,
    ) -> Result<(), Violation> {
        let stream = cx.resolve::<Stream>(stream)?;
        assert_eq!(stream, self.streams.last().copied(), "the stream that was just connected");
        note!(self, "uploads.accepted {cookie}");
        Ok(())
    }
    fn c_reject_upload(&mut self, _: &mut Context<Self>, cookie: i32, reason: UploadFinishReason) {
        note!(self, "uploads.rejected {cookie} {reason:?}");
    }
    fn c_set_available_space(&mut self, _: i64) {}
    fn c_upload_finished(
        &mut self,
        _: &mut Context<Self>,
        cookie: i32,
        reason: UploadFinishReason,
    ) {
        note!(self, "uploads.finished {cookie} {reason:?}");
    }
    fn c_accept_web_upload(&mut self, _: &mut Context<Self>, cookie: i32, url: String) {
        note!(self, "uploads.accepted at {url} {cookie}");
    }
    fn c_accept_web_download(&mut self, _: &mut Context<Self>, cookie: i32, url: String) {
        note!(self, "uploads.accepted download at {url} {cookie}");
    }
    fn c_reject_web_download(
        &mut self,
        _: &mut Context<Self>,
        cookie: i32,
        reason: DownloadFinishReason,
    ) {
        note!(self, "uploads.rejected download {cookie} {reason:?}");
    }
}

#[distributed_object(serves = UploadStreamClient, calls = UploadStreamServer)]
pub(super) struct Stream {
    log: Log,
}

impl UploadStreamClient for Stream {
    fn c_disconnect(&mut self, _: &mut Context<Self>) {
        note!(self, "stream.disconnect");
    }
    fn c_write_complete(&mut self, _: &mut Context<Self>, bytes: i32) {
        note!(self, "stream.complete {bytes}");
    }
}

#[distributed_object(serves = ContentClient, calls = ContentServer, connects = NativeFile)]
pub(super) struct Content {
    log: Log,
    id: i64,
}

impl Content {
    pub(super) fn new(log: Log, id: i64) -> Self {
        Self { log, id }
    }
}

impl ContentClient for Content {
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        note!(self, "content {}.completed", self.id);
    }
    fn c_force_sync(&mut self) {}
    fn c_set_creation_time(&mut self, _: &mut Context<Self>, time: String) {
        note!(self, "content {}.created {}", self.id, time.len());
    }
    fn c_set_last_used_time(&mut self, _: &mut Context<Self>, time: String) {
        note!(self, "content {}.used {}", self.id, time.len());
    }
    fn c_set_native_file_info(&mut self, _: &mut Context<Self>, file: types::NativeFile) {
        let types::NativeFile { name, key, iv, hash, size } = file;
        let lengths = [key.len(), iv.len(), hash.len()];
        note!(self, "content {}.file {name} {lengths:?} {size}", self.id);
    }
    fn c_set_owner_id(&mut self, _: &mut Context<Self>, id: i64) {
        note!(self, "content {}.owner {id}", self.id);
    }
    fn c_set_present_info(&mut self, _: &mut Context<Self>, presented: bool, by: i64) {
        note!(self, "content {}.presented {presented} by {by}", self.id);
    }
    fn c_set_presentation_order(&mut self, _: &mut Context<Self>, order: i64) {
        note!(self, "content {}.order {order}", self.id);
    }
    fn c_set_title(&mut self, _: &mut Context<Self>, title: String) {
        note!(self, "content {}.title {title}", self.id);
    }
    fn c_set_title_complete(
        &mut self,
        _: &mut Context<Self>,
        status: SetTitleStatus,
        title: String,
    ) {
        note!(self, "content {}.renamed {status:?} {title}", self.id);
    }
    fn c_set_visibility(&mut self, _: &mut Context<Self>, visibility: ContentVisibility) {
        note!(self, "content {}.visibility {visibility:?}", self.id);
    }
    fn c_set_original_file_url(&mut self, _: &mut Context<Self>, url: String) {
        note!(self, "content {}.original {url}", self.id);
    }
    fn c_set_viewing_url(&mut self, _: &mut Context<Self>, url: String) {
        note!(self, "content {}.viewing {url}", self.id);
    }
    fn c_set_recording_url(&mut self, _: &mut Context<Self>, _: String) {}
}

impl psom::Lifecycle for Content {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        note!(self, "content {}.closed", self.id);
    }
}

#[distributed_object(serves = NativeFileOnlyContentClient, calls = NativeFileOnlyContentServer)]
pub(super) struct NativeFile {
    pub log: Log,
}

impl psom::Lifecycle for NativeFile {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        note!(self, "extended.closed");
    }
}

impl NativeFileOnlyContentClient for NativeFile {
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        note!(self, "extended.completed");
    }
}
