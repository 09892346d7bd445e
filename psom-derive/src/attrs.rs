//! The helper attributes, which the macros take off the user's item.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Attribute, Ident, LitInt, LitStr, Meta, Path};

use crate::args::{arguments, crate_path, default_crate, once, reword};
use crate::diagnostics::{self as say, Errors};
use crate::model::{Latest, Part, Since, WireName};
use crate::parse::part;

/// The attributes of a method of an interface.
pub(crate) struct MethodAttrs {
    pub(crate) since: Option<Since>,
    pub(crate) wire: Option<WireName>,
    pub(crate) latest: Option<Latest>,
}

/// Takes `#[since]`, `#[wire]` and `#[latest]`.
pub(crate) fn method(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> MethodAttrs {
    let since = since(attrs, errors);
    let latest = latest(attrs, errors);
    MethodAttrs { since, wire: wire(attrs, errors), latest }
}

fn latest(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Latest> {
    let attr = take(attrs, "latest", errors)?;
    if attr.meta.require_path_only().is_ok() {
        return Some(Latest { by: None });
    }
    match attr.parse_args::<Ident>() {
        Ok(parameter) => Some(Latest { by: Some(parameter) }),
        Err(_) => {
            errors.at(attr, say::LATEST_FORM);
            None
        }
    }
}

fn since(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Since> {
    let attr = take(attrs, "since", errors)?;
    let version = attr.parse_args::<LitInt>().and_then(|literal| literal.base10_parse());
    match version {
        Ok(version) if version > 0 => Some(Since { version, span: argument_span(&attr) }),
        _ => {
            errors.at(attr, say::SINCE_FORM);
            None
        }
    }
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
            Part { text: LitStr::new("", Span::call_site()), pieces: Vec::new() }
        }
    })
}

/// Takes `#[psom(crate = …)]`, which tells a derive where the runtime is.
pub(crate) fn derive_crate(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Path {
    let mut krate = None;
    if let Some(attr) = take(attrs, "psom", errors) {
        let Meta::List(list) = &attr.meta else {
            errors.at(attr, say::PSOM_FORM);
            return default_crate();
        };
        arguments(list.tokens.clone(), &["crate"], errors, |key, input, errors| {
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
    let is_cfg =
        |attr: &&Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
    for attr in attrs.iter().filter(is_cfg) {
        errors.at(attr, say::CONDITIONAL);
    }
}

/// The span of what stands between the parentheses of `attr`.
fn argument_span(attr: &Attribute) -> Span {
    match &attr.meta {
        Meta::List(list) => list.tokens.span(),
        meta => meta.span(),
    }
}
