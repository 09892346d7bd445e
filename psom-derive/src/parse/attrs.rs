//! The helper attributes. The macros remove them from the user's item.

use proc_macro2::Span;
use syn::{
    Attribute, Ident, LitInt, LitStr, Meta, Path, Token, punctuated::Punctuated,
    spanned::Spanned as _,
};

use super::{
    key_value::{arguments, crate_path, once, reword},
    manifest::default_crate,
    names::wire_name,
    part,
};
use crate::{
    diagnostics::{self as message, Errors},
    model::{Latest, Part, Since, WireName},
};

/// The attributes of a method of an interface.
pub(crate) struct MethodAttrs {
    pub(crate) since: Option<Since>,
    pub(crate) wire: Option<WireName>,
    pub(crate) latest: Option<Latest>,
    pub(crate) answers: Vec<WireName>,
}

/// Removes and reads `#[since]`, `#[wire]`, `#[latest]` and `#[answered_by]`.
pub(crate) fn method(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> MethodAttrs {
    let since = since(attrs, errors);
    let latest = latest(attrs, errors);
    let answers = answers(attrs, errors);
    MethodAttrs { since, wire: wire(attrs, errors), latest, answers }
}

fn answers(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<WireName> {
    let Some(attr) = take(attrs, "answered_by", errors) else { return Vec::new() };
    let methods = attr.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated);
    match methods {
        Ok(methods) if !methods.is_empty() => methods.iter().map(wire_name).collect(),
        _ => {
            errors.at(attr, message::ANSWERED_BY_FORM);
            Vec::new()
        }
    }
}

fn latest(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Latest> {
    let attr = take(attrs, "latest", errors)?;
    if attr.meta.require_path_only().is_ok() {
        return Some(Latest { by: None });
    }
    match attr.parse_args::<Ident>() {
        Ok(parameter) => Some(Latest { by: Some(parameter) }),
        Err(_) => {
            errors.at(attr, message::LATEST_FORM);
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
            errors.at(attr, message::SINCE_FORM);
            None
        }
    }
}

/// Removes and reads `#[wire(name = "…")]`.
pub(crate) fn wire(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<WireName> {
    let attr = take(attrs, "wire", errors)?;
    let Meta::List(list) = &attr.meta else {
        errors.at(attr, message::WIRE_FORM);
        return None;
    };
    if list.tokens.is_empty() {
        errors.at(&attr, message::WIRE_FORM);
    }
    let mut name = None;
    arguments(list.tokens.clone(), &["name"], errors, |key, input, errors| {
        let text: LitStr = input.parse().map_err(|error| reword(&error, message::WIRE_FORM))?;
        once(&mut name, key, text, errors);
        Ok(())
    });
    let name = name?;
    let text = name.value();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        errors.at(&name, message::WIRE_NAME);
    }
    Some(WireName { text, span: name.span() })
}

/// Removes and reads `#[child("part")]`.
pub(crate) fn child(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Part> {
    let attr = take(attrs, "child", errors)?;
    Some(match attr.parse_args::<LitStr>() {
        Ok(text) => part::parse(text, errors),
        Err(_) => {
            errors.at(attr, message::CHILD_FORM);
            Part { text: LitStr::new("", Span::call_site()), pieces: Vec::new() }
        }
    })
}

/// Removes and reads `#[psom(crate = …)]`, the path of the runtime for a derive.
pub(crate) fn derive_crate(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Path {
    let mut krate = None;
    if let Some(attr) = take(attrs, "psom", errors) {
        let Meta::List(list) = &attr.meta else {
            errors.at(attr, message::PSOM_FORM);
            return default_crate(message::renamed_crate_of_derive, errors);
        };
        arguments(list.tokens.clone(), &["crate"], errors, |key, input, errors| {
            once(&mut krate, key, crate_path(input)?, errors);
            Ok(())
        });
    }
    krate.unwrap_or_else(|| default_crate(message::renamed_crate_of_derive, errors))
}

/// Removes the attributes with a name from the list and returns the first. Reports the others.
pub(crate) fn take(
    attrs: &mut Vec<Attribute>,
    name: &str,
    errors: &mut Errors,
) -> Option<Attribute> {
    let mut taken = attrs.extract_if(.., |attr| attr.path().is_ident(name));
    let first = taken.next();
    for again in taken {
        errors.at(again, message::duplicate_attribute(name));
    }
    first
}

/// Removes and reports a second attribute of the macro that is being expanded. It would expand the
/// item again and define everything twice.
pub(crate) fn reject_second(name: &str, attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    let is_it =
        |attr: &mut Attribute| attr.path().segments.last().is_some_and(|last| last.ident == name);
    for again in attrs.extract_if(.., is_it) {
        errors.at(again, message::duplicate_attribute(name));
    }
}

/// Rejects `#[cfg]` on a part of an item. Macros run before the condition is evaluated, so a method
/// that the compiler removes would still have an index.
pub(crate) fn reject_cfg(attrs: &[Attribute], errors: &mut Errors) {
    let is_cfg =
        |attr: &&Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
    for attr in attrs.iter().filter(is_cfg) {
        errors.at(attr, message::CONDITIONAL);
    }
}

/// Returns the span of the tokens between the parentheses of an attribute.
fn argument_span(attr: &Attribute) -> Span {
    match &attr.meta {
        Meta::List(list) => list.tokens.span(),
        meta => meta.span(),
    }
}
