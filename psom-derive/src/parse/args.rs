//! The arguments of each macro.

use proc_macro2::{Span, TokenStream};
use syn::{Error, Expr, Ident, LitStr, Path, Result, Type, parse::ParseStream};

use super::{
    key_value::{arguments, crate_path, once, reword},
    manifest::default_crate,
    versions::VersionList,
};
use crate::{
    diagnostics::{self as message, Errors},
    model::Version,
};

/// The arguments of `#[psom_interface]`.
pub(crate) struct InterfaceArgs {
    pub(crate) krate: Path,
    pub(crate) name: LitStr,
    pub(crate) versions: Vec<Version>,
}

/// The arguments of `#[distributed_object]` on a struct.
pub(crate) struct ObjectArgs {
    pub(crate) krate: Path,
    pub(crate) serves: Path,
    pub(crate) calls: Path,
    pub(crate) connects: Vec<Type>,
    pub(crate) lifecycle: Option<Ident>,
    pub(crate) before: Option<Expr>,
    pub(crate) after: Option<Expr>,
}

/// Reads the arguments of `#[psom_interface]`.
///
/// `half` is the name of the trait.
pub(crate) fn interface(tokens: TokenStream, half: &Ident, errors: &mut Errors) -> InterfaceArgs {
    let (mut krate, mut name, mut versions) = (None, None, VersionList::default());
    let allowed = &["name", "version", "hash", "crate"];
    let all_read = arguments(tokens, allowed, errors, |key, input, errors| {
        match key.to_string().as_str() {
            "name" => once(&mut name, key, interface_name(input)?, errors),
            "version" => versions.version(input)?,
            "hash" => versions.hash(key, input, errors)?,
            _ => once(&mut krate, key, crate_path(input)?, errors),
        }
        Ok(())
    });
    if all_read {
        if name.is_none() {
            errors.at_span(Span::call_site(), message::NO_NAME);
        }
        let name = name.as_ref().map(LitStr::value).unwrap_or_default();
        versions.check_complete(&name, half, errors);
    }
    InterfaceArgs {
        krate: krate.unwrap_or_else(|| default_crate(message::renamed_crate, errors)),
        name: name.unwrap_or_else(|| LitStr::new("", Span::call_site())),
        versions: versions.ascending(errors),
    }
}

/// Reads the arguments of `#[distributed_object]` on a struct.
pub(crate) fn object(tokens: TokenStream, errors: &mut Errors) -> ObjectArgs {
    let is_empty = tokens.is_empty();
    let (mut krate, mut serves, mut calls, mut connects) = (None, None, None, Vec::new());
    let (mut lifecycle, mut before, mut after) = (None, None, None);
    let allowed = &["serves", "calls", "connects", "lifecycle", "before", "after", "crate"];
    let all_read = arguments(tokens, allowed, errors, |key, input, errors| {
        match key.to_string().as_str() {
            "serves" => once(&mut serves, key, trait_path(input)?, errors),
            "calls" => once(&mut calls, key, trait_path(input)?, errors),
            // `connects` may be given several times.
            "connects" => connects.push(input.parse()?),
            "lifecycle" => once(&mut lifecycle, key, key.clone(), errors),
            "before" => once(&mut before, key, input.parse()?, errors),
            "after" => once(&mut after, key, input.parse()?, errors),
            _ => once(&mut krate, key, crate_path(input)?, errors),
        }
        Ok(())
    });
    let missing = match (&serves, &calls) {
        _ if is_empty => Some(message::NO_ARGUMENTS),
        (None, _) => Some(message::NO_SERVES),
        (_, None) => Some(message::NO_CALLS),
        _ => None,
    };
    if let Some(missing) = missing.filter(|_| all_read) {
        errors.at_span(Span::call_site(), missing);
    }
    let krate = krate.unwrap_or_else(|| default_crate(message::renamed_crate, errors));
    let placeholder = || krate.clone();
    ObjectArgs {
        serves: serves.unwrap_or_else(placeholder),
        calls: calls.unwrap_or_else(placeholder),
        connects,
        lifecycle,
        before,
        after,
        krate,
    }
}

/// Reads the arguments of `#[distributed_object]` on an impl block: only `crate` is allowed.
pub(crate) fn factories(tokens: TokenStream, errors: &mut Errors) -> Path {
    let mut krate = None;
    let allowed = &["serves", "calls", "connects", "lifecycle", "before", "after", "crate"];
    arguments(tokens, allowed, errors, |key, input, errors| {
        if key != "crate" {
            return Err(Error::new_spanned(key, message::ARGUMENTS_ON_IMPL));
        }
        once(&mut krate, key, crate_path(input)?, errors);
        Ok(())
    });
    krate.unwrap_or_else(|| default_crate(message::renamed_crate, errors))
}

fn interface_name(input: ParseStream<'_>) -> Result<LitStr> {
    let name: LitStr = input.parse().map_err(|error| reword(&error, message::NAME_IS_TEXT))?;
    let text = name.value();
    if text.trim().is_empty() {
        return Err(Error::new_spanned(name, message::EMPTY_NAME));
    }
    match text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        true => Err(Error::new_spanned(name, message::BLANK_IN_NAME)),
        false => Ok(name),
    }
}

/// Reads the path of a trait. The path of its proxy is formed by appending `Proxy`.
fn trait_path(input: ParseStream<'_>) -> Result<Path> {
    let path: Path = input.parse().map_err(|error| reword(&error, message::TRAIT_PATH))?;
    match path.segments.iter().all(|segment| segment.arguments.is_none()) {
        true => Ok(path),
        false => Err(Error::new_spanned(path, message::TRAIT_PATH)),
    }
}
