//! The length of a text when it is encoded as a string.

/// The maximum size of an encoded string in bytes, without its length field (section 6.2).
pub const MAX_STRING_BYTES: usize = 0xffff;

/// Returns the encoded length of a character in bytes: one to three for each UTF-16 code unit
/// (ruling 7).
fn encoded_char_bytes(character: char) -> usize {
    match character {
        '\u{1}'..='\u{7f}' => 1,
        '\0' | '\u{80}'..='\u{7ff}' => 2,
        '\u{800}'..='\u{ffff}' => 3,
        _ => 6,
    }
}

/// Returns the encoded size of a text in bytes, without the length field.
pub fn encoded_bytes(text: &str) -> usize {
    text.chars().map(encoded_char_bytes).sum()
}

/// Returns the longest prefix of a text whose encoded size is at most `max_bytes`.
pub fn encoded_prefix(text: &str, max_bytes: usize) -> &str {
    let mut bytes = 0;
    let end = text.char_indices().find(|(_, character)| {
        bytes += encoded_char_bytes(*character);
        bytes > max_bytes
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// Reports whether a text can be an argument of a call: whether its encoded size is at most
/// [`MAX_STRING_BYTES`].
pub fn fits_in_string(text: &str) -> bool {
    // No character has more than twice as many encoded bytes as bytes of UTF-8.
    text.len() <= MAX_STRING_BYTES / 2 || encoded_bytes(text) <= MAX_STRING_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_limit_counts_encoded_bytes() {
        // A character above U+FFFF is two code units of three bytes each.
        for (character, max_count) in
            [('x', 65_535), ('\0', 32_767), ('é', 32_767), ('€', 21_845), ('😀', 10_922)]
        {
            let longest = character.to_string().repeat(max_count);
            assert!(fits_in_string(&longest), "{character:?}");
            assert_eq!(encoded_prefix(&longest, MAX_STRING_BYTES), longest);
            let longer = character.to_string().repeat(max_count + 1);
            assert!(!fits_in_string(&longer), "{character:?}");
            assert!(encoded_bytes(&longer) > MAX_STRING_BYTES, "{character:?}");
            assert_eq!(encoded_prefix(&longer, MAX_STRING_BYTES), longest);
        }
    }

    #[test]
    fn encoded_length_counts_every_code_unit() {
        for (text, bytes) in [("", 0), ("aé€", 6), ("\0", 2), ("😀x", 7), ("\u{7f}\u{80}", 3)]
        {
            assert_eq!(encoded_bytes(text), bytes, "{text:?}");
        }
    }
}
