use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use psom::{
    Context, Handle, Lifecycle, ObjectRef, Violation, distributed_object, error::CallError,
};

use super::{event::Event, parcel::Parcel, root::Root};
use crate::{
    interfaces::{self, UploadManagerClient, UploadStreamClient},
    types::{DownloadFinishReason, UploadFinishReason},
};

/// The packages on their way to the server.
#[distributed_object(
    serves = interfaces::UploadManagerClient,
    calls = interfaces::UploadManagerServer
)]
pub(super) struct UploadManager {
    streams: HashMap<i32, Handle<UploadStream>>,
    /// What the server was asked to take, and has not answered yet.
    requested: HashSet<i32>,
    /// How many streams are connected of which nothing is known yet.
    unclaimed: usize,
    /// What the server has refused: nothing more is said of it (section 3.2.4.1.4.1).
    refused: HashSet<i32>,
    /// The downloads that were asked for, and are not answered yet.
    downloads: HashSet<i32>,
    /// What is sent by itself as soon as the server takes it.
    parcels: HashMap<i32, Sending>,
    /// What a browser is to bring.
    forms: HashMap<i32, Form>,
    pub(super) root: Root,
    /// Whether the server has connected it.
    pub(super) is_connected: bool,
}

/// A parcel on its way.
struct Sending {
    parcel: Parcel,
    sent: usize,
    arrived: u64,
    ended: bool,
}

/// A file that somebody sends by a form, once the server has said where to.
struct Form {
    manifest: String,
    has_title: bool,
    is_requested: bool,
    is_taken: bool,
}

/// Bytes of one write of a parcel, and bytes that may be under way without having arrived.
const WRITE: usize = 64 << 10;
const WINDOW: u64 = 8 * WRITE as u64;

/// How many streams a server may connect beyond those that uploads wait for: it may change its
/// mind, and close them later.
const SPARE_STREAMS: usize = 100;

impl UploadManager {
    pub(super) fn new(root: Root) -> Self {
        Self {
            streams: HashMap::new(),
            requested: HashSet::new(),
            unclaimed: 0,
            refused: HashSet::new(),
            downloads: HashSet::new(),
            parcels: HashMap::new(),
            forms: HashMap::new(),
            root,
            is_connected: false,
        }
    }
}

#[distributed_object]
impl UploadManager {
    /// All streams have one name. Which upload a stream is for comes with `cAcceptUpload`.
    #[child("uploadStreams")]
    fn stream_connected(
        &mut self,
        cx: &mut Context<Self>,
    ) -> Result<Handle<UploadStream>, Violation> {
        if self.unclaimed >= self.requested.len() + SPARE_STREAMS {
            return Err(Violation::new("streams for no upload"));
        }
        self.unclaimed += 1;
        let manager = cx.handle();
        Ok(cx.add_while_connected(UploadStream::new(self.root.clone(), manager)))
    }
}

impl UploadManager {
    pub(super) fn stream(&self, cookie: i32) -> Option<Handle<UploadStream>> {
        self.streams.get(&cookie).copied()
    }

    /// Refuses another upload under a cookie that has one, or that the server wants to hear no more
    /// of.
    pub(super) fn check_new(&self, cookie: i32) -> Result<(), CallError> {
        let has_one = self.requested.contains(&cookie)
            || self.streams.contains_key(&cookie)
            || self.forms.contains_key(&cookie);
        match has_one || self.refused.contains(&cookie) {
            true => Err(CallError::NotNow("the cookie has had its upload; take the next one")),
            false => Ok(()),
        }
    }

    /// Refuses to end what the server has not taken: a client waits for the answer first.
    pub(super) fn check_taken(&self, cookie: i32) -> Result<(), CallError> {
        let form = self.forms.get(&cookie);
        match self.streams.contains_key(&cookie) || form.is_some_and(|form| form.is_taken) {
            true => Ok(()),
            false => Err(CallError::NotNow(
                "the server has no upload under this cookie; wait until it is accepted, and end it once",
            )),
        }
    }

    /// Sends a parcel, as soon as its title is reserved where it needs one.
    pub(super) fn send(&mut self, cx: &mut Context<Self>, cookie: i32, parcel: Parcel) {
        let waits = parcel.title.is_some();
        self.parcels.insert(cookie, Sending { parcel, sent: 0, arrived: 0, ended: false });
        if !waits {
            self.request(cx, cookie);
        }
    }

