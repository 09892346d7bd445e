use psom::{Context, psom_interface};

/// The most choices of a poll (sections 3.1.4.1.14 and 3.2.4.1.11.1).
pub(crate) const MOST_CHOICES: usize = 7;

/// PollContent on the server (sections 3.1.4.1.14 and 3.3.4.1.11).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.PollContent",
    version = 1,
    hash = 7882912516919930871
)]
pub trait PollContentServer {
    /// Forgets all votes.
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
    /// Lets users vote, or not.
    fn s_set_open_state(&mut self, cx: &mut Context<Self>, open: bool);
    /// Shows the results to everybody, or to presenters alone.
    fn s_set_results_state(&mut self, cx: &mut Context<Self>, visible_to_all: bool);
    /// Votes for a choice, by its place; -1 takes the vote back.
    fn s_vote(&mut self, cx: &mut Context<Self>, choice: i32);
}

/// PollContent on the client (section 3.2.4.1.11).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.PollContent",
    version = 1,
    hash = -1572291151947590318
)]
pub trait PollContentClient {
    /// The poll's state has been told.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// What this user has voted for; -1 for nothing.
    fn c_set_local_vote(&mut self, cx: &mut Context<Self>, choice: i32);
    /// Whether users can vote.
    fn c_set_open_state(&mut self, cx: &mut Context<Self>, open: bool);
    /// The question and its choices.
    fn c_set_question(
        &mut self,
        cx: &mut Context<Self>,
        question: String,
        choices: Vec<String>,
        remember_past_users: bool,
        customization_xml: String,
    );
    /// The votes for each choice; zeros where the results are not shown to this client.
    #[latest]
    fn c_set_results(&mut self, cx: &mut Context<Self>, results: Vec<i32>);
    /// Whether everybody sees the results, or presenters alone.
    fn c_set_results_state(&mut self, cx: &mut Context<Self>, visible_to_all: bool);
}
