use std::collections::HashMap;

use bytes::Bytes;
use psom::{Context, Handle, Lifecycle, ObjectRef, Violation, distributed_object};

use super::{event::Event, root::Root};
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
    pub(super) root: Root,
}

#[distributed_object]
impl UploadManager {
    /// All streams have one name. Which upload a stream is for comes with `cAcceptUpload`.
    #[child("uploadStreams")]
    fn stream_connected(&mut self, cx: &mut Context<Self>) -> Handle<UploadStream> {
        cx.add_while_connected(UploadStream::new(self.root))
    }
}

impl UploadManager {
    pub(super) fn stream(&self, cookie: i32) -> Option<Handle<UploadStream>> {
        self.streams.get(&cookie).copied()
    }

    fn over(&mut self, cx: &mut Context<Self>, cookie: i32) {
        if let Some(stream) = self.streams.remove(&cookie) {
            cx.remove(stream);
        }
    }
}

impl Lifecycle for UploadManager {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.streams.clear();
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
        Ok(())
    }

    fn c_reject_upload(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason) {
        self.over(cx, cookie);
        self.root.tell(cx, Event::UploadRejected { cookie, reason });
    }

    fn c_set_available_space(&mut self, _: i64) {}

    fn c_upload_finished(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: UploadFinishReason,
    ) {
        self.over(cx, cookie);
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
}

impl UploadStream {
    fn new(root: Root) -> Self {
        Self { cookie: None, packet: 0, received: 0, root }
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
            self.root.tell(cx, Event::UploadProgress { cookie, received: self.received });
        }
    }
}
