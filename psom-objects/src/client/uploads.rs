use std::{
    collections::{HashMap, HashSet},
    io,
};

use bytes::Bytes;
use psom::{
    CallError, Context, Handle, Lifecycle, ObjectRef, Violation, distributed_object,
    error::{AskError, Misuse},
};

use super::{
    asking::ask,
    event::{Event, UploadEvent},
    root::Root,
    upload::{PackageReader, Source, Upload},
};
use crate::{
    interfaces::{
        UploadManagerClient, UploadManagerServer, UploadStreamClient, UploadStreamServer,
    },
    types::{DownloadFinishReason, UploadFinishReason},
};

/// Follows the uploads of this client and sends their packages.
#[distributed_object(
    serves = UploadManagerClient,
    calls = UploadManagerServer
)]
pub(super) struct ClientUploads {
    streams: HashMap<i32, Handle<ClientUploadStream>>,
    /// Requested uploads that the server has not answered yet.
    requested: HashSet<i32>,
    /// The number of connected streams that no upload has claimed yet.
    unclaimed_streams: usize,
    /// Uploads that the server has rejected. Nothing more is sent about them (section 3.2.4.1.4.1).
    rejected: HashSet<i32>,
    /// Requested downloads that the server has not answered yet.
    downloads: HashSet<i32>,
    /// Packages that are sent as soon as the server accepts them.
    packages: HashMap<i32, Sending>,
    /// The files that a browser sends.
    forms: HashMap<i32, Form>,
    pub(super) root: Root,
    /// Whether the server has connected this object.
    pub(super) is_connected: bool,
}

/// A package that is being sent.
struct Sending {
    upload: Upload,
    sent_bytes: u64,
    arrived_bytes: u64,
    is_finished: bool,
}

/// A file that a browser sends as a form after the server has sent the URL.
struct Form {
    manifest: String,
    has_title: bool,
    is_requested: bool,
    is_accepted: bool,
}

/// The size of the data of an `sWrite` in bytes. It is far below the limit of a record (1 MiB).
const PIECE_BYTES: usize = 64 << 10;

/// Upper bound on the sent bytes of a package that have not arrived: eight writes. They keep a fast
/// connection busy and leave room in the send queue for other calls.
const MAX_IN_FLIGHT_BYTES: u64 = 8 * PIECE_BYTES as u64;

/// Upper bound on the streams that a server may connect in addition to those for which uploads
/// wait. A server can connect a stream and then reject the upload.
const MAX_SPARE_STREAMS: usize = 100;

#[distributed_object]
impl ClientUploads {
    /// Connects a stream. All streams have the same part name. `cAcceptUpload` assigns a stream to
    /// an upload.
    #[child("uploadStreams")]
    fn stream_connected(
        &mut self,
        cx: &mut Context<Self>,
    ) -> Result<Handle<ClientUploadStream>, Violation> {
        if self.unclaimed_streams >= self.requested.len() + MAX_SPARE_STREAMS {
            return Err(Violation::new("too many upload streams without an upload"));
        }
        self.unclaimed_streams += 1;
        let manager = cx.handle();
        Ok(cx.add_while_connected(ClientUploadStream::new(self.root.clone(), manager)))
    }
}

impl ClientUploads {
    pub(super) fn new(root: Root) -> Self {
        Self {
            streams: HashMap::new(),
            requested: HashSet::new(),
            unclaimed_streams: 0,
            rejected: HashSet::new(),
            downloads: HashSet::new(),
            packages: HashMap::new(),
            forms: HashMap::new(),
            root,
            is_connected: false,
        }
    }

    pub(super) fn stream(&self, cookie: i32) -> Option<Handle<ClientUploadStream>> {
        self.streams.get(&cookie).copied()
    }

    /// Refuses a cookie that has an upload already, or whose upload was rejected.
    pub(super) fn check_unused(&self, cookie: i32) -> Result<(), CallError> {
        let is_used = self.requested.contains(&cookie)
            || self.streams.contains_key(&cookie)
            || self.forms.contains_key(&cookie)
            || self.rejected.contains(&cookie);
        if is_used {
            return Err(CallError::NotNow("the cookie has already been used; use the next one"));
        }
        Ok(())
    }

    /// Refuses to end an upload that the server has not accepted.
    pub(super) fn check_accepted(&self, cookie: i32) -> Result<(), CallError> {
        let form = self.forms.get(&cookie);
        if self.streams.contains_key(&cookie) || form.is_some_and(|form| form.is_accepted) {
            return Ok(());
        }
        Err(CallError::NotNow(
            "the server has no upload under this cookie; wait until it is accepted, and end it once",
        ))
    }

    /// Sends a package, after its title is reserved if it needs one.
    pub(super) fn send(&mut self, cx: &mut Context<Self>, cookie: i32, upload: Upload) {
        let waits_for_title = upload.title.is_some();
        self.insert(cookie, upload);
        if !waits_for_title {
            self.request(cx, cookie);
        }
    }

