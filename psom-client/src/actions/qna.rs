use psom_objects::client::{Answer, Model, Question};

use super::{Actions, ContentId};
use crate::error::ActionError;

/// # Questions and answers
///
/// All actions fail with [`ActionError::Refused`] if the questions are suspended, and with
/// [`CallError::Gone`](psom::CallError::Gone) if the content is no Q&A.
impl Actions {
    /// Asks a question under an identifier that no other question has, such as random bytes in hexadecimal.
    /// `by` is the name of the user.
    ///
    /// # Errors
    /// The errors of all [actions](Self#questions-and-answers).
    pub async fn ask(
        &self,
        qna: ContentId,
        question: &str,
        text: &str,
        by: &str,
    ) -> Result<(), ActionError> {
        let (id, text, by) = (question.to_owned(), text.to_owned(), by.to_owned());
        let wanted = id.clone();
        self.perform(
            "published the question",
            move |conference, cx| conference.ask(cx, qna, id, text, by),
            move |model| find(model, qna, &wanted).is_some(),
        )
        .await
    }

    /// Answers the question with this identifier.
    ///
    /// # Errors
    /// The errors of all [actions](Self#questions-and-answers).
    pub async fn answer(
        &self,
        qna: ContentId,
        question: &str,
        text: &str,
        by: &str,
    ) -> Result<(), ActionError> {
        let (id, text, by) = (question.to_owned(), text.to_owned(), by.to_owned());
        let (question, wanted) = (id.clone(), text.clone());
        let has_answer = move |question: &Question| {
            question.answers.iter().any(|answer: &Answer| answer.text == wanted)
        };
        self.perform(
            "published the answer",
            move |conference, cx| conference.answer(cx, qna, id, text, by),
            move |model| find(model, qna, &question).is_some_and(has_answer),
        )
        .await
    }
}

fn find<'a>(model: &'a Model, qna: ContentId, id: &str) -> Option<&'a Question> {
    let qna = model.contents.get(&qna)?.qna.as_ref()?;
    qna.questions.iter().find(|question| question.id == id)
}
