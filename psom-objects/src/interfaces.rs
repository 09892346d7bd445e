//! Both halves of every object, as section 3.1.4.1 declares them.

use bytes::Bytes;
use psom::{Context, ObjectRef, Violation, psom_interface};

use crate::types::{
    ContentVisibility, DownloadFinishReason, SetTitleStatus, TitleReservationStatus,
    UploadFinishReason,
};

/// Meeting on the server: the root (sections 3.1.4.1.6 and 3.3.4.1.1).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting",
    version = 2,
    hash = 7811924786664530844
)]
pub trait MeetingServer {
    /// Not supported: must not be called.
    fn s_set_info(&mut self, info: &str) -> Result<(), Violation>;
}

/// Meeting on the client (section 3.2.4.1.1).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting",
    version = 2,
    hash = 2106930589629680263
)]
pub trait MeetingClient {
    /// The meeting's state has been told.
    fn c_meeting_ready(&mut self, cx: &mut Context<Self>);
    /// To be ignored.
    fn c_set_info(&mut self, info: &str);
    /// The time on the server, in UTC as `2026-11-22T13:05:00`.
    fn c_set_server_time(&mut self, cx: &mut Context<Self>, server_time: String);
    /// What the names of files are appended to.
    fn c_set_url_base(&mut self, cx: &mut Context<Self>, url_base: String);
}

/// ContentUserManager on the server (sections 3.1.4.1.7 and 3.3.4.1.2): nothing can be called.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager",
    version = 1,
    hash = 5320330165687787020
)]
pub trait ContentUserManagerServer {}

/// ContentUserManager on the client (section 3.2.4.1.2).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager",
    version = 1,
    hash = 5320330165687787020
)]
pub trait ContentUserManagerClient {
    /// Users with their numbers, addresses and names, in arrays of one length.
    fn c_users_added(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i64>,
        uris: Vec<String>,
        display_names: Vec<String>,
    ) -> Result<(), Violation>;
    /// Numbers that mean nobody any more.
    fn c_users_removed(&mut self, cx: &mut Context<Self>, ids: Vec<i64>);
}

/// ContentManager on the server (sections 3.1.4.1.4 and 3.3.4.1.3).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentManager",
    version = 2,
    hash = 3800622354142801969
)]
pub trait ContentManagerServer {
    /// Deletes a content.
    fn s_delete_content(&mut self, cx: &mut Context<Self>, content_id: i64);
    /// Claims the stage; what is on it is taken off.
    fn s_present(&mut self, cx: &mut Context<Self>);
    /// Gives a reserved title back.
    fn s_release_title(&mut self, cx: &mut Context<Self>, cookie: i32);
    /// Reserves a title for a content to be uploaded.
    fn s_reserve_title(&mut self, cx: &mut Context<Self>, title: &str, cookie: i32);
    /// Deprecated: the same, with an identifier of another system.
    #[wire(name = "sReserveTitle")]
    fn s_reserve_title_with_id(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        cookie: i32,
        external_id: &str,
    );
    /// Leaves the stage.
    fn s_stop_presenting(&mut self, cx: &mut Context<Self>);
}

