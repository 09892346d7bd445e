//! Texts that the user gives, before they are sent.

use psom::wire::fits_in_string;
use psom_objects::{client::explain, types::TitleReservationStatus};

use crate::{
    failure::{Failure, Result},
    out,
};

/// Refuses a text that no server takes as one line, and says which it is: `what` is as in "the
/// title".
pub fn check_line(what: &str, text: &str) -> Result {
    if text.contains(char::is_control) {
        let why = format!("{what} has a line break or a control character; leave it out");
        return Err(Failure::new(why));
    }
    check_length(what, text)
}

/// Refuses a name that nobody has.
pub fn check_name(name: &str) -> Result {
    if name.trim().is_empty() {
        return Err(Failure::new("the name is empty; say one that others can read"));
    }
    check_line("the name", name)
}

/// Refuses a text that does not fit in a call.
pub fn check_length(what: &str, text: &str) -> Result {
    match fits_in_string(text) {
        true => Ok(()),
        false => Err(Failure::new(format!("{what} is too long; make it shorter"))),
    }
}

/// Why a server has not reserved a title.
pub fn reservation_refused(title: &str, status: TitleReservationStatus) -> Failure {
    match status {
        TitleReservationStatus::FailedInvalidTitle => title_refused(title),
        refused => Failure::explained(&explain::reservation(refused)),
    }
}

/// The most characters of a title that servers take, unless they are told otherwise.
const LONGEST_TITLE: usize = 255;

/// Why a server does not take a title. Which characters it may have is known; what else it may be is
/// the server's to say.
pub fn title_refused(title: &str) -> Failure {
    let bad = title.chars().find(|c| r#"\/:*?"<>|"#.contains(*c));
    Failure::new(match bad {
        _ if matches!(title.trim(), "" | "." | "..") => {
            "the title says nothing; choose another".into()
        }
        Some(bad) => format!("the title has a {bad}, which no file name has; choose another"),
        None if title.contains(|c: char| c.is_control() || out::turns(c)) => {
            "the title has a character that is not seen; choose another".into()
        }
        None if title.chars().nth(LONGEST_TITLE).is_some() => {
            "the title is longer than the server takes; choose a shorter one".into()
        }
        None => "the server does not take this title; choose another".into(),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn said(result: Result) -> Option<String> {
        match result {
            Ok(()) => None,
            Err(Failure::Said(why)) => Some(why),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_text_is_refused_by_its_name() {
        assert_eq!(said(check_line("the page", "May 2, \u{e9}\u{1f600}")), None);
        let control = "the page has a line break or a control character; leave it out";
        for text in ["a\u{1b}[31m", "a\nb"] {
            assert_eq!(said(check_line("the page", text)).as_deref(), Some(control));
        }
    }

    #[test]
    fn a_name_can_be_read() {
        assert_eq!(said(check_name("Ada")), None);
        assert!(said(check_name(" ")).unwrap().contains("the name is empty"));
        assert!(said(check_name("\u{1b}[1m")).unwrap().contains("the name has a line break or"));
    }

    #[test]
    fn the_longest_texts_are_those_of_the_wire() {
        let long = Some("the page is too long; make it shorter");
        for (character, most) in [('x', 65_535), ('\u{e9}', 32_767), ('\u{1f600}', 10_922)] {
            let longest = character.to_string().repeat(most);
            assert_eq!(said(check_length("the page", &longest)), None);
            let longer = longest + &character.to_string();
            assert_eq!(said(check_length("the page", &longer)).as_deref(), long);
        }
    }

    #[test]
    fn what_is_wrong_with_a_title_is_named() {
        for (title, expected) in [
            (" ", "says nothing"),
            ("..", "says nothing"),
            ("a?b", "has a ?, which"),
            ("a\u{7}b", "is not seen"),
            ("a\u{202e}b", "is not seen"),
            (&"\u{e9}".repeat(256), "is longer"),
            (&"\u{e9}".repeat(255), "does not take this title"),
        ] {
            let why = said(Err(title_refused(title))).unwrap();
            assert!(why.contains(expected), "{why}");
        }
        let taken = TitleReservationStatus::FailedReservedForCreation;
        let why = said(Err(reservation_refused("a?b", taken))).unwrap();
        assert!(why.contains("is taken"), "{why}");
    }
}
