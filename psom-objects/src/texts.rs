//! Characters in texts that people see.

/// Reports whether a character changes the direction of the text around it. Such a character is
/// invisible and can make a file name look like another one.
pub fn changes_direction(character: char) -> bool {
    matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}
