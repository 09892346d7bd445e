//! Text in the standard font Helvetica.

use data_encoding::HEXLOWER;
use encoding_rs::WINDOWS_1252;

/// The widths of the printable characters of ASCII, in thousandths of the font's size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The width of other characters, about that of most letters.
const OTHER_WIDTH: u16 = 556;

/// Returns the width of a text, in units of the font's size.
pub(super) fn width_of(text: &str) -> f32 {
    let width = |c: char| {
        let index = u32::from(c).checked_sub(u32::from(' ')).map(|index| index as usize);
        index.and_then(|index| WIDTHS.get(index)).copied().unwrap_or(OTHER_WIDTH)
    };
    text.chars().map(|c| f32::from(width(c)) / 1000.0).sum()
}

/// Encodes a text for a hexadecimal string in the encoding of Windows. Returns whether the encoding has
/// all of its characters; others become question marks.
pub(super) fn encode(text: &str) -> (String, bool) {
    let (mut encoded, mut is_complete) = (Vec::new(), true);
    for c in text.chars() {
        let mut buffer = [0; 4];
        let (bytes, _, has_unknown) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
        is_complete &= !has_unknown;
        encoded.push(if has_unknown { b'?' } else { bytes.first().copied().unwrap_or(b'?') });
    }
    (HEXLOWER.encode(&encoded), is_complete)
}
