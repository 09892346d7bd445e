use psom::{Context, Violation, distributed_object, error::Misuse};

use super::QnaEvent;
use crate::{
    client::{
        event::Event,
        root::{Conference, Root},
    },
    interfaces::{self, QnaContentClient},
    qna::QnaBlob,
    types::QnaOpenState,
};

/// Follows questions and answers.
#[distributed_object(
    serves = interfaces::QnaContentClient,
    calls = interfaces::QnaContentServer
)]
pub(in crate::client) struct QnaContent {
    id: i64,
    root: Root,
}

impl QnaContent {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }

    fn tell(&self, cx: &mut Context<Self>, event: QnaEvent) {
        self.root.tell(cx, Event::Qna { id: self.id, event });
    }
}

impl QnaContentClient for QnaContent {
    fn c_set_open_state(&mut self, cx: &mut Context<Self>, open_state: QnaOpenState) {
        if matches!(open_state, QnaOpenState::Other(_)) {
            let why = "cSetOpenState with a state that there is not";
            return cx.caller().expel(Violation::new(why));
        }
        self.tell(cx, QnaEvent::State { state: open_state });
    }

    fn c_set_questions_count(&mut self, cx: &mut Context<Self>, count: i32) {
        // The specification gives the number no range.
        self.tell(cx, QnaEvent::Count { count: count.max(0) });
    }

    fn c_put_blob(&mut self, cx: &mut Context<Self>, blob: String) {
        let event = match QnaBlob::read(&blob) {
            Some(QnaBlob::Question { id, text, by }) => QnaEvent::Question { id, text, by },
            Some(QnaBlob::Answer { question, text, by }) => QnaEvent::Answer { question, text, by },
            None => QnaEvent::Blob { blob },
        };
        self.tell(cx, event);
    }

    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.tell(cx, Event::ExtendedReady { id: self.id });
    }
}

/// # Questions and answers
///
/// A server does not say that it refuses something: it tells the open state as it is, as
/// [`QnaEvent::State`].
impl Conference {
    /// Opens questions and answers, or suspends them: then they are there to be read.
    pub fn set_qna_open(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        open: bool,
    ) -> Result<(), Misuse> {
        let state = if open { QnaOpenState::Open } else { QnaOpenState::Suspended };
        self.on_extended::<QnaContent>(cx, id, move |qna, cx| {
            let sent = cx.peers().s_set_open_state(state);
            qna.root.check(cx, "open or suspend questions and answers", sent);
        })
    }

    /// Asks a question. Its identifier is to be like no other: random bytes in hexadecimal will do;
    /// `by` is what the user wants to be called. It comes back to everybody as
    /// [`QnaEvent::Question`].
    pub fn ask(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        question: impl Into<String>,
        text: impl Into<String>,
        by: impl Into<String>,
    ) -> Result<(), Misuse> {
        let (question, text, by) = (question.into(), text.into(), by.into());
        self.put_blob(cx, id, QnaBlob::Question { id: question, text, by }.write())
    }

    /// Answers the question with this identifier. It comes back to everybody as
    /// [`QnaEvent::Answer`].
    pub fn answer(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        question: impl Into<String>,
        text: impl Into<String>,
        by: impl Into<String>,
    ) -> Result<(), Misuse> {
        let (question, text, by) = (question.into(), text.into(), by.into());
        self.put_blob(cx, id, QnaBlob::Answer { question, text, by }.write())
    }

    /// Says something to the pages that show questions and answers, in whatever form they
    /// understand.
    pub fn put_blob(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        blob: impl Into<String>,
    ) -> Result<(), Misuse> {
        let blob = blob.into();
        self.on_extended::<QnaContent>(cx, id, move |qna, cx| {
            let sent = cx.peers().s_put_blob(&blob);
            qna.root.check(cx, "ask or answer", sent);
        })
    }
}
