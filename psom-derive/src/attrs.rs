//! The arguments of the macros, and the helper attributes that they take off the user's item.

use std::str::FromStr;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Ident, LitInt, LitStr, Meta, Path, Result, Token, parse_quote};

use crate::diagnostics::{self as say, Errors};
use crate::model::{Part, Since, Version, WireName};
use crate::parse::part;

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
}

/// The attributes of a method of an interface.
pub(crate) struct MethodAttrs {
    pub(crate) since: Option<Since>,
    pub(crate) wire: Option<WireName>,
    pub(crate) latest: bool,
}

pub(crate) fn interface(tokens: TokenStream, errors: &mut Errors) -> InterfaceArgs {
    let (mut krate, mut name) = (None, None);
    let (mut listed, mut orphan) = (Vec::<ListedVersion>::new(), None);
    let allowed = &["name", "version", "hash", "crate"];
    let all_read = arguments(tokens, allowed, errors, |key, input, errors| {
        match key.to_string().as_str() {
            "name" => once(&mut name, key, interface_name(input)?, errors),
            "version" => {
                let number = integer(input, say::VERSION_RANGE, |number: &i32| *number > 0);
                let span = number.as_ref().map_or_else(Error::span, |(_, span)| *span);
                let readable = number.as_ref().map(|(number, _)| *number).ok();
                listed.push(ListedVersion { number: readable, hash: None, span });
                number?;
            }
            "hash" => {
                let hash = integer(input, say::HASH_RANGE, |_: &i64| true);
                // An unreadable hash is still a hash: it must not be called missing as well.
                let readable = hash.as_ref().map_or(0, |(hash, _)| *hash);
                match listed.last_mut() {
                    None => orphan = Some(key.clone()),
                    Some(version) if version.hash.is_some() => errors.at(key, say::SECOND_HASH),
                    Some(version) => version.hash = Some(readable),
                }
                hash?;
            }
            _ => once(&mut krate, key, crate_path(input)?, errors),
        }
        Ok(())
    });
    if all_read {
        if name.is_none() {
            errors.at_span(Span::call_site(), say::NO_NAME);
        }
        match orphan {
            Some(hash) => errors.at(hash, say::HASH_WITHOUT_VERSION),
            None if listed.is_empty() => errors.at_span(Span::call_site(), say::NO_VERSION),
            None => {}
        }
        for version in listed.iter().filter(|version| version.hash.is_none()) {
            errors.at_span(version.span, say::missing_hash(version.number.unwrap_or(1)));
        }
    }
    InterfaceArgs {
        krate: krate.unwrap_or_else(default_crate),
        name: name.unwrap_or_else(placeholder),
        versions: versions(&listed, errors),
    }
}