    /// Asks where to send a form to, as soon as the title is reserved where it needs one.
    pub(super) fn send_form(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        manifest: String,
        has_title: bool,
    ) {
        let form = Form { manifest, has_title, is_requested: false, is_taken: false };
        self.forms.insert(cookie, form);
        if !has_title {
            self.request(cx, cookie);
        }
    }

    /// The title under this cookie is reserved, or is not.
    pub(super) fn titled(&mut self, cx: &mut Context<Self>, cookie: i32, reserved: bool) {
        if reserved {
            self.request(cx, cookie);
        } else {
            self.parcels.remove(&cookie);
            self.forms.remove(&cookie);
        }
    }

    fn request(&mut self, cx: &mut Context<Self>, cookie: i32) {
        if let Some(form) = self.forms.get_mut(&cookie) {
            let sent = cx.peers().s_request_web_upload_blob(cookie, &form.manifest);
            form.is_requested = sent.reached > 0;
            let is_requested = form.is_requested;
            self.root.check(cx, "request an upload through a browser", sent);
            if !is_requested {
                self.over(cx, cookie, UploadFinishReason::UnknownFailure);
            }
        }
        let Some(Sending { parcel, .. }) = self.parcels.get(&cookie) else { return };
        let length = |length: u64| i64::try_from(length).unwrap_or(i64::MAX);
        let (packed, unpacked) = (length(parcel.bytes.len() as u64), length(parcel.unpacked));
        self.request_stream(cx, cookie, packed, unpacked);
    }

    /// Asks for a stream.
    pub(super) fn request_stream(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        packed: i64,
        unpacked: i64,
    ) {
        const ACTION: &str = "request an upload";
        // Several may have asked for the same in one turn.
        if let Err(error) = self.check_new(cookie) {
            let (action, reason) = (ACTION, error.to_string());
            return self.root.tell(cx, Event::NotSent { action, reason });
        }
        let sent = cx.peers().s_request_upload(packed, unpacked, cookie);
        if sent.reached > 0 {
            self.requested.insert(cookie);
        }
        self.root.check(cx, ACTION, sent);
    }

    /// Says that all was sent, or that the upload is given up.
    pub(super) fn end(&mut self, cx: &mut Context<Self>, cookie: i32, cancel: bool) {
        let sent = cx.peers().s_upload_finished(cookie, cancel);
        self.root.check(cx, "end an upload", sent);
    }

    /// Asks for the address of a decrypted file.
    pub(super) fn request_download(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        name: &str,
        is_attachment: bool,
    ) {
        let sent = cx.peers().s_request_web_download_blob(cookie, name, is_attachment);
        if sent.reached > 0 {
            self.downloads.insert(cookie);
        }
        self.root.check(cx, "request a decrypted file", sent);
    }

    /// Sends as much of a parcel as may be under way, and says so when all of it has arrived.
    fn go_on(&mut self, cx: &mut Context<Self>, cookie: i32) {
        let (Some(stream), Some(sending)) = (self.stream(cookie), self.parcels.get_mut(&cookie))
        else {
            return;
        };
        let total = sending.parcel.bytes.len();
        while sending.sent < total && sending.sent as u64 - sending.arrived < WINDOW {
            let end = total.min(sending.sent + WRITE);
            let piece = sending.parcel.bytes.slice(sending.sent..end);
            sending.sent = end;
            cx.tell(stream, move |stream, cx| stream.write(cx, piece));
        }
        if sending.arrived == total as u64 && !std::mem::replace(&mut sending.ended, true) {
            self.end(cx, cookie, false);
        }
    }

    /// So many bytes of an upload have arrived.
    fn arrived(&mut self, cx: &mut Context<Self>, cookie: i32, arrived: u64) {
        if let Some(sending) = self.parcels.get_mut(&cookie) {
            sending.arrived = arrived.min(sending.sent as u64);
            self.go_on(cx, cookie);
        }
    }

    fn over(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason) {
        self.requested.remove(&cookie);
        let sending = self.parcels.remove(&cookie);
        let form = self.forms.remove(&cookie);
        // Whoever tries again with the title must not stand in their own way.
        let has_title = sending.is_some_and(|sending| sending.parcel.title.is_some())
            || form.is_some_and(|form| form.has_title);
        if reason != UploadFinishReason::Ok && has_title {
            self.root.release_title(cx, cookie);
        }
        if let Some(stream) = self.streams.remove(&cookie) {
            cx.remove(stream);
        }
    }
}

impl Lifecycle for UploadManager {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.is_connected = true;
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.is_connected = false;
        self.requested.clear();
        self.refused.clear();
        self.downloads.clear();
        self.streams.clear();
        self.parcels.clear();
        self.forms.clear();
    }
}