    /// Sends a package whose title is reserved under the cookie.
    pub(super) fn send_reserved(&mut self, cx: &mut Context<Self>, cookie: i32, upload: Upload) {
        self.insert(cookie, upload);
        self.request(cx, cookie);
    }

    fn insert(&mut self, cookie: i32, upload: Upload) {
        let sending = Sending { upload, sent_bytes: 0, arrived_bytes: 0, is_finished: false };
        self.packages.insert(cookie, sending);
    }

    /// Requests the URL for a form, after the title is reserved if it needs one.
    pub(super) fn send_form(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        manifest: String,
        has_title: bool,
    ) {
        let form = Form { manifest, has_title, is_requested: false, is_accepted: false };
        self.forms.insert(cookie, form);
        if !has_title {
            self.request(cx, cookie);
        }
    }

    /// Handles the answer to the reservation of a title.
    pub(super) fn title_answered(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        is_reserved: bool,
    ) {
        if is_reserved {
            self.request(cx, cookie);
        } else {
            self.packages.remove(&cookie);
            self.forms.remove(&cookie);
        }
    }

    fn request(&mut self, cx: &mut Context<Self>, cookie: i32) {
        if let Some(form) = self.forms.get_mut(&cookie) {
            let asked = ask(
                cx,
                cookie,
                |server, cookie| server.s_request_web_upload_blob(cookie, &form.manifest),
                move |uploads, cx, answer| uploads.answered(cx, cookie, answer),
            );
            form.is_requested = asked.is_ok();
            let is_requested = form.is_requested;
            self.root.check_request(cx, cookie, "request an upload through a browser", asked);
            if !is_requested {
                self.remove(cx, cookie, UploadFinishReason::UnknownFailure);
            }
        }
        let Some(Sending { upload, .. }) = self.packages.get(&cookie) else { return };
        let length = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let (packed, unpacked) = (length(upload.packed_bytes), length(upload.unpacked_bytes));
        self.request_stream(cx, cookie, packed, unpacked);
    }

    /// Requests a stream.
    pub(super) fn request_stream(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        packed_bytes: i64,
        unpacked_bytes: i64,
    ) {
        const ACTION: &str = "request an upload";
        // Two requests of the same turn can have the same cookie.
        if let Err(error) = self.check_unused(cookie) {
            let (action, reason) = (ACTION, error.to_string());
            return self.root.report(cx, Event::NotSent { action, reason });
        }
        let asked = ask(
            cx,
            cookie,
            |server, cookie| server.s_request_upload(packed_bytes, unpacked_bytes, cookie),
            move |uploads, cx, answer| uploads.answered(cx, cookie, answer),
        );
        if asked.is_ok() {
            self.requested.insert(cookie);
        }
        self.root.check_request(cx, cookie, ACTION, asked);
    }

    /// Announces the end of an upload, or cancels it.
    pub(super) fn end(&self, cx: &mut Context<Self>, cookie: i32, cancel: bool) {
        const ACTION: &str = "end an upload";
        let asked = ask(
            cx,
            cookie,
            |server, cookie| server.s_upload_finished(cookie, cancel),
            move |uploads, cx, answer| uploads.answered(cx, cookie, answer),
        );
        if let Err(AskError::Call(CallError::Misuse(Misuse::CookieInUse(_)))) = asked {
            // The upload is cancelled while the server verifies it. One answer ends both.
            let sent = cx.peers().s_upload_finished(cookie, cancel);
            self.root.check(cx, ACTION, sent);
        } else {
            self.root.check_request(cx, cookie, ACTION, asked);
        }
    }

    /// Requests the URL of a decrypted file.
    pub(super) fn request_download(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        name: &str,
        is_attachment: bool,
    ) {
        let asked = ask(
            cx,
            cookie,
            |server, cookie| server.s_request_web_download_blob(cookie, name, is_attachment),
            move |uploads, cx, answer| match answer {
                Err(AskError::TimedOut) => {
                    let reason = DownloadFinishReason::UnknownFailure;
                    uploads.c_reject_web_download(cx, cookie, reason);
                }
                answer => uploads.answered(cx, cookie, answer),
            },
        );
        if asked.is_ok() {
            self.downloads.insert(cookie);
        }
        self.root.check_request(cx, cookie, "request a decrypted file", asked);
    }

