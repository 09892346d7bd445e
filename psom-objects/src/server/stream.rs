use std::time::Duration;

use bytes::Bytes;
use psom::{Context, Handle, Lifecycle, Violation, distributed_object};

use super::{
    create::Uploader,
    uploads::{self, UploadManager},
};
use crate::{
    interfaces::{UploadStreamClientProxy, UploadStreamServer, UploadStreamServerProxy},
    store::UploadSink,
    types::UploadFinishReason,
};

/// The bytes of one package, as they come (section 3.3.4.1.5). Dropped before its end, it leaves
/// nothing behind. It holds room on the disk from its beginning, so it ends where nothing comes.
#[distributed_object(serves = UploadStreamServer, calls = UploadStreamClient)]
pub struct UploadStream {
    /// Gone once the package is verified or given up.
    sink: Option<Box<dyn UploadSink>>,
    manager: Handle<UploadManager>,
    by: Uploader,
    packed_length: u64,
    unpacked_length: u64,
    received: u64,
    idle: Duration,
    last_packet: Option<i32>,
}

impl UploadStream {
    pub(super) fn new(
        sink: Box<dyn UploadSink>,
        manager: Handle<UploadManager>,
        by: Uploader,
        (packed_length, unpacked_length): (u64, u64),
        idle: Duration,
    ) -> Self {
        let (received, last_packet) = (0, None);
        let sink = Some(sink);
        Self { sink, manager, by, packed_length, unpacked_length, received, idle, last_packet }
    }

    /// Ends the upload unless more has come by then. A sender who is slowed down by the disk is not
    /// silent: no timer runs while a write waits.
    fn expect_more(&mut self, cx: &mut Context<Self>) {
        let received = self.received;
        cx.after(self.idle, move |stream, cx| {
            if stream.received > received {
                stream.expect_more(cx);
            } else if stream.sink.is_some() {
                // The table has no reason of its own for it.
                stream.fail(cx, UploadFinishReason::UnknownFailure);
            }
        });
    }

    /// Everything was sent: the manager has the package verified, since this stream may be gone
    /// before that is done.
    pub(super) fn verify(&mut self, cx: &mut Context<Self>) {
        let Some(sink) = self.sink.take() else { return };
        if self.received != self.packed_length {
            return self.fail(cx, UploadFinishReason::VerifyFailed);
        }
        let (by, unpacked_length) = (self.by, self.unpacked_length);
        let _ = cx.tell(self.manager, move |manager, cx| {
            manager.verify(cx, by, sink.finish(unpacked_length));
        });
    }

    /// The upload is over: the client is told, and the stream goes.
    pub(super) fn close(&mut self, cx: &mut Context<Self>) {
        self.sink = None;
        cx.peers().c_disconnect();
        let this = cx.handle();
        cx.remove(this);
    }

    fn fail(&mut self, cx: &mut Context<Self>, reason: UploadFinishReason) {
        self.sink = None;
        let by = self.by;
        let _ = cx.tell(self.manager, move |manager, cx| manager.finish(cx, by, reason));
    }
}

impl UploadStreamServer for UploadStream {
    fn s_disconnect(&mut self, cx: &mut Context<Self>) {
        // A client that has sent everything needs the stream no more, and is not cancelling.
        if self.sink.is_some() && self.received < self.packed_length {
            self.fail(cx, UploadFinishReason::UserCancel);
        }
    }

    async fn s_write(
        &mut self,
        cx: &mut Context<Self>,
        data: Bytes,
        packet_num: i32,
    ) -> Result<(), Violation> {
        if self.last_packet.is_some_and(|last| packet_num <= last) {
            return Err(Violation::new("packet numbers have to grow"));
        }
        self.last_packet = Some(packet_num);
        // What still comes for an upload that has ended is nobody's.
        let Some(sink) = &mut self.sink else { return Ok(()) };
        self.received += data.len() as u64;
        if self.received > self.packed_length {
            self.fail(cx, UploadFinishReason::MaxPackageSizeExceeded);
            return Ok(());
        }
        let length = i32::try_from(data.len()).unwrap_or(i32::MAX);
        match sink.write(data).await {
            Ok(()) => {
                cx.caller().c_write_complete(length);
            }
            Err(error) => self.fail(cx, uploads::reason(&error)),
        }
        Ok(())
    }
}

impl Lifecycle for UploadStream {
    fn connected(&mut self, cx: &mut Context<Self>) {
        self.expect_more(cx);
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        // The client closed the stream and is still there, or all of it is gone. A package that is
        // being verified needs no stream.
        if self.sink.is_some() {
            self.fail(cx, UploadFinishReason::UserCancel);
        }
    }
}
