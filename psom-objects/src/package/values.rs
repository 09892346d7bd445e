//! The simple types of the schemas, and the attributes that hold them.

use super::error::{ManifestError, Result, shown};
use super::names;

/// How a value is read: the error says what was due.
pub(super) type Parsed<T> = std::result::Result<T, &'static str>;

/// The known attributes of one element.
pub(super) struct Attributes {
    at: String,
    found: Vec<(&'static str, String)>,
}

impl Attributes {
    pub(super) fn new(at: String) -> Self {
        Self { at, found: Vec::new() }
    }

    pub(super) fn push(&mut self, name: &'static str, value: String) {
        self.found.push((name, value));
    }

    /// The attribute's value as `parse` reads it.
    pub(super) fn get<T>(&self, name: &str, parse: fn(&str) -> Parsed<T>) -> Result<Option<T>> {
        let Some((_, value)) = self.found.iter().find(|(found, _)| *found == name) else {
            return Ok(None);
        };
        parse(value).map(Some).map_err(|expected| ManifestError::Value {
            at: format!("{}/@{name}", self.at),
            value: shown(value),
            expected,
        })
    }

    /// The attribute's value as the name of a file at the package's root.
    pub(super) fn file(&self, name: &str) -> Result<Option<String>> {
        let Some(file) = self.get(name, string)? else { return Ok(None) };
        match names::check_reference(&file) {
            Ok(()) => Ok(Some(file)),
            Err(reason) => Err(ManifestError::FileName {
                at: format!("{}/@{name}", self.at),
                name: shown(&file),
                reason,
            }),
        }
    }
}

/// `xs:string`: any text, as it stands.
pub(super) fn string(text: &str) -> Parsed<String> {
    Ok(text.to_owned())
}

/// `xs:boolean`.
pub(super) fn boolean(text: &str) -> Parsed<bool> {
    match collapsed(text) {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("a boolean"),
    }
}

/// `xs:long`.
pub(super) fn long(text: &str) -> Parsed<i64> {
    collapsed(text).parse().map_err(|_| "an integer of 64 bits")
}

/// `xs:nonNegativeInteger`, up to what fits an Int32: as such the protocol carries slide numbers,
/// click counts and slide counts.
pub(super) fn count(text: &str) -> Parsed<u32> {
    let value = long(text).map_err(|_| COUNT)?;
    i32::try_from(value).ok().and_then(|value| u32::try_from(value).ok()).ok_or(COUNT)
}

const COUNT: &str = "a number from 0 to 2147483647";

/// The one value of the enumerations that have only one.
pub(super) fn empty(text: &str) -> Parsed<()> {
    if text == "empty" { Ok(()) } else { Err("`empty`") }
}

/// The schemas' numbers and booleans may have white space around them.
fn collapsed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_types_take_exactly_their_lexical_forms() {
        assert_eq!(boolean(" 1\n"), Ok(true));
        assert_eq!(boolean("false"), Ok(false));
        assert!(boolean("TRUE").is_err() && boolean("").is_err());
        assert_eq!(long("+5"), Ok(5));
        assert_eq!(long("-9223372036854775808"), Ok(i64::MIN));
        assert!(long("9223372036854775808").is_err() && long("0x1").is_err() && long("").is_err());
        assert_eq!(count("-0"), Ok(0));
        assert_eq!(count("2147483647"), Ok(2_147_483_647));
        assert!(count("2147483648").is_err() && count("-1").is_err() && count("1.0").is_err());
        assert!(empty("empty").is_ok() && empty(" empty").is_err());
    }
}
