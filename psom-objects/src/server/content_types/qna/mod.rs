mod state;

use psom::{Context, Lifecycle, Scope, Violation, distributed_object};

use self::state::{QnaChange, QnaState};
use crate::{
    interfaces::{QnaContentClientProxy, QnaContentServer, QnaContentServerProxy},
    server::{
        content_type::{ContentType, Memory, NewContent, OldContent, Refusal},
        context::MeetingContext,
    },
    types::QnaOpenState,
};

/// The extended content of questions and answers (section 3.3.4.1.13). It is open from the start.
///
/// What a page puts goes to all pages, the sender's too, in one order, and is kept for those who
/// come later, up to the meeting's limits: half of them for those who do not moderate, and of that a
/// share for each. So everybody's page shows the same. What of it counts as a question,
/// [`QnaBlob`](crate::qna::QnaBlob) says. Whoever asks for what is refused is told the open state as
/// it is.
#[distributed_object(serves = QnaContentServer, calls = QnaContentClient)]
pub struct QnaContent {
    id: i64,
    state: QnaState,
    meeting: MeetingContext,
    memory: Memory,
    /// Whether something did not find room, and the log knows.
    full: bool,
}

impl ContentType for QnaContent {
    const NAME: &'static str = "Content.Qna";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let (state, memory) = (QnaState::new(), new.memory);
        state.save(scope, &memory, &QnaChange::Opened(state.open));
        Ok(Self { id: new.id, state, meeting: new.meeting, memory, full: false })
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let state = QnaState::restore(&old.saved)?;
        Ok(Self { id: old.id, state, meeting: old.meeting, memory: old.memory, full: false })
    }
}

impl QnaContent {
    fn change(&mut self, cx: &mut Context<Self>, change: &QnaChange) {
        self.state.apply(change);
        self.state.save(cx, &self.memory, change);
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
        let may = self.meeting.policy().may_moderate(self.meeting.role(cx, user));
        if !may || open_state == QnaOpenState::None {
            cx.caller().c_set_open_state(self.state.open);
        } else if open_state != self.state.open {
            self.change(cx, &QnaChange::Opened(open_state));
            cx.peers().c_set_open_state(open_state);
        }
        Ok(())
    }

    fn s_put_blob(&mut self, cx: &mut Context<Self>, blob: &str) {
        let user = cx.caller().user().id;
        let (policy, role) = (self.meeting.policy(), self.meeting.role(cx, user));
        let (may, moderates) = (policy.may_ask(role), policy.may_moderate(role));
        let takes = self.state.takes(user, moderates, blob, self.meeting.limits());
        if !may || self.state.open != QnaOpenState::Open || !takes {
            // Once is enough: those who go on asking must not fill the log.
            if !takes && !std::mem::replace(&mut self.full, true) {
                tracing::info!(content = self.id, user, "No room for a question or an answer");
            }
            cx.caller().c_set_open_state(self.state.open);
            return;
        }
        let count = self.state.count();
        self.change(cx, &QnaChange::Put { user, moderates, blob: blob.to_owned() });
        cx.peers().c_put_blob(blob);
        if self.state.count() != count {
            cx.peers().c_set_questions_count(self.state.count());
        }
    }
}

impl Lifecycle for QnaContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let mut caller = cx.caller();
        caller.c_set_open_state(self.state.open);
        caller.c_set_questions_count(self.state.count());
        for blob in &self.state.blobs {
            caller.c_put_blob(blob);
        }
        caller.c_connect_completed();
    }
}

impl std::fmt::Debug for QnaContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (open, blobs) = (self.state.open, self.state.blobs.len());
        f.debug_struct("QnaContent")
            .field("open", &open)
            .field("blobs", &blobs)
            .finish_non_exhaustive()
    }
}
