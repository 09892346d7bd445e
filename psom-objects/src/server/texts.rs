//! What a text must be like to be sent on.

/// The bytes that a string may take on the wire (section 6.2).
const LONGEST: usize = 65_535;

/// Whether a text can be an argument of a call: it takes at most 65,535 bytes on the wire, where a
/// UTF-16 code unit takes one to three (ruling 7).
pub(super) fn fits_in_a_call(text: &str) -> bool {
    let bytes = |unit: u16| match unit {
        1..=0x7f => 1,
        0 | 0x80..=0x7ff => 2,
        _ => 3,
    };
    // Most are so short that there is nothing to count.
    text.len() <= LONGEST / 2 || text.encode_utf16().map(bytes).sum::<usize>() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::fits_in_a_call;

    #[test]
    fn the_longest_texts_that_fit() {
        for (character, most) in [('x', 65_535), ('\0', 32_767), ('é', 32_767), ('€', 21_845)] {
            assert!(fits_in_a_call(&character.to_string().repeat(most)), "{character:?}");
            assert!(!fits_in_a_call(&character.to_string().repeat(most + 1)), "{character:?}");
        }
        // Two units of three bytes each.
        assert!(fits_in_a_call(&"😀".repeat(10_922)));
        assert!(!fits_in_a_call(&"😀".repeat(10_923)));
    }
}
