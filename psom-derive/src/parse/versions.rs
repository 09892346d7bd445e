//! The list `version = …, hash = …, version = …, hash = …` of an interface.

use std::hash::{DefaultHasher, Hasher as _};

use proc_macro2::Span;
use syn::{Error, Ident, LitInt, Result, Token, parse::ParseStream};

use super::key_value::{integer, reword};
use crate::{
    diagnostics::{self as message, Errors},
    model::Version,
};

/// The versions of an interface while its arguments are being read.
#[derive(Default)]
pub(crate) struct VersionList {
    listed: Vec<Listed>,
    /// A hash before the first version.
    orphan: Option<Ident>,
}

struct Listed {
    number: Option<i32>,
    hash: Option<i64>,
    span: Span,
}

impl VersionList {
    /// Reads the value of `version`.
    pub(crate) fn version(&mut self, input: ParseStream<'_>) -> Result<()> {
        let number = integer(input, message::VERSION_RANGE, |number: &i32| *number > 0);
        let span = number.as_ref().map_or_else(Error::span, |(_, span)| *span);
        // An invalid version is kept, so that its hash is not reported as lacking a version.
        let readable = number.as_ref().map(|(number, _)| *number).ok();
        self.listed.push(Listed { number: readable, hash: None, span });
        number.map(drop)
    }

    /// Reads the value of `hash`, the argument name at `key`.
    pub(crate) fn hash(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> Result<()> {
        let hash = hash_value(input);
        // An invalid hash is kept, so that its version is not reported as lacking a hash.
        let readable = hash.as_ref().map_or(0, |(hash, _)| *hash);
        match self.listed.last_mut() {
            None => self.orphan = Some(key.clone()),
            Some(version) if version.hash.is_some() => errors.at(key, message::SECOND_HASH),
            Some(version) => version.hash = Some(readable),
        }
        hash.map(drop)
    }

    /// Reports an empty list, and versions without a hash.
    pub(crate) fn check_complete(&self, name: &str, half: &Ident, errors: &mut Errors) {
        match &self.orphan {
            Some(hash) => errors.at(hash, message::HASH_WITHOUT_VERSION),
            None if self.listed.is_empty() => {
                errors.at_span(Span::call_site(), message::NO_VERSION)
            }
            None => {}
        }
        for Listed { number, hash, span } in &self.listed {
            if let (Some(number), None) = (number, hash) {
                let suggested = |half: &str| suggestion((name, half, *number));
                let (here, other) = (half.to_string(), format!("not {half}"));
                let message = message::missing_hash(number, suggested(&here), suggested(&other));
                errors.at_span(*span, message);
            }
        }
    }

    /// Returns the versions and reports those that are not in ascending order.
    pub(crate) fn ascending(self, errors: &mut Errors) -> Vec<Version> {
        let mut versions: Vec<Version> = Vec::with_capacity(self.listed.len());
        for Listed { number, hash, span } in self.listed {
            let Some(number) = number else { continue };
            if let Some(previous) = versions.last()
                && number <= previous.number
            {
                errors.at_span(span, message::not_ascending(number, previous.number));
            }
            versions.push(Version { number, hash: hash.unwrap_or(0) });
        }
        versions
    }
}

/// Reads a hash: a decimal number of 64 bits with a sign, or hexadecimal digits of 64 bits without one.
fn hash_value(input: ParseStream<'_>) -> Result<(i64, Span)> {
    let ahead = input.fork();
    let is_hexadecimal = !ahead.peek(Token![-])
        && ahead.parse::<LitInt>().is_ok_and(|literal| literal.to_string().starts_with("0x"));
    if !is_hexadecimal {
        return integer(input, message::HASH_RANGE, |_: &i64| true);
    }
    let literal: LitInt = input.parse().map_err(|error| reword(&error, message::HASH_RANGE))?;
    match literal.base10_parse::<u64>() {
        Ok(bits) => Ok((bits.cast_signed(), literal.span())),
        Err(_) => Err(Error::new_spanned(literal, message::HASH_RANGE)),
    }
}

/// Returns a number to suggest as a hash. It looks random, and is the same whenever the compiler runs,
/// so that an error does not change between two builds.
fn suggestion(of: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
