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
