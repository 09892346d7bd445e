//! Characters in texts that people see, and texts that look alike.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{BinaryProperty as _, DefaultIgnorableCodePoint};

/// The empty Braille cell. Fonts show nothing for it, although its Unicode properties do not make
/// it invisible.
const BLANK_BRAILLE: char = '\u{2800}';

/// Reports whether a character changes the direction of the text around it. Such a character is
/// invisible and can make a file name look like another one.
pub fn changes_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Reports whether a character ends a line without being a control character. In a name, it can make
/// one line of a log or a list look like two.
pub fn separates_lines(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Reports whether a character is reserved for the internal use of programs (`Noncharacter_Code_Point` in
/// the Unicode Standard). XML does not allow some of them.
pub fn is_noncharacter(character: char) -> bool {
    u32::from(character) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&character)
}

/// Reports whether programs show nothing for a character, such as a zero-width space
/// (`Default_Ignorable_Code_Point` in the Unicode Standard).
pub fn is_invisible(character: char) -> bool {
    // The lookup is slow, and no ASCII character has the property.
    !character.is_ascii() && DefaultIgnorableCodePoint::for_char(character)
}

/// Reports whether a text has a visible character.
pub fn has_visible(text: &str) -> bool {
    text.chars()
        .any(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(c) && c != BLANK_BRAILLE)
}

/// Returns a form of a text that is equal for texts that people cannot tell apart: without
/// invisible characters, with full case folding, in the normalization form C, and with one space
/// for white space between words.
pub fn comparable(text: &str) -> String {
    // Most texts are ASCII, whose normalization form and folding need no tables.
    if text.is_ascii() {
        return join_words(&text.to_ascii_lowercase());
    }
    join_words(&fold(text))
}

/// Returns a text without invisible characters, with full case folding, in the normalization form C.
fn fold(text: &str) -> String {
    // Decomposition comes first, so that folding sees every letter and its marks in their order
    // (definition D145 of the Unicode Standard).
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(&visible);
    let folded = CaseMapper::new().fold_string(&decomposed);
    ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned()
}

fn join_words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Reports whether people cannot tell two texts apart.
pub fn look_alike(one: &str, other: &str) -> bool {
    one == other || comparable(one) == comparable(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_texts_are_folded_as_all_others() {
        for character in '\0'..='\x7f' {
            let text = format!("A {character} b");
            assert_eq!(comparable(&text), join_words(&fold(&text)), "{character:?}");
            assert!(!DefaultIgnorableCodePoint::for_char(character), "{character:?}");
        }
    }

    #[test]
    fn texts_that_look_alike_are_equal() {
        for (one, other) in [
            ("Caf\u{e9}.txt", "CAFE\u{301}.TXT"),
            ("\u{d55c}", "\u{1112}\u{1161}\u{11ab}"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"),
            ("Stra\u{df}e", "STRASSE"),
            ("\u{1e9e}", "ss"),
            ("\u{fb01}n", "FIN"),
            ("K", "\u{212a}"),
            ("\u{c5}", "\u{212b}"),
            ("\u{3a3}\u{3a3}", "\u{3c3}\u{3c2}"),
            ("a b", " a\u{a0}\u{3000} b "),
            ("now", "n\u{200b}o\u{ad}w\u{feff}"),
            ("j", "j\u{200d}\u{fe0f}\u{e0041}"),
            ("h", "h\u{3164}\u{115f}\u{ffa0}"),
            ("q\u{307}\u{323}", "q\u{323}\u{34f}\u{307}"),
        ] {
            assert!(look_alike(one, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn texts_that_people_can_tell_apart_differ() {
        for (one, other) in [
            ("a", "b"),
            ("ab", "a b"),
            ("e", "\u{e9}"),
            ("i", "\u{131}"),
            ("1", "\u{b9}"),
            ("", "x"),
        ] {
            assert!(!look_alike(one, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn text_of_invisible_characters_is_not_visible() {
        for text in
            ["", " ", "\u{a0}\u{3000}", "\u{200b}", "\u{3164}", "\u{2800}", "\u{feff}\t", "\u{7}"]
        {
            assert!(!has_visible(text), "{text:?}");
        }
        for text in ["a", "\u{200b}.", "\u{1f600}", "\u{e9}"] {
            assert!(has_visible(text), "{text:?}");
        }
    }

    #[test]
    fn every_noncharacter_is_known() {
        use icu_properties::props::NoncharacterCodePoint;
        for c in '\0'..=char::MAX {
            assert_eq!(is_noncharacter(c), NoncharacterCodePoint::for_char(c), "{c:?}");
        }
    }

    #[test]
    fn every_bidi_control_changes_the_direction() {
        use icu_properties::props::BidiControl;
        for c in '\0'..=char::MAX {
            assert_eq!(changes_direction(c), BidiControl::for_char(c), "{c:?}");
        }
    }
}
