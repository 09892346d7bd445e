use psom::{Context, Violation, distributed_object};

use crate::{
    client::{
        model::{content::ContentEvent, qna::QnaEvent},
        root::Root,
    },
    interfaces::{QnaContentClient, QnaContentServer},
    qna::QnaBlob,
    types::QnaOpenState,
};

/// Follows questions and answers.
#[distributed_object(
    serves = QnaContentClient,
    calls = QnaContentServer
)]
pub(in crate::client) struct QnaFollower {
    id: i64,
    pub(in crate::client) root: Root,
}

impl QnaFollower {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }

    fn report(&self, cx: &mut Context<Self>, event: QnaEvent) {
        self.root.report_content(cx, self.id, ContentEvent::Qna(event));
    }
}

impl QnaContentClient for QnaFollower {
    fn c_set_open_state(&mut self, cx: &mut Context<Self>, open_state: QnaOpenState) {
        if matches!(open_state, QnaOpenState::Other(_)) {
            let why = "cSetOpenState with an undefined state";
            return cx.caller().expel(Violation::new(why));
        }
        self.report(cx, QnaEvent::State { state: open_state });
    }

    fn c_set_questions_count(&mut self, cx: &mut Context<Self>, count: i32) {
        // The specification does not forbid a negative number.
        self.report(cx, QnaEvent::Count { count: count.max(0) });
    }

    fn c_put_blob(&mut self, cx: &mut Context<Self>, blob: String) {
        let event = match QnaBlob::read(&blob) {
            Some(QnaBlob::Question { id, text, by }) => QnaEvent::Question { id, text, by },
            Some(QnaBlob::Answer { question, text, by }) => QnaEvent::Answer { question, text, by },
            Some(QnaBlob::Moderate { question, text }) => QnaEvent::Moderated { question, text },
            None => QnaEvent::Blob { blob },
        };
        self.report(cx, event);
    }

    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.report_content(cx, self.id, ContentEvent::ExtendedReady);
    }
}
