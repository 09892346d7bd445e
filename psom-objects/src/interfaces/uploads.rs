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
    /// Between servers only.
    #[wire(name = "sRequestUpload")]
    fn s_request_upload_of_manifest(
        &mut self,
        cx: &mut Context<Self>,
        file_length: i64,
        cookie: i32,
        manifest_xml: &str,
    );
    /// Asks to upload an OC package of these sizes.
    fn s_request_upload(
        &mut self,
        cx: &mut Context<Self>,
        packed_length: i64,
        unpacked_length: i64,
        cookie: i32,
    );
    /// Everything was sent, or the client cancels.
    fn s_upload_finished(&mut self, cx: &mut Context<Self>, cookie: i32, cancel: bool);
    /// Asks for an address to upload a single file to.
    #[since(2)]
    fn s_request_web_upload_blob(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        manifest_xml: &str,
    );
    /// Asks for an address to download a decrypted file from.
    #[since(2)]
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
    /// The upload may begin on this stream.
    fn c_accept_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        stream: ObjectRef,
    ) -> Result<(), Violation>;
    /// The upload is refused.
    fn c_reject_upload(&mut self, cx: &mut Context<Self>, cookie: i32, reason: UploadFinishReason);
    /// Deprecated: the room that is left.
    fn c_set_available_space(&mut self, size: i64);
    /// The server is done with the upload.
    fn c_upload_finished(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        reason: UploadFinishReason,
    );
    /// Where a single file may be uploaded to.
    #[since(2)]
    fn c_accept_web_upload(&mut self, cx: &mut Context<Self>, cookie: i32, upload_url: String);
    /// Where a decrypted file may be downloaded from.
    #[since(2)]
    fn c_accept_web_download(&mut self, cx: &mut Context<Self>, cookie: i32, download_url: String);
    /// The download is refused.
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
    /// Gives the stream up.
    fn s_disconnect(&mut self, cx: &mut Context<Self>);
    /// The next bytes of the package, with a number that grows from write to write.
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
    /// The server gives the stream up.
    fn c_disconnect(&mut self, cx: &mut Context<Self>);
    /// So many bytes of a write have arrived.
    fn c_write_complete(&mut self, cx: &mut Context<Self>, n_bytes: i32);
}
