//! Parsers for the values of properties.

/// Parses a finite decimal number, such as `2.5`.
pub fn number(text: &str) -> Option<f64> {
    // Rust also parses `inf`, `nan` and numbers that are too large.
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// Parses two finite decimal numbers, such as `10,-4.5`.
pub fn pair(text: &str) -> Option<(f64, f64)> {
    let (first, second) = text.split_once(',')?;
    Some((number(first)?, number(second)?))
}

/// Parses a color, `#AARRGGBB`, `#RRGGBB` or `none`, and returns alpha, red, green and blue.
pub fn color(text: &str) -> Option<[u8; 4]> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("none") {
        return Some([0; 4]);
    }
    let digits = text.strip_prefix('#')?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        6 => Some((number | 0xff00_0000).to_be_bytes()),
        8 => Some(number.to_be_bytes()),
        _ => None,
    }
}