    /// Sends the next bytes of a package up to [`MAX_IN_FLIGHT_BYTES`], and announces its end when
    /// all bytes have arrived.
    fn send_more(&mut self, cx: &mut Context<Self>, cookie: i32) {
        let (Some(stream), Some(sending)) = (self.stream(cookie), self.packages.get_mut(&cookie))
        else {
            return;
        };
        // Nothing is sent after a cancellation.
        if sending.is_finished {
            return;
        }
        let Sending { upload: Upload { source, packed_bytes, .. }, sent_bytes, .. } = sending;
        while sent_bytes < packed_bytes && *sent_bytes - sending.arrived_bytes < MAX_IN_FLIGHT_BYTES
        {
            let left = usize::try_from(*packed_bytes - *sent_bytes).unwrap_or(usize::MAX);
            let max_bytes = left.min(PIECE_BYTES);
            match source {
                Source::Memory(bytes) => {
                    let piece = bytes.split_to(max_bytes.min(bytes.len()));
                    *sent_bytes += max_bytes as u64;
                    cx.tell(stream, move |stream, cx| stream.write(cx, piece));
                }
                Source::Reader(reader) => {
                    if let Some(reader) = reader.take() {
                        let read = read(reader, max_bytes);
                        cx.spawn(read, move |this, cx, (reader, piece)| {
                            this.piece_was_read(cx, cookie, reader, piece);
                        });
                    }
                    return;
                }
            }
        }
        if sending.arrived_bytes == *packed_bytes {
            sending.is_finished = true;
            self.end(cx, cookie, false);
        }
    }

    /// Sends a piece that was read, and continues. Cancels the upload if the read has failed.
    fn piece_was_read(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reader: Box<dyn PackageReader>,
        piece: io::Result<Bytes>,
    ) {
        // The server may have ended the upload meanwhile.
        let (Some(stream), Some(sending)) = (self.stream(cookie), self.packages.get_mut(&cookie))
        else {
            return;
        };
        if sending.is_finished {
            return;
        }
        match piece {
            Ok(piece) => {
                sending.sent_bytes += piece.len() as u64;
                sending.upload.source = Source::Reader(Some(reader));
                cx.tell(stream, move |stream, cx| stream.write(cx, piece));
                self.send_more(cx, cookie);
            }
            Err(error) => {
                let (action, reason) = ("read the package", error.to_string());
                sending.is_finished = true;
                self.root.report(cx, Event::NotSent { action, reason });
                self.end(cx, cookie, true);
            }
        }
    }

    /// Sets the number of bytes of an upload that have arrived.
    fn bytes_arrived(&mut self, cx: &mut Context<Self>, cookie: i32, arrived_bytes: u64) {
        if let Some(sending) = self.packages.get_mut(&cookie) {
            sending.arrived_bytes = arrived_bytes.min(sending.sent_bytes);
            self.send_more(cx, cookie);
        }
    }

    /// Handles the end of a stream. If the server has ended it before the whole package was sent, the
    /// upload is cancelled, so that the server says why (section 3.3.4.1.4).
    fn stream_ended(&mut self, cx: &mut Context<Self>, cookie: i32) {
        let sending = self.packages.get_mut(&cookie).filter(|_| self.streams.contains_key(&cookie));
        let Some(sending) = sending else { return };
        if !std::mem::replace(&mut sending.is_finished, true) {
            self.end(cx, cookie, true);
            self.report(cx, cookie, UploadEvent::Disconnected);
        }
    }

    /// Removes an upload that has ended.
    fn remove(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason) {
        self.requested.remove(&cookie);
        let sending = self.packages.remove(&cookie);
        let form = self.forms.remove(&cookie);
        // Release the title, so that the user can retry with it.
        let has_title = sending.is_some_and(|sending| sending.upload.title.is_some())
            || form.is_some_and(|form| form.has_title);
        if reason != UploadFinishReason::Ok && has_title {
            self.root.release_title(cx, cookie);
        }
        if let Some(stream) = self.streams.remove(&cookie) {
            cx.remove(stream);
        }
    }

    pub(super) fn report(&self, cx: &mut Context<Self>, cookie: i32, event: UploadEvent) {
        self.root.report(cx, Event::Upload { cookie, event });
    }
}

/// Reads the next piece of a package. Fails if the reader returns no bytes, or more than requested.
async fn read(
    mut reader: Box<dyn PackageReader>,
    max_bytes: usize,
) -> (Box<dyn PackageReader>, io::Result<Bytes>) {
    let piece = match reader.read(max_bytes).await {
        Ok(piece) if piece.is_empty() => {
            let why = "the package is shorter than announced";
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, why))
        }
        Ok(piece) if piece.len() > max_bytes => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the reader returned too many bytes"))
        }
        piece => piece,
    };
    (reader, piece)
}

impl Lifecycle for ClientUploads {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.is_connected = true;
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.is_connected = false;
        self.requested.clear();
        self.rejected.clear();
        self.downloads.clear();
        self.streams.clear();
        self.packages.clear();
        self.forms.clear();
    }
}

