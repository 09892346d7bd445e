//! Checks of texts that the user gives, before they are sent.

use psom::wire::fits_in_string;
use psom_objects::{
    texts::{changes_direction, comparable, has_visible, is_noncharacter, separates_lines},
    types::TitleReservationStatus,
};

use crate::{
    error::{CommandError, Result},
    render::refusal,
};

/// Rejects a text that cannot be a line of the protocol. `what` names the text: "the title".
pub(crate) fn check_line(what: &str, text: &str) -> Result {
    if text.contains(char::is_control) {
        let why = format!("{what} has a line break or a control character; leave it out");
        return Err(CommandError::new(why));
    }
    if text.contains(is_noncharacter) {
        let why =
            format!("{what} has a character that Unicode reserves for programs; leave it out");
        return Err(CommandError::new(why));
    }
    check_direction(what, text)?;
    check_length(what, text)
}

/// Rejects invisible characters that change the direction of text. They can make a text look like
/// another one.
pub(crate) fn check_direction(what: &str, text: &str) -> Result {
    if text.contains(changes_direction) {
        let why = format!("{what} has an invisible character that changes the direction of text");
        return Err(CommandError::new(format!("{why}; leave it out")));
    }
    Ok(())
}

/// Rejects a display name that others cannot read.
pub(crate) fn check_name(name: &str) -> Result {
    if !has_visible(name) {
        return Err(CommandError::new("the name is empty; give one that others can read"));
    }
    check_line("the name", name)
}

/// Rejects a text that does not fit into a call.
pub(crate) fn check_length(what: &str, text: &str) -> Result {
    if fits_in_string(text) {
        return Ok(());
    }
    Err(CommandError::new(format!("{what} is too long; make it shorter")))
}

/// Returns the error for a title that the server did not reserve.
/// `remedy` says how to choose another title.
pub(crate) fn reservation_refused(
    title: &str,
    status: TitleReservationStatus,
    remedy: &str,
) -> CommandError {
    match status {
        TitleReservationStatus::FailedInvalidTitle => title_refused(title, remedy),
        refused => CommandError::from_sentence(&refusal::reservation(refused)),
    }
}

/// The remedy if the title is an argument.
pub(crate) const CHOOSE_ANOTHER: &str = "choose another";

/// The remedy if the title is the name of a file.
pub(crate) const CHOOSE_WITH_OPTION: &str = "choose another with --title";

/// The limit for titles of a server with default settings.
const DEFAULT_MAX_TITLE_CHARS: usize = 255;

/// The characters that the server's default rules do not allow in a title. When a title is reserved, the
/// server does not know the type of the content, and the title can become the name of a file (ruling 23).
const FORBIDDEN_IN_TITLES: &str = r#"\/:*?"<>|"#;

/// Returns the error for a title that the server does not accept. The default rules of this
/// library's server explain most refusals; another server may have other rules. `remedy` says how to
/// choose another title.
pub(crate) fn title_refused(title: &str, remedy: &str) -> CommandError {
    let forbidden = title.contains(|c| FORBIDDEN_IN_TITLES.contains(c));
    let (why, nearest) = if !has_visible(title) || matches!(&*comparable(title), "." | "..") {
        ("the title is empty, invisible, or only dots".into(), None)
    } else if forbidden {
        let characters: Vec<_> = FORBIDDEN_IN_TITLES.chars().map(String::from).collect();
        let why = format!("a title must not contain {}", characters.join(" "));
        (why, nearest_title(title))
    } else if title.contains(is_unseen) {
        ("the title has an invisible control character".into(), nearest_title(title))
    } else if title.chars().nth(DEFAULT_MAX_TITLE_CHARS).is_some() {
        ("the title is longer than the server accepts".into(), None)
    } else {
        ("the server does not accept this title".into(), None)
    };
    let example = nearest.map_or_else(String::new, |title| format!(", such as \"{title}\""));
    CommandError::new(format!("{why}; {remedy}{example}"))
}

/// Reports whether a title must not contain a character because nobody sees it.
fn is_unseen(c: char) -> bool {
    c.is_control() || changes_direction(c) || separates_lines(c) || is_noncharacter(c)
}

