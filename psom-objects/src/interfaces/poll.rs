use psom::{Context, psom_interface};

/// Upper bound on the choices of a poll (sections 3.1.4.1.14 and 3.2.4.1.11.1).
pub(crate) const MAX_CHOICES: usize = 7;

/// PollContent on the server (sections 3.1.4.1.14 and 3.3.4.1.11).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.PollContent",
    version = 1,
    hash = 7882912516919930871
)]
pub trait PollContentServer {
    /// Removes all votes.
    fn s_clear_votes(&mut self, cx: &mut Context<Self>);
    /// Changes the question and its choices.
    fn s_modify(
        &mut self,
        cx: &mut Context<Self>,
        question: String,
        choices: Vec<String>,
        remember_past_users: bool,
        customization_xml: &str,
    );
    /// Opens the poll for votes, or closes it.
    fn s_set_open_state(&mut self, cx: &mut Context<Self>, open: bool);
    /// Shows the results to all users, or only to presenters.
    fn s_set_results_state(&mut self, cx: &mut Context<Self>, visible_to_all: bool);
    /// Votes for a choice by its index from 0; -1 removes the vote.
    fn s_vote(&mut self, cx: &mut Context<Self>, choice: i32);
}

/// PollContent on the client (section 3.2.4.1.11).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.PollContent",
    version = 1,
    hash = -1572291151947590318
)]
pub trait PollContentClient {
    /// Marks the end of the poll's initial state.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// Sets this user's vote: the index of a choice, or -1 for none.
    fn c_set_local_vote(&mut self, cx: &mut Context<Self>, choice: i32);
    /// Sets whether users can vote.
    fn c_set_open_state(&mut self, cx: &mut Context<Self>, open: bool);
    /// Sets the question and its choices.
    fn c_set_question(
        &mut self,
        cx: &mut Context<Self>,
        question: String,
        choices: Vec<String>,
        remember_past_users: bool,
        customization_xml: String,
    );
    /// Sets the number of votes for each choice: zeros if this client may not see the results.
    #[latest]
    fn c_set_results(&mut self, cx: &mut Context<Self>, results: Vec<i32>);
    /// Sets whether all users see the results, or only presenters.
    fn c_set_results_state(&mut self, cx: &mut Context<Self>, visible_to_all: bool);
}