impl UploadManagerClient for ClientUploads {
    fn c_accept_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        stream: ObjectRef,
    ) -> Result<(), Violation> {
        let Some(stream) = cx.resolve::<ClientUploadStream>(stream)? else {
            return Err(Violation::new("cAcceptUpload has no stream"));
        };
        if !self.requested.remove(&cookie) {
            return Err(Violation::new("cAcceptUpload of an upload that was not requested"));
        }
        if cx.get(stream).is_ok_and(|stream| stream.cookie.is_some()) {
            return Err(Violation::new("cAcceptUpload has the stream of another upload"));
        }
        self.unclaimed_streams = self.unclaimed_streams.saturating_sub(1);
        self.streams.insert(cookie, stream);
        cx.tell(stream, move |stream, _| stream.cookie = Some(cookie));
        self.report(cx, cookie, UploadEvent::Accepted);
        self.send_more(cx, cookie);
        Ok(())
    }

    fn c_reject_upload(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason) {
        let form = self.forms.get(&cookie);
        if self.requested.contains(&cookie) || form.is_some_and(|form| form.is_requested) {
            self.rejected.insert(cookie);
        }
        self.remove(cx, cookie, reason);
        self.report(cx, cookie, UploadEvent::Rejected { reason });
    }

    fn c_set_available_space(&mut self, _: i64) {}

    fn c_upload_finished(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: UploadFinishReason,
    ) {
        self.remove(cx, cookie, reason);
        self.report(cx, cookie, UploadEvent::Finished { reason });
    }

    fn c_accept_web_upload(&mut self, cx: &mut Context<Self>, cookie: i32, upload_url: String) {
        // The specification does not forbid a server to repeat the call. A repetition has no
        // effect.
        let form = self.forms.get_mut(&cookie);
        if let Some(form) = form.filter(|form| form.is_requested && !form.is_accepted) {
            form.is_accepted = true;
            self.report(cx, cookie, UploadEvent::WebUploadAccepted { url: upload_url });
        }
    }

    fn c_accept_web_download(&mut self, cx: &mut Context<Self>, cookie: i32, download_url: String) {
        if self.downloads.remove(&cookie) {
            self.root.report(cx, Event::WebDownloadAccepted { cookie, url: download_url });
        }
    }

    fn c_reject_web_download(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: DownloadFinishReason,
    ) {
        if self.downloads.remove(&cookie) {
            self.root.report(cx, Event::WebDownloadRejected { cookie, reason });
        }
    }
}

/// Sends the bytes of one upload.
#[distributed_object(
    serves = UploadStreamClient,
    calls = UploadStreamServer
)]
pub(super) struct ClientUploadStream {
    cookie: Option<i32>,
    last_packet: i32,
    written_bytes: u64,
    received_bytes: u64,
    root: Root,
    manager: Handle<ClientUploads>,
}

impl ClientUploadStream {
    fn new(root: Root, manager: Handle<ClientUploads>) -> Self {
        Self { cookie: None, last_packet: 0, written_bytes: 0, received_bytes: 0, root, manager }
    }

    pub(super) fn write(&mut self, cx: &mut Context<Self>, data: Bytes) {
        // A package has far fewer than two billion writes.
        self.last_packet = self.last_packet.saturating_add(1);
        let length = data.len() as u64;
        let sent = cx.peers().s_write(data, self.last_packet);
        if sent.reached > 0 {
            self.written_bytes += length;
        }
        self.root.check(cx, "send a part of a file", sent);
    }
}

impl Lifecycle for ClientUploadStream {
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        match self.cookie {
            Some(cookie) => {
                cx.tell(self.manager, move |manager, cx| manager.stream_ended(cx, cookie));
            }
            None => cx.tell(self.manager, |manager, _| {
                manager.unclaimed_streams = manager.unclaimed_streams.saturating_sub(1);
            }),
        }
    }
}

impl UploadStreamClient for ClientUploadStream {
    fn c_disconnect(&mut self, cx: &mut Context<Self>) {
        // `cUploadFinished` carries the reason.
        let _ = cx.peers().close();
        if let Some(cookie) = self.cookie {
            cx.tell(self.manager, move |manager, cx| manager.stream_ended(cx, cookie));
        }
    }

    fn c_write_complete(&mut self, cx: &mut Context<Self>, n_bytes: i32) {
        let received = u64::try_from(n_bytes).ok().map(|bytes| self.received_bytes + bytes);
        let Some(received) = received.filter(|received| *received <= self.written_bytes) else {
            return cx
                .caller()
                .expel(Violation::new("cWriteComplete of more bytes than were written"));
        };
        self.received_bytes = received;
        if let Some(cookie) = self.cookie {
            let event = UploadEvent::Progress { received };
            self.root.report(cx, Event::Upload { cookie, event });
            cx.tell(self.manager, move |manager, cx| {
                manager.bytes_arrived(cx, cookie, received);
            });
        }
    }
}
