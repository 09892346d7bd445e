use psom::{Context, psom_interface};

use crate::types::TitleReservationStatus;

/// ContentManager on the server (sections 3.1.4.1.4 and 3.3.4.1.3).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentManager",
    version = 2,
    hash = 3800622354142801969
)]
pub trait ContentManagerServer {
    /// Deletes a content.
    fn s_delete_content(&mut self, cx: &mut Context<Self>, content_id: i64);
    /// Claims the stage and removes the presented content from it.
    fn s_present(&mut self, cx: &mut Context<Self>);
    /// Releases a reserved title.
    fn s_release_title(&mut self, cx: &mut Context<Self>, cookie: i32);
    /// Reserves a title for a content to be uploaded.
    #[answered_by(c_reserve_title_completed)]
    fn s_reserve_title(&mut self, cx: &mut Context<Self>, title: &str, cookie: i32);
    /// Deprecated. Reserves a title together with an identifier of another system.
    #[wire(name = "sReserveTitle")]
    #[answered_by(c_reserve_title_completed)]
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
    /// Announces a content. Its type determines the interface of its `extendedContent`.
    fn c_content_added(&mut self, cx: &mut Context<Self>, content_id: i64, r#type: String);
    /// Announces the content that was created from this client's upload.
    fn c_content_created(&mut self, cx: &mut Context<Self>, content_id: i64, cookie: i32);
    /// Deprecated.
    fn c_content_creation_failed(&mut self, cookie: i32, reason: i32);
    /// Announces that a content was removed or is hidden from this client.
    fn c_content_removed(&mut self, cx: &mut Context<Self>, content_id: i64);
    /// Answers a title reservation.
    fn c_reserve_title_completed(
        &mut self,
        cx: &mut Context<Self>,
        status: TitleReservationStatus,
        cookie: i32,
        content_id: i64,
        owning_user_id: i64,
    );
    /// Sets the content on the stage; 0 means none.
    #[latest]
    fn c_set_active_content(&mut self, cx: &mut Context<Self>, active_content_id: i64);
    /// Sets the user on the stage; 0 means none.
    #[latest]
    fn c_set_active_presenter(&mut self, cx: &mut Context<Self>, active_presenter_id: i64);
    /// Announces the end of a title reservation.
    fn c_title_released(&mut self, cx: &mut Context<Self>, cookie: i32);
}
