mod state;

use std::collections::{BTreeMap, BTreeSet};

use psom::{Context, Durable, Lifecycle, PeerId, Scope, distributed_object};

use self::state::{PollChange, PollState};
use crate::{
    interfaces::{PollContentClient, PollContentServer},
    package::ContentDetail,
    server::{
        content_type::{ContentType, NewContent, OldContent, Refusal},
        context::MeetingContext,
    },
    types::Role,
};

/// The extended content of a poll (section 3.3.4.1.11): a question, its choices, and one vote a
/// user.
///
/// A new poll is open, and only users whom the policy permits see its results. A vote belongs to a
/// user and not to a connection, so it remains when the user leaves. It refers to the index of its
/// choice and remains when the choice is reworded.
///
/// The results are sent once for all votes of a turn. The answer to a refused request is the
/// current state.
#[distributed_object(serves = PollContentServer, calls = PollContentClient)]
pub struct PollContent {
    state: Durable<PollState>,
    meeting: MeetingContext,
    /// Whether the last results that were sent to each connection were the true ones or zeros.
    sent: BTreeMap<PeerId, bool>,
    /// Whether the results have changed since they were last sent.
    changed: bool,
}

#[cfg(feature = "offline")]
impl PollContent {
    pub(in crate::server) fn is_open(&self) -> bool {
        self.state.open
    }

    pub(in crate::server) fn choices(&self) -> &[String] {
        &self.state.choices
    }

    /// Returns the index of the choice for which a user has voted, or -1.
    pub(in crate::server) fn vote(&self, user: i64) -> i32 {
        place(self.state.vote(user))
    }

    /// Replaces the question and its choices like `sModify`, or returns the reason why not.
    pub(in crate::server) fn modify_recorded(
        &mut self,
        cx: &mut Context<Self>,
        question: String,
        choices: Vec<String>,
    ) -> Result<(), &'static str> {
        let limits = self.meeting.limits();
        if let Some(why) = state::objection(&question, &choices, true, "", limits) {
            return Err(why);
        }
        self.s_modify(cx, question, choices, true, "");
        Ok(())
    }
}

impl ContentType for PollContent {
    const NAME: &'static str = "Content.Poll";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let ContentDetail::Poll(poll) = new.detail else {
            return Err(Refusal::malformed("the manifest of a poll has no question"));
        };
        let (past, xml) = (poll.remember_past_users, &poll.customization_xml);
        let limits = new.meeting.limits();
        if let Some(why) = state::objection(&poll.question, &poll.choices, past, xml, limits) {
            return Err(Refusal::malformed(why));
        }
        let state = PollState::new(poll.question, poll.choices);
        Ok(Self::with(new.memory.create(scope, state), new.meeting))
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let state = old.memory.restored(PollState::restore(&old.saved)?);
        Ok(Self::with(state, old.meeting))
    }

    fn user_changed(&mut self, cx: &mut Context<Self>, _: i64, role: Option<Role>) {
        if role.is_some() {
            self.send_results(cx);
        }
    }
}

impl PollContent {
    fn with(state: Durable<PollState>, meeting: MeetingContext) -> Self {
        Self { state, meeting, sent: BTreeMap::new(), changed: false }
    }

    fn may_moderate(&self, cx: &mut Context<Self>) -> bool {
        let user = cx.caller().user().id;
        self.meeting.policy().may_moderate(self.meeting.role(cx, user))
    }

    fn sees_results(&self, scope: &Scope, user: i64) -> bool {
        self.state.visible_to_all
            || self.meeting.policy().sees_results(self.meeting.role(scope, user))
    }

    /// Returns the results, or zeros for users who may not see them.
    fn results(&self, seen: bool) -> Vec<i32> {
        if seen { self.state.sums() } else { vec![0; self.state.choices.len()] }
    }

    /// Sends the results to every connection whose last results are outdated.
    fn send_results(&mut self, cx: &mut Context<Self>) {
        let changed = std::mem::take(&mut self.changed);
        let (mut sums, mut zeros) = (BTreeSet::new(), BTreeSet::new());
        for peer in cx.peer_infos() {
            let sees = self.sees_results(cx, peer.user.id);
            let before = self.sent.insert(peer.id, sees);
            if before != Some(sees) || (sees && changed) {
                if sees { &mut sums } else { &mut zeros }.insert(peer.id);
            }
        }
        for (seen, peers) in [(true, sums), (false, zeros)] {
            if !peers.is_empty() {
                let results = self.results(seen);
                cx.peers().filter(|peer| peers.contains(&peer.id)).c_set_results(&results);
            }
        }
    }

