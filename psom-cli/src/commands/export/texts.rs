//! Polls as CSV, and questions and notes as Markdown.

use std::fmt::Write as _;

use psom_objects::client::{NotesModel, PollModel, QnaModel};

use crate::{
    commands::poll::csv::{self, Csv},
    terminal::out,
};

/// A poll, as `psom poll results --csv` prints it.
pub(super) fn poll(poll: &PollModel) -> String {
    let rows = poll.choices.iter().enumerate();
    csv::table(Csv::Plain, rows.map(|(index, choice)| (choice.as_str(), poll.votes(index))))
}

/// Questions with their answers.
pub(super) fn questions(title: &str, qna: &QnaModel) -> String {
    let by = |by: &str| match by {
        "" => String::new(),
        by => format!(" ({})", markdown(by)),
    };
    let mut text = format!("# {}\n\n", markdown(title));
    for (number, question) in (1..).zip(&qna.questions) {
        let _ = writeln!(text, "{number}. {}{}", markdown(&question.text), by(&question.by));
        for answer in &question.answers {
            let _ = writeln!(text, "   - {}{}", markdown(&answer.text), by(&answer.by));
        }
    }
    if qna.questions.is_empty() {
        text.push_str("No questions yet.\n");
    }
    if !qna.is_open() {
        text.push_str("\nNo questions are accepted.\n");
    }
    text
}

/// The address of a page of notes.
pub(super) fn notes(title: &str, notes: &NotesModel, address: &str) -> String {
    let mut text = format!("## {}\n\n", markdown(title));
    let page: Vec<_> = [&notes.notebook, &notes.section, &notes.page]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| markdown(part))
        .collect();
    if !page.is_empty() {
        let _ = write!(text, "{}\n\n", page.join(" / "));
    }
    let address = if address.is_empty() { &*notes.id } else { address };
    if !address.is_empty() {
        let escape = |c: char| match c {
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            c if c.is_whitespace() => "%20".to_owned(),
            c => c.to_string(),
        };
        let address: String = address.chars().map(escape).collect();
        let _ = write!(text, "Address: <{}>\n\n", out::printable(&address));
    }
    text
}

/// Escapes a text, so that Markdown shows it as it is, in one line.
fn markdown(text: &str) -> String {
    let lines: Vec<_> =
        text.split(['\r', '\n']).map(str::trim).filter(|it| !it.is_empty()).collect();
    let mut escaped = String::new();
    for c in out::printable(&lines.join(" ")).chars() {
        if "\\`*_{}[]()#+-.!|<>&~".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use psom_objects::client::QnaEvent;

    use super::*;

    #[test]
    fn texts_are_never_markup() {
        let mut qna = QnaModel::default();
        let text = |text: &str| text.to_owned();
        let by = || text("Ada");
        qna.apply(&QnaEvent::Question {
            id: text("a"),
            text: text("<b>When?</b>\n# now"),
            by: by(),
        });
        qna.apply(&QnaEvent::Answer {
            question: text("a"),
            text: text("[x](javascript:1)"),
            by: String::new(),
        });
        let expected = "# Q\\&A\n\n1. \\<b\\>When?\\</b\\> \\# now (Ada)\n   - \
                        \\[x\\]\\(javascript:1\\)\n\nNo questions are accepted.\n";
        assert_eq!(questions("Q&A", &qna), expected);
    }

    #[test]
    fn notes_have_their_address() {
        let mut page = NotesModel::default();
        page.page = "May 2".to_owned();
        let text = notes("Minutes", &page, "https://a.example/x>y z");
        assert_eq!(text, "## Minutes\n\nMay 2\n\nAddress: <https://a.example/x%3Ey%20z>\n\n");
    }
}