/// Returns the valid title that looks most like this one, if there is one.
fn nearest_title(title: &str) -> Option<String> {
    let replacement = |c: char| match c {
        '\\' | '/' | '|' => Some('-'),
        '"' => Some('\''),
        '<' => Some('('),
        '>' => Some(')'),
        ':' => Some(','),
        '*' | '?' => None,
        c if is_unseen(c) => None,
        c => Some(c),
    };
    let nearest: String = title.chars().filter_map(replacement).collect();
    let nearest = nearest.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_valid = has_visible(&nearest)
        && !matches!(&*comparable(&nearest), "." | "..")
        && nearest.chars().count() <= DEFAULT_MAX_TITLE_CHARS;
    is_valid.then_some(nearest)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn message(result: Result) -> Option<String> {
        match result {
            Ok(()) => None,
            Err(CommandError::Message(message)) => Some(message),
            Err(other) => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_rejected_text_is_named() {
        assert_eq!(message(check_line("the page", "May 2, \u{e9}\u{1f600}")), None);
        let control = "the page has a line break or a control character; leave it out";
        for text in ["a\u{1b}[31m", "a\nb"] {
            assert_eq!(message(check_line("the page", text)).as_deref(), Some(control));
        }
    }

    #[test]
    fn a_name_must_be_readable() {
        assert_eq!(message(check_name("Ada")), None);
        for name in [" ", "\u{200b}", "\u{3164}"] {
            assert!(message(check_name(name)).unwrap().contains("the name is empty"));
        }
        assert!(message(check_name("a\u{202e}b")).unwrap().contains("changes the direction"));
        assert!(message(check_name(" ")).unwrap().contains("the name is empty"));
        assert!(message(check_name("\u{1b}[1m")).unwrap().contains("the name has a line break or"));
    }

    #[test]
    fn the_longest_texts_are_those_of_the_wire() {
        let long = Some("the page is too long; make it shorter");
        for (character, max) in [('x', 65_535), ('\u{e9}', 32_767), ('\u{1f600}', 10_922)] {
            let longest = character.to_string().repeat(max);
            assert_eq!(message(check_length("the page", &longest)), None);
            let longer = format!("{longest}{character}");
            assert_eq!(message(check_length("the page", &longer)).as_deref(), long);
        }
    }

    #[test]
    fn a_forbidden_title_has_a_valid_one_near_it() {
        for (title, nearest) in [
            ("What next?", Some("What next")),
            ("Quiz 1/2", Some("Quiz 1-2")),
            ("Part 2: <the> \"end\"", Some("Part 2, (the) 'end'")),
            ("a\u{202e}b\u{7}\u{fffe}", Some("ab")),
            ("a / b", Some("a - b")),
            ("???", None),
            ("?.?.", None),
        ] {
            assert_eq!(nearest_title(title).as_deref(), nearest, "{title}");
            let why = message(Err(title_refused(title, CHOOSE_ANOTHER))).unwrap();
            let example = nearest.map(|title| format!("; choose another, such as \"{title}\""));
            assert!(why.ends_with(&example.unwrap_or_else(|| "; choose another".into())), "{why}");
        }
    }

    #[test]
    fn a_refused_title_is_explained() {
        for (title, expected) in [
            (" ", "is empty"),
            ("\u{200b}", "invisible"),
            ("..", "only dots"),
            ("a?b", r#"a title must not contain \ / : * ? " < > |; "#),
            ("a\u{7}b", "an invisible control character"),
            ("a\u{202e}b", "an invisible control character"),
            (&"\u{e9}".repeat(256), "is longer"),
            (&"\u{e9}".repeat(255), "does not accept this title"),
        ] {
            let why = message(Err(title_refused(title, CHOOSE_WITH_OPTION))).unwrap();
            assert!(why.contains(expected), "{why}");
            assert!(why.contains(" with --title"), "{why}");
        }
        let taken = TitleReservationStatus::FailedReservedForCreation;
        let why = message(Err(reservation_refused("a?b", taken, CHOOSE_ANOTHER))).unwrap();
        assert!(why.contains("is taken"), "{why}");
    }
}
