//! How long a text is on the wire.

/// The most bytes that a string takes on the wire (section 6.2).
pub(crate) const LONGEST: usize = 65_535;

/// How many bytes a character takes on the wire: one to three for each UTF-16 code unit (ruling 7).
fn bytes(character: char) -> usize {
    match character {
        '\u{1}'..='\u{7f}' => 1,
        '\0' | '\u{80}'..='\u{7ff}' => 2,
        '\u{800}'..='\u{ffff}' => 3,
        _ => 6,
    }
}

/// How many bytes a text has on the wire.
pub(crate) fn wire_length(text: &str) -> usize {
    text.chars().map(bytes).sum()
}

/// Whether a text can be an argument of a call: it has at most 65,535 bytes on the wire (section
/// 6.2).
pub fn fits_in_a_call(text: &str) -> bool {
    // Most are so short that there is nothing to count.
    text.len() <= LONGEST / 2 || wire_length(text) <= LONGEST
}

/// As much of a text, from its beginning, as can be an argument of a call. What came in one string
/// may need more bytes than a string has on its way back.
pub(crate) fn cut(text: &str) -> &str {
    cut_to(text, LONGEST)
}

/// As much of a text, from its beginning, as has at most so many bytes on the wire.
pub(crate) fn cut_to(text: &str, most: usize) -> &str {
    let mut length = 0;
    let beyond = text.char_indices().find(|(_, character)| {
        length += bytes(*character);
        length > most
    });
    beyond.map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, cut, fits_in_a_call, wire_length};

    #[test]
    fn the_longest_texts_that_fit() {
        // A character beyond the first 65,536 is two units of three bytes each.
        for (character, most) in
            [('x', 65_535), ('\0', 32_767), ('é', 32_767), ('€', 21_845), ('😀', 10_922)]
        {
            let longest = character.to_string().repeat(most);
            assert!(fits_in_a_call(&longest), "{character:?}");
            assert_eq!(cut(&longest), longest);
            let longer = character.to_string().repeat(most + 1);
            assert!(!fits_in_a_call(&longer) && wire_length(&longer) > LONGEST, "{character:?}");
            assert_eq!(cut(&longer), longest);
        }
    }

    #[test]
    fn every_code_unit_counts() {
        for (text, length) in [("", 0), ("aé€", 6), ("\0", 2), ("😀x", 7), ("\u{7f}\u{80}", 3)]
        {
            assert_eq!(wire_length(text), length, "{text:?}");
        }
    }
}
