//! The list `version = …, hash = …, version = …, hash = …` of an interface.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Error, Ident, Result};

use crate::args::integer;
use crate::diagnostics::{self as say, Errors};
use crate::model::Version;

/// The versions with what could be read of them.
#[derive(Default)]
pub(crate) struct VersionList {
    listed: Vec<Listed>,
    /// A hash in front of the first version.
    orphan: Option<Ident>,
}

struct Listed {
    number: Option<i32>,
    hash: Option<i64>,
    span: Span,
}

impl VersionList {
    /// Reads what stands behind `version =`.
    pub(crate) fn version(&mut self, input: ParseStream) -> Result<()> {
        let number = integer(input, say::VERSION_RANGE, |number: &i32| *number > 0);
        let span = number.as_ref().map_or_else(Error::span, |(_, span)| *span);
        // An unreadable version is still one: its hash must not be without a version.
        let readable = number.as_ref().map(|(number, _)| *number).ok();
        self.listed.push(Listed { number: readable, hash: None, span });
        number.map(drop)
    }

    /// Reads what stands behind `hash =`, which is `key`.
    pub(crate) fn hash(
        &mut self,
        key: &Ident,
        input: ParseStream,
        errors: &mut Errors,
    ) -> Result<()> {
        let hash = integer(input, say::HASH_RANGE, |_: &i64| true);
        // An unreadable hash is still one: the version must not be without a hash.
        let readable = hash.as_ref().map_or(0, |(hash, _)| *hash);
        match self.listed.last_mut() {
            None => self.orphan = Some(key.clone()),
            Some(version) if version.hash.is_some() => errors.at(key, say::SECOND_HASH),
            Some(version) => version.hash = Some(readable),
        }
        hash.map(drop)
    }

    /// Whether there are versions, and each has its hash.
    pub(crate) fn check_complete(&self, errors: &mut Errors) {
        match &self.orphan {
            Some(hash) => errors.at(hash, say::HASH_WITHOUT_VERSION),
            None if self.listed.is_empty() => errors.at_span(Span::call_site(), say::NO_VERSION),
            None => {}
        }
        for Listed { number, hash, span } in &self.listed {
            if let (Some(number), None) = (number, hash) {
                errors.at_span(*span, say::missing_hash(number));
            }
        }
    }

    /// The versions, which must ascend.
    pub(crate) fn ascending(self, errors: &mut Errors) -> Vec<Version> {
        let mut versions: Vec<Version> = Vec::with_capacity(self.listed.len());
        for Listed { number, hash, span } in self.listed {
            let Some(number) = number else { continue };
            if let Some(previous) = versions.last()
                && number <= previous.number
            {
                errors.at_span(span, say::not_ascending(number, previous.number));
            }
            versions.push(Version { number, hash: hash.unwrap_or(0) });
        }
        versions
    }
}
