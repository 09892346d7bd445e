use psom::{Context, Violation, psom_interface};

use crate::types::QnaOpenState;

/// QnaContent on the server (sections 3.1.4.1.16 and 3.3.4.1.13).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.QnaContent",
    version = 1,
    hash = -210597168530409383
)]
pub trait QnaContentServer {
    /// Opens or suspends the questions and answers.
    fn s_set_open_state(
        &mut self,
        cx: &mut Context<Self>,
        open_state: QnaOpenState,
    ) -> Result<(), Violation>;
    /// Sends a message of this user's web page to the pages of all users.
    fn s_put_blob(&mut self, cx: &mut Context<Self>, blob: &str);
}

/// QnaContent on the client (section 3.2.4.1.13).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.QnaContent",
    version = 1,
    hash = 473785100728654906
)]
pub trait QnaContentClient {
    /// Sets whether questions can be asked.
    fn c_set_open_state(&mut self, cx: &mut Context<Self>, open_state: QnaOpenState);
    /// Sets the number of questions.
    #[latest]
    fn c_set_questions_count(&mut self, cx: &mut Context<Self>, count: i32);
    /// Delivers a message for the web page that shows the questions.
    fn c_put_blob(&mut self, cx: &mut Context<Self>, blob: String);
    /// Marks the end of the initial state.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
}
