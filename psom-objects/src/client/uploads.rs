use std::collections::HashMap;

use bytes::Bytes;
use psom::{Context, Handle, Lifecycle, ObjectRef, Violation, distributed_object};

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
#[derive(Default)]
pub(super) struct UploadManager {
    streams: HashMap<i32, Handle<UploadStream>>,
    /// What is sent by itself as soon as the server takes it.
    parcels: HashMap<i32, Sending>,
    pub(super) root: Root,
}

/// A parcel on its way.
struct Sending {
    parcel: Parcel,
    sent: usize,
    arrived: u64,
    ended: bool,
}

/// Bytes of one write of a parcel, and bytes that may be under way without having arrived.
const WRITE: usize = 64 << 10;
const WINDOW: u64 = 8 * WRITE as u64;

#[distributed_object]
impl UploadManager {
    /// All streams have one name. Which upload a stream is for comes with `cAcceptUpload`.
    #[child("uploadStreams")]
    fn stream_connected(&mut self, cx: &mut Context<Self>) -> Handle<UploadStream> {
        let manager = cx.handle();
        cx.add_while_connected(UploadStream::new(self.root, manager))
    }
}

impl UploadManager {
    pub(super) fn stream(&self, cookie: i32) -> Option<Handle<UploadStream>> {
        self.streams.get(&cookie).copied()
    }

    /// Sends a parcel, as soon as its title is reserved where it needs one.
    pub(super) fn send(&mut self, cx: &mut Context<Self>, cookie: i32, parcel: Parcel) {
        let waits = parcel.title.is_some();
        self.parcels.insert(cookie, Sending { parcel, sent: 0, arrived: 0, ended: false });
        if !waits {
            self.request(cx, cookie);
        }
    }

    /// The title under this cookie is reserved, or is not.
    pub(super) fn titled(&mut self, cx: &mut Context<Self>, cookie: i32, reserved: bool) {
        if reserved {
            self.request(cx, cookie);
        } else {
            self.parcels.remove(&cookie);
        }
    }

    fn request(&mut self, cx: &mut Context<Self>, cookie: i32) {
        let Some(Sending { parcel, .. }) = self.parcels.get(&cookie) else { return };
        let length = |length: u64| i64::try_from(length).unwrap_or(i64::MAX);
        let (packed, unpacked) = (length(parcel.bytes.len() as u64), length(parcel.unpacked));
        let sent = cx.peers().s_request_upload(packed, unpacked, cookie);
        self.root.check(cx, "request an upload", sent);
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
            let _ = cx.tell(stream, move |stream, cx| stream.write(cx, piece));
        }
        if sending.arrived == total as u64 && !std::mem::replace(&mut sending.ended, true) {
            let sent = cx.peers().s_upload_finished(cookie, false);
            self.root.check(cx, "end an upload", sent);
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
        let sending = self.parcels.remove(&cookie);
        // Whoever tries again with the title must not stand in their own way.
        if reason != UploadFinishReason::Ok
            && sending.is_some_and(|sending| sending.parcel.title.is_some())
        {
            self.root.release_title(cx, cookie);
        }
        if let Some(stream) = self.streams.remove(&cookie) {
            cx.remove(stream);
        }
    }
}

impl Lifecycle for UploadManager {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.streams.clear();
        self.parcels.clear();
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
        self.streams.insert(cookie, stream);
        let _ = cx.tell(stream, move |stream, _| stream.cookie = Some(cookie));
        self.root.tell(cx, Event::UploadAccepted { cookie });
        self.go_on(cx, cookie);
        Ok(())
    }

    fn c_reject_upload(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason) {
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

    // Transfers through a browser answer requests that this client never makes.
    fn c_accept_web_upload(&mut self, _: &mut Context<Self>, _: i32, _: String) {}

    fn c_accept_web_download(&mut self, _: &mut Context<Self>, _: i32, _: String) {}

    fn c_reject_web_download(&mut self, _: &mut Context<Self>, _: i32, _: DownloadFinishReason) {}
}

/// The way of one package to the server.
#[distributed_object(
    serves = interfaces::UploadStreamClient,
    calls = interfaces::UploadStreamServer
)]
pub(super) struct UploadStream {
    cookie: Option<i32>,
    packet: i32,
    received: u64,
    root: Root,
    manager: Handle<UploadManager>,
}

impl UploadStream {
    fn new(root: Root, manager: Handle<UploadManager>) -> Self {
        Self { cookie: None, packet: 0, received: 0, root, manager }
    }

    pub(super) fn write(&mut self, cx: &mut Context<Self>, data: Bytes) {
        // Two billion writes are more than any package has; still no number comes twice.
        self.packet = self.packet.saturating_add(1);
        let sent = cx.peers().s_write(data, self.packet);
        self.root.check(cx, "send a part of a file", sent);
    }
}

impl UploadStreamClient for UploadStream {
    fn c_disconnect(&mut self, cx: &mut Context<Self>) {
        // Why it ends comes with `cUploadFinished`.
        cx.peers().close();
    }

    fn c_write_complete(&mut self, cx: &mut Context<Self>, n_bytes: i32) {
        self.received += u64::try_from(n_bytes).unwrap_or(0);
        if let Some(cookie) = self.cookie {
            let received = self.received;
            self.root.tell(cx, Event::UploadProgress { cookie, received });
            let _ = cx.tell(self.manager, move |manager, cx| manager.arrived(cx, cookie, received));
        }
    }
}
