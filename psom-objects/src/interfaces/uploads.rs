use bytes::Bytes;
use psom::{Context, ObjectRef, Violation, psom_interface};

use crate::types::{DownloadFinishReason, UploadFinishReason};

/// UploadManager on the server (sections 3.1.4.1.8 and 3.3.4.1.4).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.UploadManager",
    version = 1,
    hash = 4004400404121921234,
    version = 2,
    hash = 2601804729028999169
)]
pub trait UploadManagerServer {
    /// Not called by clients. Servers call it on each other.
    #[wire(name = "sRequestUpload")]
    fn s_request_upload_of_manifest(
        &mut self,
        cx: &mut Context<Self>,
        file_length: i64,
        cookie: i32,
        manifest_xml: &str,
    );
    /// Requests to upload an OC package of these sizes.
    #[answered_by(c_accept_upload, c_reject_upload)]
    fn s_request_upload(
        &mut self,
        cx: &mut Context<Self>,
        packed_length: i64,
        unpacked_length: i64,
        cookie: i32,
    );
    /// Announces that the whole package was sent, or that the client cancels the upload.
    #[answered_by(c_upload_finished)]
    fn s_upload_finished(&mut self, cx: &mut Context<Self>, cookie: i32, cancel: bool);
    /// Requests a URL to which a browser uploads a single file.
    #[since(2)]
    #[answered_by(c_accept_web_upload, c_reject_upload)]
    fn s_request_web_upload_blob(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        manifest_xml: &str,
    );
    /// Requests a URL from which a browser downloads a decrypted file.
    #[since(2)]
    #[answered_by(c_accept_web_download, c_reject_web_download)]
    fn s_request_web_download_blob(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        obfuscated_name: &str,
        is_attachment: bool,
    );
}

/// UploadManager on the client (section 3.2.4.1.4).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.UploadManager",
    version = 1,
    hash = -8511879503649873756,
    version = 2,
    hash = 1079790469891676391
)]
pub trait UploadManagerClient {
    /// Accepts an upload, which uses this stream.
    fn c_accept_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        stream: ObjectRef,
    ) -> Result<(), Violation>;
    /// Refuses an upload.
    fn c_reject_upload(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason);
    /// Deprecated. Sets the remaining capacity.
    fn c_set_available_space(&mut self, size: i64);
    /// Announces the outcome of an upload.
    fn c_upload_finished(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: UploadFinishReason,
    );
    /// Answers with the URL to which a browser uploads a single file.
    #[since(2)]
    fn c_accept_web_upload(&mut self, cx: &mut Context<Self>, cookie: i32, upload_url: String);
    /// Answers with the URL from which a browser downloads a decrypted file.
    #[since(2)]
    fn c_accept_web_download(&mut self, cx: &mut Context<Self>, cookie: i32, download_url: String);
    /// Refuses a download.
    #[since(2)]
    fn c_reject_web_download(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: DownloadFinishReason,
    );
}

/// UploadStream on the server (sections 3.1.4.1.9 and 3.3.4.1.5).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Parts.IRCStream",
    version = 1,
    hash = -6716385024907738156
)]
pub trait UploadStreamServer {
    /// Ends the stream without completing the package.
    fn s_disconnect(&mut self, cx: &mut Context<Self>);
    /// Sends the next bytes of the package, with a number that grows from write to write.
    async fn s_write(
        &mut self,
        cx: &mut Context<Self>,
        data: Bytes,
        packet_num: i32,
    ) -> Result<(), Violation>;
}

/// UploadStream on the client (section 3.2.4.1.5).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Parts.IRCStream",
    version = 1,
    hash = 5963839780483567246
)]
pub trait UploadStreamClient {
    /// Announces that the server ends the stream without completing the package.
    fn c_disconnect(&mut self, cx: &mut Context<Self>);
    /// Acknowledges the bytes of a write.
    fn c_write_complete(&mut self, cx: &mut Context<Self>, n_bytes: i32);
}
