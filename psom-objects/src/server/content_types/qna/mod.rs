mod state;

#[cfg(feature = "offline")]
use std::collections::BTreeSet;

use psom::{Context, Durable, Lifecycle, Scope, Violation, distributed_object};

use self::state::{Message, QnaChange, QnaState};
use crate::{
    interfaces::{QnaContentClient, QnaContentServer},
    qna::QnaBlob,
    server::{
        content_type::{ContentType, NewContent, OldContent, Refusal},
        context::MeetingContext,
    },
    types::QnaOpenState,
};

/// The extended content of questions and answers (section 3.3.4.1.13). It is open from the start.
///
/// The message of a page is sent to all pages, including the sender's, in one order. It is kept for
/// newcomers, so every page shows the same messages. The meeting's limits bound the messages: users
/// who do not moderate may use half of them, and each such user a tenth. [`QnaBlob`] finds the
/// questions among the messages, and those that only moderators may send. The answer to a refused
/// request is the current open state.
#[distributed_object(serves = QnaContentServer, calls = QnaContentClient)]
pub struct QnaContent {
    id: i64,
    state: Durable<QnaState>,
    meeting: MeetingContext,
    /// Whether the log has reported that a message did not fit.
    has_logged_full: bool,
}

impl ContentType for QnaContent {
    const NAME: &'static str = "Content.Qna";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let state = new.memory.create(scope, QnaState::new());
        Ok(Self { id: new.id, state, meeting: new.meeting, has_logged_full: false })
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let state = old.memory.restored(QnaState::restore(&old.saved)?);
        Ok(Self { id: old.id, state, meeting: old.meeting, has_logged_full: false })
    }
}

#[cfg(feature = "offline")]
impl QnaContent {
    /// Returns the identifier of a question by its number, from 1.
    pub(in crate::server) fn question(&self, number: i32) -> Option<String> {
        let mut known = BTreeSet::new();
        let mut questions = self.state.blobs().filter_map(|blob| match QnaBlob::read(blob) {
            Some(QnaBlob::Question { id, .. }) => known.insert(id.clone()).then_some(id),
            _ => None,
        });
        questions.nth(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Puts a message like `sPutBlob`, or returns the reason why not.
    pub(in crate::server) fn put_recorded(
        &mut self,
        cx: &mut Context<Self>,
        message: &QnaBlob,
    ) -> Result<(), &'static str> {
        if self.state.open != QnaOpenState::Open {
            return Err("the Q&A is suspended; ask a presenter to open it");
        }
        let before = self.state.blobs().len();
        self.s_put_blob(cx, &message.write());
        if self.state.blobs().len() > before {
            return Ok(());
        }
        Err("the server does not accept the text; make it shorter, or ask a presenter")
    }
}

impl QnaContentServer for QnaContent {
    fn s_set_open_state(
        &mut self,
        cx: &mut Context<Self>,
        open_state: QnaOpenState,
    ) -> Result<(), Violation> {
        if matches!(open_state, QnaOpenState::Other(_)) {
            return Err(Violation::new("sSetOpenState with an unknown state"));
        }
        let user = cx.caller().user().id;
        let moderates = self.meeting.policy().may_moderate(self.meeting.role(cx, user));
        if !moderates || open_state == QnaOpenState::None {
            cx.caller().c_set_open_state(self.state.open);
        } else if open_state != self.state.open {
            self.state.change(cx, QnaChange::Opened(open_state));
            cx.peers().c_set_open_state(open_state);
        }
        Ok(())
    }

    fn s_put_blob(&mut self, cx: &mut Context<Self>, blob: &str) {
        let user = cx.caller().user().id;
        let (policy, role) = (self.meeting.policy(), self.meeting.role(cx, user));
        let (may_ask, moderates) = (policy.may_ask(role), policy.may_moderate(role));
        let takes = self.state.takes(user, moderates, blob, self.meeting.limits());
        // A moderator can also remove a question after the end of the questions.
        let is_open = self.state.open == QnaOpenState::Open;
        let fits_state = if QnaBlob::needs_moderator(blob) { moderates } else { is_open };
        if !may_ask || !fits_state || !takes {
            // Only the first one is logged, so that a client cannot fill the log.
            if !takes && !std::mem::replace(&mut self.has_logged_full, true) {
                tracing::info!(content = self.id, user, "no room for a question or an answer");
            }
            cx.caller().c_set_open_state(self.state.open);
            return;
        }
        let count = self.state.count();
        let message = Message { user, moderates, blob: blob.to_owned() };
        self.state.change(cx, QnaChange::Put(message));
        cx.peers().c_put_blob(blob);
        if self.state.count() != count {
            cx.peers().c_set_questions_count(self.state.count());
        }
    }
}

impl Lifecycle for QnaContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let caller = cx.caller();
        caller.c_set_open_state(self.state.open);
        caller.c_set_questions_count(self.state.count());
        for blob in self.state.blobs() {
            caller.c_put_blob(blob);
        }
        caller.c_connect_completed();
    }
}

impl std::fmt::Debug for QnaContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (open, blobs) = (self.state.open, self.state.blobs().len());
        f.debug_struct("QnaContent")
            .field("open", &open)
            .field("blobs", &blobs)
            .finish_non_exhaustive()
    }
}
