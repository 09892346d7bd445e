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
    /// Moves a presented content in front of all others.
    fn s_make_highest_presentation_order(&mut self, cx: &mut Context<Self>);
    /// Claims the stage for this content.
    fn s_present(&mut self, cx: &mut Context<Self>);
    /// Renames the content.
    fn s_set_title(&mut self, cx: &mut Context<Self>, title: String);
    /// Sets which users see the content.
    fn s_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility);
    /// Removes the content and the caller from the stage.
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
    /// Marks the end of the content's initial state.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// Not used.
    fn c_force_sync(&mut self);
    /// Sets the time at which the content was created, in UTC.
    fn c_set_creation_time(&mut self, cx: &mut Context<Self>, creation_time: String);
    /// Sets the time at which the content was last presented, in UTC.
    fn c_set_last_used_time(&mut self, cx: &mut Context<Self>, last_used_time: String);
    /// Sets the content's original file.
    fn c_set_native_file_info(&mut self, cx: &mut Context<Self>, file: NativeFile);
    /// Sets the user who created the content.
    fn c_set_owner_id(&mut self, cx: &mut Context<Self>, id: i64);
    /// Sets whether the content is on the stage, and the user who presents it.
    fn c_set_present_info(&mut self, cx: &mut Context<Self>, presented: bool, presenter_id: i64);
    /// Sets the position among presented contents: the highest is in front, and 0 means not
    /// presented.
    fn c_set_presentation_order(&mut self, cx: &mut Context<Self>, presentation_order: i64);
    /// Sets the title.
    fn c_set_title(&mut self, cx: &mut Context<Self>, title: String);
    /// Answers a change of the title.
    fn c_set_title_complete(
        &mut self,
        cx: &mut Context<Self>,
        status: SetTitleStatus,
        title: String,
    );
    /// Sets which users see the content.
    fn c_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility);
    /// Sets the URL of the original document.
    #[since(10)]
    fn c_set_original_file_url(&mut self, cx: &mut Context<Self>, original_file_url: String);
    /// Sets the URL at which the content can be viewed.
    #[since(10)]
    fn c_set_viewing_url(&mut self, cx: &mut Context<Self>, viewing_url: String);
    /// Sets the URL of a recording of the content.
    #[since(10)]
    fn c_set_recording_url(&mut self, cx: &mut Context<Self>, recording_url: String);
}
