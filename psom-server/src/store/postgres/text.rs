//! Texts in a form that PostgreSQL can store: a `TEXT` cannot contain U+0000.
//!
//! U+0000 and U+0001 become two characters each. The order of the texts stays the same, and so does the
//! relation "is a prefix of".

use std::borrow::Cow;

pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', '\u{1}']) {
        return text.into();
    }
    text.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}").into()
}

/// Reverts [`escape`]. Texts in another form are returned unchanged; their checksum shows the damage.
pub(super) fn unescape(text: String) -> String {
    if !text.contains('\u{1}') {
        return text;
    }
    text.replace("\u{1}\u{1}", "\0").replace("\u{1}\u{2}", "\u{1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_survives_and_keeps_its_order() {
        let mut texts = vec![
            "",
            "a",
            "a\0",
            "a\0\0",
            "a\0\u{1}",
            "a\u{1}",
            "a\u{1}\0",
            "a\u{1}\u{1}",
            "a\u{1}\u{2}",
            "a\u{2}",
            "a/",
            "a0",
            "ä",
            "\0",
            "\u{1}",
            "\u{2}",
        ];
        for text in &texts {
            assert_eq!(unescape(escape(text).into_owned()), *text);
            assert!(!escape(text).contains('\0'));
        }
        let mut escaped = texts.clone();
        texts.sort_unstable();
        escaped.sort_by_key(|text| escape(text).into_owned());
        assert_eq!(texts, escaped);
    }
}
