//! Values that come from the user.

use psom_objects::annotation;

pub fn point(text: &str) -> Result<String, String> {
    let is_point = annotation::pair(text).is_some();
    is_point.then(|| text.to_owned()).ok_or_else(|| "write two numbers like 10,20".to_owned())
}

pub fn number(text: &str) -> Result<String, String> {
    let is_number = annotation::number(text).is_some_and(|number| number >= 0.0);
    is_number.then(|| text.to_owned()).ok_or_else(|| "write a number like 2.5".to_owned())
}

/// A number above zero: what is to be seen has a size.
pub fn size(text: &str) -> Result<String, String> {
    let is_size = annotation::number(text).is_some_and(|number| number > 0.0);
    is_size.then(|| text.to_owned()).ok_or_else(|| "write a number above 0 like 2.5".to_owned())
}

/// Two numbers above zero.
pub fn sizes(text: &str) -> Result<String, String> {
    let is_size = annotation::pair(text).is_some_and(|(width, height)| width > 0.0 && height > 0.0);
    is_size
        .then(|| text.to_owned())
        .ok_or_else(|| "write two numbers above 0 like 10,20".to_owned())
}

pub fn color(text: &str) -> Result<String, String> {
    let is_color = annotation::color(text).is_some();
    is_color
        .then(|| text.to_owned())
        .ok_or_else(|| "write a color like #ff0000, or none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_before_anything_is_sent() {
        assert!(point("1,2").is_ok() && point("1").is_err());
        assert!(number("2.5").is_ok() && number("0").is_ok());
        assert!(number("-1").is_err() && number("NaN").is_err());
        assert!(size("0.5").is_ok() && size("0").is_err() && size("-1").is_err());
        assert!(sizes("1,2").is_ok() && sizes("0,2").is_err() && sizes("1,0").is_err());
        assert!(color("#ff0000").is_ok() && color("none").is_ok() && color("red").is_err());
    }
}
