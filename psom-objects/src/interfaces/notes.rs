use psom::{Context, Violation, psom_interface};

/// SharedNotesContent on the server (sections 3.1.4.1.15 and 3.3.4.1.12).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.SharedNotesContent",
    version = 3,
    hash = 6726721969813329838
)]
pub trait SharedNotesContentServer {
    /// Reports an error with the notes. The only defined code is 1 (unknown).
    fn s_set_error_code(&mut self, cx: &mut Context<Self>, code: i32) -> Result<(), Violation>;
}

/// SharedNotesContent on the client (section 3.2.4.1.12).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.SharedNotesContent",
    version = 3,
    hash = 8721147891391263529
)]
pub trait SharedNotesContentClient {
    /// Marks the end of the initial state.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// Sets the identifier of the notes.
    fn c_set_notes_id(&mut self, cx: &mut Context<Self>, notes_id: String);
    /// Sets the titles of the notebook, its section and the page.
    fn c_set_notes_titles(
        &mut self,
        cx: &mut Context<Self>,
        notebook_title: String,
        section_title: String,
        page_title: String,
    );
    /// Announces an error with the notes. The only defined code is 1 (unknown).
    fn c_set_error_code(&mut self, cx: &mut Context<Self>, code: i32);
}
