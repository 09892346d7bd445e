//! The answers to requests about uploads.

use psom::{Context, Reply, Violation, error::AskError};

use super::{event::UploadEvent, uploads::ClientUploads};
use crate::interfaces::UploadManagerClient as _;

impl ClientUploads {
    /// Handles the answer to a request about an upload.
    pub(super) fn answered(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        answer: Result<Reply, AskError>,
    ) {
        match answer {
            Ok(answer) => {
                if let Err(violation) = self.deliver(cx, &answer) {
                    cx.caller().expel(violation);
                }
            }
            Err(AskError::TimedOut) => self.report(cx, cookie, UploadEvent::TimedOut),
            // The connection has ended, which is an event of its own.
            Err(_) => {}
        }
    }

    /// Passes an answer to the method that it calls.
    fn deliver(&mut self, cx: &mut Context<Self>, answer: &Reply) -> Result<(), Violation> {
        match answer.method() {
            "cAcceptUpload" => {
                let (cookie, stream) = answer.read()?;
                return self.c_accept_upload(cx, cookie, stream);
            }
            "cRejectUpload" => {
                let (cookie, reason) = answer.read()?;
                self.c_reject_upload(cx, cookie, reason);
            }
            "cAcceptWebUpload" => {
                let (cookie, url) = answer.read()?;
                self.c_accept_web_upload(cx, cookie, url);
            }
            "cAcceptWebDownload" => {
                let (cookie, url) = answer.read()?;
                self.c_accept_web_download(cx, cookie, url);
            }
            "cRejectWebDownload" => {
                let (cookie, reason) = answer.read()?;
                self.c_reject_web_download(cx, cookie, reason);
            }
            _ => {
                let (cookie, reason) = answer.read()?;
                self.c_upload_finished(cx, cookie, reason);
            }
        }
        Ok(())
    }
}
