use psom::{CallError, Context};

use super::Conference;
use crate::{client::followers::qna::QnaFollower, qna::QnaBlob, types::QnaOpenState};

/// # Questions and answers
///
/// If a server refuses a request, it sends the current open state, which this client reports as
/// [`QnaEvent::State`](crate::client::QnaEvent::State).
impl Conference {
    /// Opens questions and answers, or suspends them, so that they can only be read.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn set_qna_open(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        open: bool,
    ) -> Result<(), CallError> {
        let state = if open { QnaOpenState::Open } else { QnaOpenState::Suspended };
        self.on_extended::<QnaFollower>(cx, id, move |qna, cx| {
            let sent = cx.peers().s_set_open_state(state);
            qna.root.check(cx, "open or suspend questions and answers", sent);
        })
    }

    /// Asks a question. The identifier must be unique, such as random bytes in hexadecimal. `by` is
    /// the name of the user. The server sends the question to everybody as
    /// [`QnaEvent::Question`](crate::client::QnaEvent::Question).
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
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

    /// Answers the question with this identifier. The server sends the answer to everybody as
    /// [`QnaEvent::Answer`](crate::client::QnaEvent::Answer).
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
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

    /// Sends a message to the pages that show questions and answers.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn put_blob(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        blob: impl Into<String>,
    ) -> Result<(), CallError> {
        let blob = blob.into();
        self.on_extended::<QnaFollower>(cx, id, move |qna, cx| {
            let sent = cx.peers().s_put_blob(&blob);
            qna.root.check(cx, "ask or answer", sent);
        })
    }
}
