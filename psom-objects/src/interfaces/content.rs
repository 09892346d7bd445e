use psom::{Context, psom_interface};

use crate::types::{ContentVisibility, NativeFile, SetTitleStatus};

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
    fn c_set_native_file_info(&mut self, cx: &mut Context<Self>, file: NativeFile);
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