impl UploadManagerClient for UploadManager {
    fn c_accept_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        stream: ObjectRef,
    ) -> Result<(), Violation> {
        let Some(stream) = cx.resolve::<UploadStream>(stream)? else {
            return Err(Violation::new("cAcceptUpload has no stream"));
        };
        if !self.requested.remove(&cookie) {
            return Err(Violation::new("cAcceptUpload of what was not requested"));
        }
        if cx.get(stream).is_ok_and(|stream| stream.cookie.is_some()) {
            return Err(Violation::new("cAcceptUpload has the stream of another upload"));
        }
        self.unclaimed = self.unclaimed.saturating_sub(1);
        self.streams.insert(cookie, stream);
        cx.tell(stream, move |stream, _| stream.cookie = Some(cookie));
        self.root.tell(cx, Event::UploadAccepted { cookie });
        self.go_on(cx, cookie);
        Ok(())
    }

    fn c_reject_upload(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason) {
        let form = self.forms.get(&cookie);
        if self.requested.contains(&cookie) || form.is_some_and(|form| form.is_requested) {
            self.refused.insert(cookie);
        }
        self.over(cx, cookie, reason);
        self.root.tell(cx, Event::UploadRejected { cookie, reason });
    }

    fn c_set_available_space(&mut self, _: i64) {}

    fn c_upload_finished(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: UploadFinishReason,
    ) {
        self.over(cx, cookie, reason);
        self.root.tell(cx, Event::UploadFinished { cookie, reason });
    }

    fn c_accept_web_upload(&mut self, cx: &mut Context<Self>, cookie: i32, upload_url: String) {
        // Nothing rules out that a server says it again; it means nothing then.
        let form = self.forms.get_mut(&cookie).filter(|form| form.is_requested && !form.is_taken);
        if let Some(form) = form {
            form.is_taken = true;
            self.root.tell(cx, Event::WebUploadAccepted { cookie, url: upload_url });
        }
    }

    fn c_accept_web_download(&mut self, cx: &mut Context<Self>, cookie: i32, download_url: String) {
        if self.downloads.remove(&cookie) {
            self.root.tell(cx, Event::WebDownloadAccepted { cookie, url: download_url });
        }
    }

    fn c_reject_web_download(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: DownloadFinishReason,
    ) {
        if self.downloads.remove(&cookie) {
            self.root.tell(cx, Event::WebDownloadRejected { cookie, reason });
        }
    }
}

/// The way of one package to the server.
#[distributed_object(
    serves = interfaces::UploadStreamClient,
    calls = interfaces::UploadStreamServer
)]
pub(super) struct UploadStream {
    cookie: Option<i32>,
    packet: i32,
    written: u64,
    received: u64,
    root: Root,
    manager: Handle<UploadManager>,
}

impl UploadStream {
    fn new(root: Root, manager: Handle<UploadManager>) -> Self {
        Self { cookie: None, packet: 0, written: 0, received: 0, root, manager }
    }

    pub(super) fn write(&mut self, cx: &mut Context<Self>, data: Bytes) {
        // Two billion writes are more than any package has; still no number comes twice.
        self.packet = self.packet.saturating_add(1);
        let length = data.len() as u64;
        let sent = cx.peers().s_write(data, self.packet);
        if sent.reached > 0 {
            self.written += length;
        }
        self.root.check(cx, "send a part of a file", sent);
    }
}

impl Lifecycle for UploadStream {
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        if self.cookie.is_none() {
            cx.tell(self.manager, |manager, _| {
                manager.unclaimed = manager.unclaimed.saturating_sub(1);
            });
        }
    }
}

impl UploadStreamClient for UploadStream {
    fn c_disconnect(&mut self, cx: &mut Context<Self>) {
        // Why it ends comes with `cUploadFinished`.
        cx.peers().close();
    }

    fn c_write_complete(&mut self, cx: &mut Context<Self>, n_bytes: i32) {
        let received = u64::try_from(n_bytes).ok().map(|arrived| self.received + arrived);
        let Some(received) = received.filter(|received| *received <= self.written) else {
            return cx.caller().expel(Violation::new("cWriteComplete of what was not written"));
        };
        self.received = received;
        if let Some(cookie) = self.cookie {
            self.root.tell(cx, Event::UploadProgress { cookie, received });
            cx.tell(self.manager, move |manager, cx| manager.arrived(cx, cookie, received));
        }
    }
}
