//! Parsers for the values of arguments.

use psom_objects::annotation;

/// Parses two numbers.
pub(super) fn point(text: &str) -> Result<String, String> {
    checked(text, annotation::pair(text).is_some(), "write two numbers like 10,20")
}

/// Parses a number from zero up.
pub(super) fn number(text: &str) -> Result<String, String> {
    let is_number = annotation::number(text).is_some_and(|number| number >= 0.0);
    checked(text, is_number, "write a number like 2.5")
}

/// Parses a number above zero.
pub(super) fn number_above_zero(text: &str) -> Result<String, String> {
    let is_number = annotation::number(text).is_some_and(|number| number > 0.0);
    checked(text, is_number, "write a number above 0 like 2.5")
}

/// Parses a width and a height above zero.
pub(super) fn size(text: &str) -> Result<String, String> {
    let is_size = annotation::pair(text).is_some_and(|(width, height)| width > 0.0 && height > 0.0);
    checked(text, is_size, "write two numbers above 0 like 10,20")
}

/// Parses a color.
pub(super) fn color(text: &str) -> Result<String, String> {
    let is_color = annotation::color(text).is_some();
    checked(text, is_color, "write a color like #ff0000, or none")
}

fn checked(text: &str, is_valid: bool, remedy: &str) -> Result<String, String> {
    if is_valid { Ok(text.to_owned()) } else { Err(remedy.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_with_the_arguments() {
        assert!(point("1,2").is_ok() && point("1").is_err());
        assert!(number("2.5").is_ok() && number("0").is_ok());
        assert!(number("-1").is_err() && number("NaN").is_err());
        assert!(number_above_zero("0.5").is_ok() && number_above_zero("0").is_err());
        assert!(size("1,2").is_ok() && size("0,2").is_err() && size("1,0").is_err());
        assert!(color("#ff0000").is_ok() && color("none").is_ok() && color("red").is_err());
    }
}
