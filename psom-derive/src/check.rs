//! The rules that no single line shows: what must fit together in an interface or an object.

use std::collections::{HashMap, HashSet};

use quote::ToTokens as _;
use syn::Ident;
use syn::ext::IdentExt as _;

use crate::diagnostics::{self as say, Errors, MAX_METHODS, MAX_PARAMETERS};
use crate::model::{
    Factories, Factory, FlattenedField, Interface, Method, NamedValue, Object, Param, Part, Piece,
    PsomType, Shape,
};

pub(crate) fn interface(interface: &Interface, errors: &mut Errors) {
    let methods = &interface.methods;
    if let Some(first_too_many) = methods.get(MAX_METHODS) {
        errors.at(&first_too_many.ident, say::too_many_methods(methods.len()));
    }
    for method in methods {
        if let Some(first_too_many) = method.params.get(MAX_PARAMETERS) {
            errors.at(&first_too_many.ident, say::too_many_parameters(method.params.len()));
        }
        if let Some(used_for) = reserved(&method.ident) {
            errors.at(&method.ident, say::reserved_method(method.ident.unraw(), used_for));
        }
    }
    latest_known(methods, errors);
    since_declared(interface, errors);
    since_ascending(interface, errors);
    signatures_differ(methods, errors);
}

pub(crate) fn object(object: &Object, errors: &mut Errors) {
    parts_differ(object.children.iter().map(|child| &child.part), errors);
}

pub(crate) fn factories(factories: &Factories, errors: &mut Errors) {
    for factory in factories.methods.iter().filter(|factory| factory.part.is_read()) {
        captures_fit(factory, errors);
    }
    parts_differ(factories.methods.iter().map(|factory| &factory.part), errors);
}

pub(crate) fn psom_type(ty: &PsomType, errors: &mut Errors) {
    match &ty.shape {
        Shape::Enum { variants, .. } => {
            let mut seen = HashMap::new();
            for NamedValue { ident, value } in variants {
                if let Some(other) = seen.insert(*value, ident) {
                    errors.at(ident, say::duplicate_discriminant(*value, other));
                }
            }
        }
        Shape::Flattened(fields) => {
            let mut seen = HashMap::new();
            for FlattenedField { ident, wire, .. } in fields {
                if let Some(other) = seen.insert(&wire.text, ident) {
                    errors.at_span(wire.span, say::duplicate_field(&wire.text, other));
                }
            }
        }
        Shape::Transparent(_) => {}
    }
}

/// What a generated function of this name is for.
fn reserved(ident: &Ident) -> Option<&'static str> {
    match ident.unraw().to_string().as_str() {
        "filter" => Some("the proxy's `filter`, which keeps a part of a group"),
        "dispatch" => Some("the proxy's `dispatch`, which delivers a call"),
        "proxy" => Some("`Interface::proxy`, which makes a proxy"),
        "deref" | "deref_mut" => Some("the proxy's way to its target"),
        name if name.starts_with("__psom") => Some("generated code"),
        _ => None,
    }
}

/// What `#[latest(..)]` names is a parameter.
fn latest_known(methods: &[Method], errors: &mut Errors) {
    for method in methods {
        if let Some(by) = method.latest.as_ref().and_then(|latest| latest.by.as_ref())
            && !method.params.iter().any(|param| param.ident == *by)
        {
            let known = method.params.iter().map(|param| format!("`{}`", param.ident));
            errors.at(by, say::latest_unknown(by, &known.collect::<Vec<_>>()));
        }
    }
}

fn since_declared(interface: &Interface, errors: &mut Errors) {
    let declared: Vec<i32> = interface.versions.iter().map(|version| version.number).collect();
    // Without a version there is an error on record already.
    if declared.is_empty() {
        return;
    }
    for since in interface.methods.iter().filter_map(|method| method.since.as_ref()) {
        if !declared.contains(&since.version) {
            errors.at_span(since.span, say::since_undeclared(since.version, &declared));
        }
    }
}

/// A method keeps its index for ever, so a later version has its methods behind the older ones.
fn since_ascending(interface: &Interface, errors: &mut Errors) {
    let first = interface.versions.first().map_or(1, |version| version.number);
    let version_of = |method: &Method| method.since.as_ref().map_or(first, |since| since.version);
    for (place, method) in interface.methods.iter().enumerate() {
        let Some(since) = &method.since else { continue };
        let behind = &interface.methods[place + 1..];
        if let Some(older) = behind.iter().find(|other| version_of(other) < since.version) {
            let message = say::since_before_older(since.version, &older.ident, version_of(older));
            errors.at_span(since.span, message);
        }
    }
}

fn signatures_differ(methods: &[Method], errors: &mut Errors) {
    let mut seen = HashMap::new();
    for method in methods {
        let types: Vec<String> = method.params.iter().map(wire_type).collect();
        if let Some(other) = seen.insert((&method.wire.text, types), &method.ident) {
            let message = say::duplicate_signature(&method.wire.text, other);
            errors.at_span(method.wire.span, message);
        }
    }
}

/// The type as it travels, so that a `String` is the same as a `&str`.
fn wire_type(param: &Param) -> String {
    param.lent().unwrap_or_else(|| param.ty.clone()).into_token_stream().to_string()
}

fn captures_fit(factory: &Factory, errors: &mut Errors) {
    let Factory { part, params, .. } = factory;
    let captures: HashSet<&str> = part.captures().collect();
    for capture in part.captures() {
        if !params.iter().any(|param| param.ident.unraw() == capture) {
            errors.at(&part.text, say::capture_without_parameter(capture));
        }
    }
    for param in params {
        if !captures.contains(param.ident.unraw().to_string().as_str()) {
            errors.at(&param.ident, say::parameter_without_capture(&param.ident));
        }
    }
}

fn parts_differ<'a>(parts: impl Iterator<Item = &'a Part>, errors: &mut Errors) {
    let mut seen = HashMap::new();
    for part in parts.filter(|part| part.is_read()) {
        if let Some(other) = seen.insert(shape(part), part) {
            errors.at(&part.text, say::duplicate_part(other.text.value()));
        }
    }
}

/// Equal for parts that match the same names.
fn shape(part: &Part) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_ascii_lowercase(),
        Piece::Capture(_) => "{}".to_owned(),
    };
    part.pieces.iter().map(piece).collect()
}
