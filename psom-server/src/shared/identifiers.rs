//! Identifiers and names: how they are made, and which ones are valid.

pub(crate) use psom_client::is_meeting_id;
use psom_objects::texts::{
    changes_direction, has_visible, is_invisible, is_noncharacter, separates_lines,
};

/// The prefix of the URIs of guests: users who joined by an open invitation. A user who is
/// admitted by name cannot have such a URI.
pub(crate) const GUEST_URI_PREFIX: &str = "guest:";

/// Length limit of a title, a display name or a URI in characters, as for the titles of contents.
const MAX_TEXT_CHARS: usize = 255;

/// Length of a random name in hexadecimal digits: 128 bits, which cannot be guessed.
const RANDOM_NAME_DIGITS: usize = 32;

/// Reports whether a text can be a title or a display name.
pub(crate) fn is_display_text(text: &str) -> bool {
    (1..=MAX_TEXT_CHARS).contains(&text.chars().count())
        && has_visible(text)
        && !text.chars().any(|c| {
            c.is_control() || changes_direction(c) || separates_lines(c) || is_noncharacter(c)
        })
}

/// Reports whether a text can be the URI of a user who is admitted by name.
pub(crate) fn is_user_uri(uri: &str) -> bool {
    (1..=MAX_TEXT_CHARS).contains(&uri.chars().count())
        && !uri.chars().any(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
        && !uri.starts_with(GUEST_URI_PREFIX)
}

/// Returns 128 random bits in hexadecimal: a name that cannot be guessed.
pub(crate) fn random_name() -> String {
    format!("{:0width$x}", rand::random::<u128>(), width = RANDOM_NAME_DIGITS)
}

/// Reports whether a text has the form of a [`random_name`].
pub(crate) fn is_random_name(text: &str) -> bool {
    text.len() == RANDOM_NAME_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_texts_are_visible_and_in_one_direction() {
        for good in ["Ada", "Zo\u{e9}", "\u{1f468}\u{200d}\u{1f469}", "\u{5d0}\u{5d1}"] {
            assert!(is_display_text(good), "{good:?}");
        }
        let long = "x".repeat(256);
        for bad in [
            "",
            " ",
            "\u{200b}",
            "\u{3164}",
            "\u{2800}",
            "a\nb",
            "a\u{202e}b",
            "a\u{61c}",
            "a\u{ffff}",
            &long,
        ]
        .into_iter()
        .chain(["a\u{2028}b", "a\u{2029}"])
        {
            assert!(!is_display_text(bad), "{bad:?}");
        }
        assert!(is_user_uri("sip:ada@example.com"));
        for bad in ["sip:a\u{200b}", "sip: a", "guest:a", "sip:a\u{202e}", ""] {
            assert!(!is_user_uri(bad), "{bad:?}");
        }
    }

    #[test]
    fn random_names_have_their_form() {
        assert!(is_random_name(&random_name()));
        assert!(!is_random_name("x") && !is_random_name(&"g".repeat(32)));
    }
}