/// ContentManager on the client (section 3.2.4.1.3).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentManager",
    version = 2,
    hash = -8255121175073997388
)]
pub trait ContentManagerClient {
    /// A content is there for this client; the type says what its `extendedContent` is.
    fn c_content_added(&mut self, cx: &mut Context<Self>, content_id: i64, r#type: String);
    /// The content that this client uploaded was created.
    fn c_content_created(&mut self, cx: &mut Context<Self>, content_id: i64, cookie: i32);
    /// Deprecated.
    fn c_content_creation_failed(&mut self, cookie: i32, reason: i32);
    /// A content is not there any more, for this client at least.
    fn c_content_removed(&mut self, cx: &mut Context<Self>, content_id: i64);
    /// What became of a reservation.
    fn c_reserve_title_completed(
        &mut self,
        cx: &mut Context<Self>,
        status: TitleReservationStatus,
        cookie: i32,
        content_id: i64,
        owning_user_id: i64,
    );
    /// The content on the stage; 0 for none.
    #[latest]
    fn c_set_active_content(&mut self, cx: &mut Context<Self>, active_content_id: i64);
    /// The user on the stage; 0 for nobody.
    #[latest]
    fn c_set_active_presenter(&mut self, cx: &mut Context<Self>, active_presenter_id: i64);
    /// A reservation is over.
    fn c_title_released(&mut self, cx: &mut Context<Self>, cookie: i32);
}

/// Content on the server (sections 3.1.4.1.5 and 3.3.4.1.6).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Content",
    version = 1,
    hash = -6470662138903778586,
    version = 10,
    hash = -2530343413165516885
)]
pub trait ContentServer {
    /// Not used.
    fn s_force_sync(&mut self);
    /// Shows a presented content before all others.
    fn s_make_highest_presentation_order(&mut self, cx: &mut Context<Self>);
    /// Claims the stage for this content.
    fn s_present(&mut self, cx: &mut Context<Self>);
    /// Renames the content.
    fn s_set_title(&mut self, cx: &mut Context<Self>, title: String);
    /// Says who sees the content.
    fn s_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility);
    /// Takes the content off the stage, and the caller with it.
    fn s_stop_presenting(&mut self, cx: &mut Context<Self>);
}

/// Content on the client (section 3.2.4.1.6).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Content",
    version = 1,
    hash = 1113513223610002283,
    version = 10,
    hash = 974079596268293062
)]
pub trait ContentClient {
    /// The content's state has been told.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// Not used.
    fn c_force_sync(&mut self);
    /// When the content was created, in UTC.
    fn c_set_creation_time(&mut self, cx: &mut Context<Self>, creation_time: String);
    /// When the content was last presented, in UTC.
    fn c_set_last_used_time(&mut self, cx: &mut Context<Self>, last_used_time: String);
    /// The file behind the content: its name on the file server, the key and the initialization
    /// vector that it is encrypted with, and the SHA-1 and the size of the plain bytes.
    fn c_set_native_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file_name: String,
        key: Bytes,
        iv: Bytes,
        hash: Bytes,
        file_size: i64,
    );
    /// Who created the content.
    fn c_set_owner_id(&mut self, cx: &mut Context<Self>, id: i64);
    /// Whether the content is on the stage, and who put it there.
    fn c_set_present_info(&mut self, cx: &mut Context<Self>, presented: bool, presenter_id: i64);
    /// The place in the order of what is presented, the highest in front; 0 when it is not.
    fn c_set_presentation_order(&mut self, cx: &mut Context<Self>, presentation_order: i64);
    /// The title.
    fn c_set_title(&mut self, cx: &mut Context<Self>, title: String);
    /// What became of a new title.
    fn c_set_title_complete(
        &mut self,
        cx: &mut Context<Self>,
        status: SetTitleStatus,
        title: String,
    );
    /// Who sees the content.
    fn c_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility);
    /// Where the original file is, if it is on a shared place.
    #[since(10)]
    fn c_set_original_file_url(&mut self, cx: &mut Context<Self>, original_file_url: String);
    /// Where the content can be viewed.
    #[since(10)]
    fn c_set_viewing_url(&mut self, cx: &mut Context<Self>, viewing_url: String);
    /// Where a recording of the content is.
    #[since(10)]
    fn c_set_recording_url(&mut self, cx: &mut Context<Self>, recording_url: String);
}

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

/// NativeFileOnlyContent on the server (sections 3.1.4.1.10 and 3.3.4.1.7): nothing can be called.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.NativeFileOnlyContent",
    version = 1,
    hash = 6421877628186475469
)]
pub trait NativeFileOnlyContentServer {}

/// NativeFileOnlyContent on the client (section 3.2.4.1.7).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.NativeFileOnlyContent",
    version = 1,
    hash = 5585496037459248534
)]
pub trait NativeFileOnlyContentClient {
    /// The content's state has been told.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
}