pub(crate) fn object(tokens: TokenStream, errors: &mut Errors) -> ObjectArgs {
    let is_empty = tokens.is_empty();
    let (mut krate, mut serves, mut calls) = (None, None, None);
    let allowed = &["serves", "calls", "crate"];
    let all_read = arguments(tokens, allowed, errors, |key, input, errors| {
        match key.to_string().as_str() {
            "serves" => once(&mut serves, key, trait_path(input)?, errors),
            "calls" => once(&mut calls, key, trait_path(input)?, errors),
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
        krate,
    }
}

/// The arguments of `#[distributed_object]` on an impl block: where the runtime is.
pub(crate) fn factories(tokens: TokenStream, errors: &mut Errors) -> Path {
    let mut krate = None;
    let allowed = &["serves", "calls", "crate"];
    arguments(tokens, allowed, errors, |key, input, errors| {
        if key != "crate" {
            return Err(Error::new_spanned(key, say::ARGUMENTS_ON_IMPL));
        }
        once(&mut krate, key, crate_path(input)?, errors);
        Ok(())
    });
    krate.unwrap_or_else(default_crate)
}

/// Takes `#[since]`, `#[wire]` and `#[latest]`.
pub(crate) fn method(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> MethodAttrs {
    let since = take(attrs, "since", errors).and_then(|attr| {
        let version = attr.parse_args::<LitInt>().and_then(|literal| literal.base10_parse());
        match version {
            Ok(version) => Some(Since { version, span: argument_span(&attr) }),
            Err(_) => {
                errors.at(attr, say::SINCE_FORM);
                None
            }
        }
    });
    let latest = take(attrs, "latest", errors);
    if let Some(attr) = &latest
        && attr.meta.require_path_only().is_err()
    {
        errors.at(attr, say::LATEST_FORM);
    }
    MethodAttrs { since, wire: wire(attrs, errors), latest: latest.is_some() }
}

/// Takes `#[wire(name = "…")]`.
pub(crate) fn wire(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<WireName> {
    let attr = take(attrs, "wire", errors)?;
    let Meta::List(list) = &attr.meta else {
        errors.at(attr, say::WIRE_FORM);
        return None;
    };
    if list.tokens.is_empty() {
        errors.at(&attr, say::WIRE_FORM);
    }
    let mut name = None;
    arguments(list.tokens.clone(), &["name"], errors, |key, input, errors| {
        let text: LitStr = input.parse().map_err(|error| reword(&error, say::WIRE_FORM))?;
        once(&mut name, key, text, errors);
        Ok(())
    });
    let name = name?;
    let text = name.value();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        errors.at(&name, say::WIRE_NAME);
    }
    Some(WireName { text, span: name.span() })
}

/// Takes `#[child("part")]`.
pub(crate) fn child(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Part> {
    let attr = take(attrs, "child", errors)?;
    Some(match attr.parse_args::<LitStr>() {
        Ok(text) => part::parse(text, errors),
        Err(_) => {
            errors.at(attr, say::CHILD_FORM);
            Part { text: placeholder(), pieces: Vec::new() }
        }
    })
}

/// Takes `#[psom(crate = …)]`, which tells a derive where the runtime is.
pub(crate) fn derive_crate(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Path {
    let mut krate = None;
    if let Some(attr) = take(attrs, "psom", errors) {
        let tokens = attr.meta.require_list().map(|list| list.tokens.clone());
        arguments(tokens.unwrap_or_default(), &["crate"], errors, |key, input, errors| {
            once(&mut krate, key, crate_path(input)?, errors);
            Ok(())
        });
    }
    krate.unwrap_or_else(default_crate)
}

/// Takes the attribute of this name off the list.
pub(crate) fn take(
    attrs: &mut Vec<Attribute>,
    name: &str,
    errors: &mut Errors,
) -> Option<Attribute> {
    let mut taken = attrs.extract_if(.., |attr| attr.path().is_ident(name));
    let first = taken.next();
    for again in taken {
        errors.at(again, say::duplicate_attribute(name));
    }
    first
}

/// Refuses `#[cfg]` on a part of an item: we would count what the compiler then leaves out.
pub(crate) fn refuse_cfg(attrs: &[Attribute], errors: &mut Errors) {
    let is_cfg = |attr: &&Attribute| {
        attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
    };
    for attr in attrs.iter().filter(is_cfg) {
        errors.at(attr, say::CONDITIONAL);
    }
}

struct ListedVersion {
    number: Option<i32>,
    hash: Option<i64>,
    span: Span,
}

/// The versions that could be read, and whether they ascend.
fn versions(listed: &[ListedVersion], errors: &mut Errors) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::with_capacity(listed.len());
    for ListedVersion { number, hash, span } in listed {
        let Some(number) = *number else { continue };
        if let Some(previous) = versions.last()
            && number <= previous.number
        {
            errors.at_span(*span, say::not_ascending(number, previous.number));
        }
        versions.push(Version { number, hash: hash.unwrap_or(0) });
    }
    versions
}

/// Reads `key = value, …`. A mistake in one argument does not hide those in the next.
///
/// Whether all could be read: if not, an argument that seems to be missing may be the one that was
/// misspelt, and is not worth a second message.
fn arguments(
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
    let key = Ident::parse_any(input)
        .map_err(|error| reword(&error, say::expected_argument(allowed)))?;
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

fn once<T>(slot: &mut Option<T>, key: &Ident, value: T, errors: &mut Errors) {
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

fn integer<T: FromStr>(
    input: ParseStream,
    message: &str,
    is_allowed: impl Fn(&T) -> bool,
) -> Result<(T, Span)>
where
    T::Err: std::fmt::Display,
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

fn crate_path(input: ParseStream) -> Result<Path> {
    let path: Path = input.parse().map_err(|error| reword(&error, say::CRATE_PATH))?;
    let starts_at_crate =
        path.segments.first().is_some_and(|first| first.ident == "crate" || first.ident == "$crate");
    match path.leading_colon.is_some() || starts_at_crate {
        true => Ok(path),
        false => Err(Error::new_spanned(path, say::CRATE_PATH)),
    }
}

fn default_crate() -> Path {
    parse_quote!(::psom)
}

/// The span of what stands between the parentheses of `attr`.
fn argument_span(attr: &Attribute) -> Span {
    match &attr.meta {
        Meta::List(list) => list.tokens.span(),
        meta => meta.span(),
    }
}

fn placeholder() -> LitStr {
    LitStr::new("", Span::call_site())
}

fn reword(error: &Error, message: impl std::fmt::Display) -> Error {
    Error::new(error.span(), message)
}
