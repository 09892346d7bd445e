//! The arguments of the macros: `key = value, …`.

use std::fmt::Display;
use std::str::FromStr;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, Ident, LitInt, LitStr, Path, Result, Token, Type, parse_quote};

use crate::diagnostics::{self as say, Errors};
use crate::model::Version;
use crate::versions::VersionList;

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
}

/// Reads the arguments of `#[psom_interface]`.
pub(crate) fn interface(tokens: TokenStream, errors: &mut Errors) -> InterfaceArgs {
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
            errors.at_span(Span::call_site(), say::NO_NAME);
        }
        versions.check_complete(errors);
    }
    InterfaceArgs {
        krate: krate.unwrap_or_else(default_crate),
        name: name.unwrap_or_else(|| LitStr::new("", Span::call_site())),
        versions: versions.ascending(errors),
    }
}

/// Reads the arguments of `#[distributed_object]` on a struct.
pub(crate) fn object(tokens: TokenStream, errors: &mut Errors) -> ObjectArgs {
    let is_empty = tokens.is_empty();
    let (mut krate, mut serves, mut calls, mut connects) = (None, None, None, Vec::new());
    let allowed = &["serves", "calls", "connects", "crate"];
    let all_read = arguments(tokens, allowed, errors, |key, input, errors| {
        match key.to_string().as_str() {
            "serves" => once(&mut serves, key, trait_path(input)?, errors),
            "calls" => once(&mut calls, key, trait_path(input)?, errors),
            // An object connects as many types of others as it likes.
            "connects" => connects.push(input.parse()?),
            _ => once(&mut krate, key, crate_path(input)?, errors),
        }
        Ok(())
    });
    let missing = match (&serves, &calls) {
        _ if is_empty => Some(say::NO_ARGUMENTS),
        (None, _) => Some(say::NO_SERVES),
        (_, None) => Some(say::NO_CALLS),
        _ => None,
    };
    if let Some(missing) = missing.filter(|_| all_read) {
        errors.at_span(Span::call_site(), missing);
    }
    let krate = krate.unwrap_or_else(default_crate);
    let placeholder = || krate.clone();
    ObjectArgs {
        serves: serves.unwrap_or_else(placeholder),
        calls: calls.unwrap_or_else(placeholder),
        connects,
        krate,
    }
}

/// Reads those of `#[distributed_object]` on an impl block: where the runtime is.
pub(crate) fn factories(tokens: TokenStream, errors: &mut Errors) -> Path {
    let mut krate = None;
    let allowed = &["serves", "calls", "connects", "crate"];
    arguments(tokens, allowed, errors, |key, input, errors| {
        if key != "crate" {
            return Err(Error::new_spanned(key, say::ARGUMENTS_ON_IMPL));
        }
        once(&mut krate, key, crate_path(input)?, errors);
        Ok(())
    });
    krate.unwrap_or_else(default_crate)
}

/// Reads `key = value, …`. A mistake in one argument does not hide those in the next.
///
/// Whether all could be read: if not, an argument that seems to be missing may be the one that was
/// misspelt, and is not worth a second message.
pub(crate) fn arguments(
    tokens: TokenStream,
    allowed: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(&Ident, ParseStream, &mut Errors) -> Result<()>,
) -> bool {
    let mut all_read = true;
    let walk = |input: ParseStream| {
        while !input.is_empty() {
            if let Err(error) = argument(input, allowed, errors, &mut read) {
                all_read = false;
                errors.push(error);
                skip_past_comma(input)?;
            }
        }
        Ok(())
    };
    if let Err(error) = walk.parse2(tokens) {
        errors.push(error);
    }
    all_read
}

fn argument(
    input: ParseStream,
    allowed: &[&str],
    errors: &mut Errors,
    read: &mut impl FnMut(&Ident, ParseStream, &mut Errors) -> Result<()>,
) -> Result<()> {
    let key =
        Ident::parse_any(input).map_err(|error| reword(&error, say::expected_argument(allowed)))?;
    if !allowed.iter().any(|name| key == name) {
        return Err(Error::new_spanned(&key, say::unknown_argument(&key, allowed)));
    }
    let equals: Result<Token![=]> = input.parse();
    if equals.is_err() || input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new_spanned(&key, say::missing_value(&key)));
    }
    read(&key, input, errors)?;
    if input.is_empty() || input.parse::<Token![,]>().is_ok() {
        return Ok(());
    }
    let error = input.error(say::COMMA);
    if !input.peek(Ident::peek_any) {
        return Err(error);
    }
    errors.push(error);
    Ok(())
}

fn skip_past_comma(input: ParseStream) -> Result<()> {
    while !input.is_empty() {
        let skipped: TokenTree = input.parse()?;
        if matches!(skipped, TokenTree::Punct(punct) if punct.as_char() == ',') {
            break;
        }
    }
    Ok(())
}

/// Fills `slot`, which can be done once.
pub(crate) fn once<T>(slot: &mut Option<T>, key: &Ident, value: T, errors: &mut Errors) {
    if slot.replace(value).is_some() {
        errors.at(key, say::duplicate_argument(key));
    }
}

fn interface_name(input: ParseStream) -> Result<LitStr> {
    let name: LitStr = input.parse().map_err(|error| reword(&error, say::NAME_IS_TEXT))?;
    match name.value().trim().is_empty() {
        true => Err(Error::new_spanned(name, say::EMPTY_NAME)),
        false => Ok(name),
    }
}

/// Reads a whole number.
pub(crate) fn integer<T: FromStr>(
    input: ParseStream,
    message: &str,
    is_allowed: impl Fn(&T) -> bool,
) -> Result<(T, Span)>
where
    T::Err: Display,
{
    let literal: LitInt = input.parse().map_err(|error| reword(&error, message))?;
    match literal.base10_parse() {
        Ok(number) if is_allowed(&number) => Ok((number, literal.span())),
        _ => Err(Error::new_spanned(literal, message)),
    }
}

/// The path of a trait, to whose last segment `Proxy` can be appended.
fn trait_path(input: ParseStream) -> Result<Path> {
    let path: Path = input.parse().map_err(|error| reword(&error, say::TRAIT_PATH))?;
    match path.segments.iter().all(|segment| segment.arguments.is_none()) {
        true => Ok(path),
        false => Err(Error::new_spanned(path, say::TRAIT_PATH)),
    }
}

/// Reads the path of the runtime.
pub(crate) fn crate_path(input: ParseStream) -> Result<Path> {
    let path: Path = input.parse().map_err(|error| reword(&error, say::CRATE_PATH))?;
    let starts_at_crate = path
        .segments
        .first()
        .is_some_and(|first| first.ident == "crate" || first.ident == "$crate");
    match path.leading_colon.is_some() || starts_at_crate {
        true => Ok(path),
        false => Err(Error::new_spanned(path, say::CRATE_PATH)),
    }
}

/// Where the runtime is if nobody says otherwise.
pub(crate) fn default_crate() -> Path {
    parse_quote!(::psom)
}

/// The same mistake in our words.
pub(crate) fn reword(error: &Error, message: impl Display) -> Error {
    Error::new(error.span(), message)
}
