use std::time::Duration;

use bytes::Bytes;
use psom::{Context, Lifecycle, Violation, distributed_object};

use super::target::UploadId;
use crate::{
    interfaces::{UploadStreamClient, UploadStreamServer},
    server::mailbox::Mailbox,
    store::{Import, StoreError, StoreFuture, UploadSink},
    types::UploadFinishReason,
};

/// Receives the bytes of one package (section 3.3.4.1.5).
///
/// It writes them to the sink of the file store and reports their end to the upload manager. A
/// stream that is dropped before its end leaves no file behind. It reserves disk space from its
/// start, so it fails when no packet arrives for [`MeetingLimits::upload_idle`](crate::server::MeetingLimits).
#[distributed_object(serves = UploadStreamServer, calls = UploadStreamClient)]
pub struct UploadStream {
    /// Present until the package is complete or has failed.
    sink: Option<Box<dyn UploadSink>>,
    reports: Mailbox<StreamReport>,
    upload: UploadId,
    packed_length: u64,
    unpacked_length: u64,
    received: u64,
    idle_timeout: Duration,
    last_packet: Option<i32>,
}

/// The end of a stream's work.
pub(super) struct StreamReport {
    pub(super) upload: UploadId,
    /// The verification of the complete package, or the reason of the failure.
    pub(super) outcome:
        Result<StoreFuture<'static, Result<Import, StoreError>>, UploadFinishReason>,
}

impl UploadStream {
    pub(super) fn new(
        sink: Box<dyn UploadSink>,
        reports: Mailbox<StreamReport>,
        upload: UploadId,
        (packed_length, unpacked_length): (u64, u64),
        idle_timeout: Duration,
    ) -> Self {
        Self {
            sink: Some(sink),
            reports,
            upload,
            packed_length,
            unpacked_length,
            received: 0,
            idle_timeout,
            last_packet: None,
        }
    }

    /// Starts the idle timer. The timer does not run while a write waits for the disk, so a client
    /// that the disk slows down is not idle.
    fn start_idle_timer(&self, cx: &mut Context<Self>) {
        let received = self.received;
        cx.after(self.idle_timeout, move |stream, cx| {
            if stream.received > received {
                stream.start_idle_timer(cx);
            } else if stream.sink.is_some() {
                // The protocol has no reason for a timeout.
                stream.fail(cx, UploadFinishReason::UnknownFailure);
            }
        });
    }

    /// Reports that the package is complete. The upload manager runs the verification, because the
    /// client may close this stream before it ends.
    pub(super) fn complete(&mut self, cx: &mut Context<Self>) {
        let Some(sink) = self.sink.take() else { return };
        if self.received == self.packed_length {
            self.report(cx, Ok(sink.finish(self.unpacked_length)));
        } else {
            self.report(cx, Err(UploadFinishReason::VerifyFailed));
        }
    }

    /// Closes the stream at the end of its upload.
    pub(super) fn close(&mut self, cx: &mut Context<Self>) {
        self.sink = None;
        cx.peers().c_disconnect();
        let this = cx.handle();
        cx.remove(this);
    }

    fn fail(&mut self, cx: &mut Context<Self>, reason: UploadFinishReason) {
        self.sink = None;
        self.report(cx, Err(reason));
    }

    fn report(
        &self,
        cx: &mut Context<Self>,
        outcome: Result<StoreFuture<'static, Result<Import, StoreError>>, UploadFinishReason>,
    ) {
        self.reports.send(cx, StreamReport { upload: self.upload, outcome });
    }
}

impl UploadStreamServer for UploadStream {
    fn s_disconnect(&mut self, cx: &mut Context<Self>) {
        // A client that has sent every byte does not need the stream, so this is no cancellation.
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
            return Err(Violation::new("packet numbers must increase"));
        }
        self.last_packet = Some(packet_num);
        // Ignore packets that arrive after the end of the upload.
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
            Err(error) => self.fail(cx, error.finish_reason()),
        }
        Ok(())
    }
}

impl Lifecycle for UploadStream {
    fn connected(&mut self, cx: &mut Context<Self>) {
        self.start_idle_timer(cx);
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        // The client closed the stream, or its connection ended. The verification of a complete
        // package continues without the stream.
        if self.sink.is_some() {
            self.fail(cx, UploadFinishReason::UserCancel);
        }
    }
}