    /// Sends the results at the end of the turn.
    fn send_results_later(&mut self, cx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.changed, true) {
            cx.at_end_of_turn(|poll, cx| {
                if poll.changed {
                    poll.send_results(cx);
                }
            });
        }
    }

    /// Notifies these users, on all their connections, that they have no vote.
    fn notify_unvoted(cx: &mut Context<Self>, users: &BTreeSet<i64>) {
        if !users.is_empty() {
            cx.peers().filter(|peer| users.contains(&peer.user.id)).c_set_local_vote(-1);
        }
    }

    /// Answers the caller with the results that they may see.
    fn answer_results(&self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        let results = self.results(self.sees_results(cx, user));
        cx.caller().c_set_results(&results);
    }
}

/// Returns the wire form of a vote: the index of the choice, or -1.
fn place(vote: Option<usize>) -> i32 {
    vote.and_then(|choice| i32::try_from(choice).ok()).unwrap_or(-1)
}

impl PollContentServer for PollContent {
    fn s_clear_votes(&mut self, cx: &mut Context<Self>) {
        if !self.may_moderate(cx) {
            return self.answer_results(cx);
        }
        let voters: BTreeSet<_> = self.state.voters().collect();
        self.state.change(cx, PollChange::Cleared);
        Self::notify_unvoted(cx, &voters);
        self.changed = true;
        self.send_results(cx);
    }

    fn s_modify(
        &mut self,
        cx: &mut Context<Self>,
        question: String,
        choices: Vec<String>,
        remember_past_users: bool,
        customization_xml: &str,
    ) {
        let (limits, past) = (self.meeting.limits(), remember_past_users);
        let objection = state::objection(&question, &choices, past, customization_xml, limits);
        if objection.is_some() || !self.may_moderate(cx) {
            let PollState { question, choices, .. } = &*self.state;
            cx.caller().c_set_question(question, choices, true, "");
            return;
        }
        let voters: BTreeSet<_> = self.state.voters().collect();
        self.state.change(cx, PollChange::Asked { question, choices });
        let PollState { question, choices, .. } = &*self.state;
        cx.peers().c_set_question(question, choices, true, "");
        let unvoted = voters.into_iter().filter(|user| self.state.vote(*user).is_none()).collect();
        Self::notify_unvoted(cx, &unvoted);
        // With another number of choices, the hidden results (zeros) have changed too.
        self.sent.clear();
        self.send_results(cx);
    }

    fn s_set_open_state(&mut self, cx: &mut Context<Self>, open: bool) {
        if !self.may_moderate(cx) {
            cx.caller().c_set_open_state(self.state.open);
        } else if self.state.open != open {
            self.state.change(cx, PollChange::Opened(open));
            cx.peers().c_set_open_state(open);
        }
    }

    fn s_set_results_state(&mut self, cx: &mut Context<Self>, visible_to_all: bool) {
        if !self.may_moderate(cx) {
            cx.caller().c_set_results_state(self.state.visible_to_all);
        } else if self.state.visible_to_all != visible_to_all {
            self.state.change(cx, PollChange::Shown(visible_to_all));
            cx.peers().c_set_results_state(visible_to_all);
            self.send_results(cx);
        }
    }

    fn s_vote(&mut self, cx: &mut Context<Self>, choice: i32) {
        let user = cx.caller().user().id;
        let before = self.state.vote(user);
        let is_permitted =
            self.state.open && self.meeting.policy().may_vote(self.meeting.role(cx, user));
        match state::wanted(choice, self.state.choices.len()) {
            Some(choice) if is_permitted && choice != before => {
                self.state.change(cx, PollChange::Voted { user, choice });
                cx.peers().filter(|peer| peer.user.id == user).c_set_local_vote(place(choice));
                self.send_results_later(cx);
            }
            _ => drop(cx.caller().c_set_local_vote(place(before))),
        }
    }
}

impl Lifecycle for PollContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let user = cx.caller().user().id;
        let sees = self.sees_results(cx, user);
        if let Some(id) = cx.caller().id() {
            self.sent.insert(id, sees);
        }
        let PollState { question, choices, open, visible_to_all, .. } = &*self.state;
        let (vote, results) = (place(self.state.vote(user)), self.results(sees));
        let caller = cx.caller();
        caller.c_set_question(question, choices, true, "");
        caller.c_set_open_state(*open);
        caller.c_set_results_state(*visible_to_all);
        caller.c_set_local_vote(vote);
        caller.c_set_results(&results);
        caller.c_connect_completed();
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        if let Some(id) = cx.caller().id() {
            self.sent.remove(&id);
        }
    }
}

impl std::fmt::Debug for PollContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PollContent").field("state", &self.state).finish_non_exhaustive()
    }
}
