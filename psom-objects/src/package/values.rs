//! The simple types of the schemas, and attributes with such values.

use super::{
    error::{ManifestError, Result, shown},
    names,
};

/// The result of parsing a value. The error describes the expected value.
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

    /// Parses the value of an attribute.
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

    /// Returns the value of an attribute, which must name a file at the root of the package.
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

/// Parses `xs:string`: any text, unchanged.
pub(super) fn string(text: &str) -> Parsed<String> {
    Ok(text.to_owned())
}

/// Parses `xs:boolean`.
pub(super) fn boolean(text: &str) -> Parsed<bool> {
    match collapsed(text) {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("a boolean"),
    }
}

/// Parses `xs:long`.
pub(super) fn long(text: &str) -> Parsed<i64> {
    collapsed(text).parse().map_err(|_| "an integer of 64 bits")
}

/// Parses `xs:nonNegativeInteger`, at most 2147483647, because the protocol carries slide numbers,
/// click counts and slide counts as Int32.
pub(super) fn count(text: &str) -> Parsed<u32> {
    let value = long(text).map_err(|_| COUNT_RANGE)?;
    i32::try_from(value).ok().and_then(|value| u32::try_from(value).ok()).ok_or(COUNT_RANGE)
}

const COUNT_RANGE: &str = "a number from 0 to 2147483647";

/// Parses the only value of an enumeration with one value.
pub(super) fn empty(text: &str) -> Parsed<()> {
    if text == "empty" { Ok(()) } else { Err("`empty`") }
}

/// Removes the white space that the schemas allow around numbers and booleans.
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
