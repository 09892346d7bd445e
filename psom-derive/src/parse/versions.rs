//! The list `version = …, hash = …, version = …, hash = …` of an interface.

use proc_macro2::Span;
use syn::{Error, Ident, Result, parse::ParseStream};

use super::key_value::integer;
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
        let hash = integer(input, message::HASH_RANGE, |_: &i64| true);
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
    pub(crate) fn check_complete(&self, errors: &mut Errors) {
        match &self.orphan {
            Some(hash) => errors.at(hash, message::HASH_WITHOUT_VERSION),
            None if self.listed.is_empty() => {
                errors.at_span(Span::call_site(), message::NO_VERSION)
            }
            None => {}
        }
        for Listed { number, hash, span } in &self.listed {
            if let (Some(number), None) = (number, hash) {
                errors.at_span(*span, message::missing_hash(number));
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
