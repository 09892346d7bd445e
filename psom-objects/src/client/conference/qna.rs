use psom::{CallError, Context};

use super::Conference;
use crate::{client::followers::qna::QnaContent, qna::QnaBlob, types::QnaOpenState};

/// # Questions and answers
///
/// A server does not say that it refuses something: it tells the open state as it is, as
/// [`QnaEvent::State`](crate::client::QnaEvent::State).
impl Conference {
    /// Opens questions and answers, or suspends them: then they are there to be read.
    pub fn set_qna_open(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        open: bool,
    ) -> Result<(), CallError> {
        let state = if open { QnaOpenState::Open } else { QnaOpenState::Suspended };
        self.on_extended::<QnaContent>(cx, id, move |qna, cx| {
            let sent = cx.peers().s_set_open_state(state);
            qna.root.check(cx, "open or suspend questions and answers", sent);
        })
    }

    /// Asks a question. Its identifier is to be like no other: random bytes in hexadecimal will do;
    /// `by` is what the user wants to be called. It comes back to everybody as
    /// [`QnaEvent::Question`](crate::client::QnaEvent::Question).
    pub fn ask(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        question: impl Into<String>,
        text: impl Into<String>,
        by: impl Into<String>,
    ) -> Result<(), CallError> {
        let (question, text, by) = (question.into(), text.into(), by.into());
        self.put_blob(cx, id, QnaBlob::Question { id: question, text, by }.write())
    }

    /// Answers the question with this identifier. It comes back to everybody as
    /// [`QnaEvent::Answer`](crate::client::QnaEvent::Answer).
    pub fn answer(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        question: impl Into<String>,
        text: impl Into<String>,
        by: impl Into<String>,
    ) -> Result<(), CallError> {
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
    ) -> Result<(), CallError> {
        let blob = blob.into();
        self.on_extended::<QnaContent>(cx, id, move |qna, cx| {
            let sent = cx.peers().s_put_blob(&blob);
            qna.root.check(cx, "ask or answer", sent);
        })
    }
}
