use psom::{Context, Violation, psom_interface};

/// SharedNotesContent on the server (sections 3.1.4.1.15 and 3.3.4.1.12).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.SharedNotesContent",
    version = 3,
    hash = 6726721969813329838
)]
pub trait SharedNotesContentServer {
    /// Tells of an error with the notes; 1, unknown, is the only one there is.
    fn s_set_error_code(&mut self, cx: &mut Context<Self>, code: i32) -> Result<(), Violation>;
}

/// SharedNotesContent on the client (section 3.2.4.1.12).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.SharedNotesContent",
    version = 3,
    hash = 8721147891391263529
)]
pub trait SharedNotesContentClient {
    /// The identifier and the titles have been told.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// The identifier of the notes.
    fn c_set_notes_id(&mut self, cx: &mut Context<Self>, notes_id: String);
    /// What the notebook, its section and the page are called.
    fn c_set_notes_titles(
        &mut self,
        cx: &mut Context<Self>,
        notebook_title: String,
        section_title: String,
        page_title: String,
    );
    /// Something is wrong with the notes; 1, unknown, is the only error there is.
    fn c_set_error_code(&mut self, cx: &mut Context<Self>, code: i32);
}
