//! The messages between the web pages that show questions and answers.
//!
//! The messages of `sPutBlob` and `cPutBlob` are opaque to the protocol (section 3.3.4.1.13). The
//! pages of this implementation use three of them, each a JSON object:
//!
//! ```json
//! {"question": {"id": "6f1b", "text": "When is the exam?", "by": "Ada"}}
//! {"answer": {"question": "6f1b", "text": "In May.", "by": "Grace"}}
//! {"moderate":{"question":"6f1b","text":"When is the oral exam?"}}
//! ```
//!
//! The third replaces the text of a question, or deletes the question with its answers if the text is
//! null. It begins with exactly the characters above: the server accepts it from moderators only, and it
//! and the pages recognize it by its beginning, so that no other spelling of it has an effect.
//!
//! A server passes on every message and keeps it for newcomers. From a deleted question and its answers, it
//! removes the texts and the names. It counts the different questions
//! among the messages that it can parse. Pages ignore other messages. A page chooses the name that
//! it sends, and the server does not verify it.

use serde::{Deserialize, Serialize};

/// A message that the pages of this implementation understand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QnaBlob {
    /// A question.
    Question {
        /// The unique identifier, such as random bytes in hexadecimal. If several questions have
        /// the same identifier, it refers to the first one.
        id: String,
        /// The question.
        text: String,
        /// The name that the author of the question chose, if any.
        #[serde(default)]
        by: String,
    },
    /// An answer to a question.
    Answer {
        /// The identifier of the question.
        question: String,
        /// The answer.
        text: String,
        /// The name that the author of the answer chose, if any.
        #[serde(default)]
        by: String,
    },
    /// A change of a question by a moderator.
    Moderate {
        /// The identifier of the question.
        question: String,
        /// The new text of the question. Without one, the question and its answers are deleted.
        text: Option<String>,
    },
}

/// The first characters of every [`QnaBlob::Moderate`].
const MODERATE: &str = "{\"moderate\":";

impl QnaBlob {
    /// Parses a message. Returns `None` for a message of another kind.
    pub fn read(blob: &str) -> Option<Self> {
        let message = serde_json::from_str(blob).ok()?;
        let is_moderate = matches!(message, Self::Moderate { .. });
        (is_moderate == Self::needs_moderator(blob)).then_some(message)
    }

    /// Reports whether only a moderator may send a message.
    pub fn needs_moderator(blob: &str) -> bool {
        blob.starts_with(MODERATE)
    }

    /// Returns the text of the message, as `sPutBlob` sends it.
    pub fn write(&self) -> String {
        // Serializing texts with fixed names cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::QnaBlob;

    fn texts() -> [String; 3] {
        ["7\"", "a\nb", "Ada"].map(str::to_owned)
    }

    #[test]
    fn question_has_the_documented_form() {
        let [id, text, by] = texts();
        let question = QnaBlob::Question { id, text, by };
        let blob = r#"{"question":{"id":"7\"","text":"a\nb","by":"Ada"}}"#;
        assert_eq!(question.write(), blob);
        assert_eq!(QnaBlob::read(blob), Some(question));
    }

    #[test]
    fn answer_has_the_documented_form() {
        let [question, text, by] = texts();
        let answer = QnaBlob::Answer { question, text, by };
        let blob = r#"{"answer":{"question":"7\"","text":"a\nb","by":"Ada"}}"#;
        assert_eq!(answer.write(), blob);
        assert_eq!(QnaBlob::read(blob), Some(answer));
    }

    #[test]
    fn a_moderation_is_as_documented() {
        for (text, blob) in [
            (Some("b".to_owned()), r#"{"moderate":{"question":"7","text":"b"}}"#),
            (None, r#"{"moderate":{"question":"7","text":null}}"#),
        ] {
            let moderation = QnaBlob::Moderate { question: "7".to_owned(), text };
            assert_eq!(moderation.write(), blob);
            assert_eq!(QnaBlob::read(blob), Some(moderation));
            assert!(QnaBlob::needs_moderator(blob));
            // Another spelling passes the server, so it has no effect.
            let other = blob.replacen(':', " :", 1);
            assert!(QnaBlob::read(&other).is_none() && !QnaBlob::needs_moderator(&other));
        }
    }

    #[test]
    fn other_messages_are_not_parsed() {
        let deep = "[".repeat(60_000);
        for blob in
            ["", "{}", "null", r#"{"question":{"id":7,"text":"x"}}"#, r#"{"vote":1}"#, &deep]
        {
            assert_eq!(QnaBlob::read(blob), None, "{blob}");
        }
        // Fields of later versions are ignored, and the name is optional.
        let blob = r#"{"question":{"id":"1","text":"x","when":[[[]]]}}"#;
        assert!(QnaBlob::read(blob).is_some());
    }
}
