//! The rules that concern several parts of an interface or an object.

use std::collections::{HashMap, HashSet};

use syn::{Ident, ext::IdentExt as _};

use crate::{
    diagnostics::{self as message, Errors, MAX_METHODS, MAX_PARAMETERS},
    model::{
        Factories, Factory, FlattenedField, Interface, Method, NamedValue, Object, Param, Part,
        Piece, PsomType, Shape,
    },
};

pub(crate) fn interface(interface: &Interface, errors: &mut Errors) {
    let methods = &interface.methods;
    if let Some(first_too_many) = methods.get(MAX_METHODS) {
        errors.at(&first_too_many.ident, message::too_many_methods(methods.len()));
    }
    for method in methods {
        if let Some(first_too_many) = method.params.get(MAX_PARAMETERS) {
            errors.at(&first_too_many.ident, message::too_many_parameters(method.params.len()));
        }
        if let Some(used_for) = reserved(&method.ident) {
            errors.at(&method.ident, message::reserved_method(method.ident.unraw(), used_for));
        }
    }
    latest_known(methods, errors);
    requests_have_cookies(methods, errors);
    since_declared(interface, errors);
    since_ascending(interface, errors);
    signatures_differ(methods, errors);
}

pub(crate) fn object(object: &Object, errors: &mut Errors) {
    parts_differ(object.children.iter().map(|child| &child.part), errors);
}

pub(crate) fn factories(factories: &Factories, errors: &mut Errors) {
    for factory in factories.methods.iter().filter(|factory| factory.part.is_valid()) {
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
                    errors.at(ident, message::duplicate_discriminant(*value, other));
                }
            }
        }
        Shape::Flattened(fields) => {
            let mut seen = HashMap::new();
            for FlattenedField { ident, wire, .. } in fields {
                if let Some(other) = seen.insert(&wire.text, ident) {
                    errors.at_span(wire.span, message::duplicate_field(&wire.text, other));
                }
            }
        }
        Shape::Transparent(_) => {}
    }
}

/// Describes the generated function with this name, if there is one.
fn reserved(ident: &Ident) -> Option<&'static str> {
    match ident.unraw().to_string().as_str() {
        "filter" => Some("the proxy's `filter`, which selects a part of a group"),
        "dispatch" => Some("the proxy's `dispatch`, which calls a method of an object"),
        "proxy" => Some("`Interface::proxy`, which creates a proxy"),
        "deref" | "deref_mut" => Some("the proxy's `Deref` implementation"),
        name if name.starts_with("__psom") => Some("generated code"),
        _ => None,
    }
}

/// Reports a request without a cookie.
fn requests_have_cookies(methods: &[Method], errors: &mut Errors) {
    for method in methods.iter().filter(|method| !method.answers.is_empty()) {
        if !method.params.iter().any(|param| param.wire.text == "cookie") {
            errors.at(&method.ident, message::REQUEST_WITHOUT_COOKIE);
        }
    }
}

/// Reports `#[latest(name)]` if the method has no parameter of that name.
fn latest_known(methods: &[Method], errors: &mut Errors) {
    for method in methods {
        if let Some(by) = method.latest.as_ref().and_then(|latest| latest.by.as_ref())
            && !method.params.iter().any(|param| param.ident == *by)
        {
            let known = method.params.iter().map(|param| format!("`{}`", param.ident));
            errors.at(by, message::latest_unknown(by, &known.collect::<Vec<_>>()));
        }
    }
}

fn since_declared(interface: &Interface, errors: &mut Errors) {
    let declared: Vec<i32> = interface.versions.iter().map(|version| version.number).collect();
    // The missing version is already reported.
    if declared.is_empty() {
        return;
    }
    for since in interface.methods.iter().filter_map(|method| method.since.as_ref()) {
        if !declared.contains(&since.version) {
            errors.at_span(since.span, message::since_undeclared(since.version, &declared));
        }
    }
}

/// Reports methods that precede a method of an older version. A method must keep its index in all
/// versions, so later versions append methods.
fn since_ascending(interface: &Interface, errors: &mut Errors) {
    let first = interface.versions.first().map_or(1, |version| version.number);
    let version_of = |method: &Method| method.since.as_ref().map_or(first, |since| since.version);
    for (position, method) in interface.methods.iter().enumerate() {
        let Some(since) = &method.since else { continue };
        let following = &interface.methods[position + 1..];
        if let Some(older) = following.iter().find(|other| version_of(other) < since.version) {
            let message =
                message::since_before_older(since.version, &older.ident, version_of(older));
            errors.at_span(since.span, message);
        }
    }
}

fn signatures_differ(methods: &[Method], errors: &mut Errors) {
    let mut seen = HashMap::new();
    for method in methods {
        let types: Vec<String> = method.params.iter().map(Param::wire_type).collect();
        if let Some(other) = seen.insert((&method.wire.text, types), &method.ident) {
            let message = message::duplicate_signature(&method.wire.text, other);
            errors.at_span(method.wire.span, message);
        }
    }
}

fn captures_fit(factory: &Factory, errors: &mut Errors) {
    let Factory { part, params, .. } = factory;
    let captures: HashSet<&str> = part.captures().collect();
    for capture in part.captures() {
        if !params.iter().any(|param| param.ident.unraw() == capture) {
            errors.at(&part.text, message::capture_without_parameter(capture));
        }
    }
    for param in params {
        if !captures.contains(param.ident.unraw().to_string().as_str()) {
            errors.at(&param.ident, message::parameter_without_capture(&param.ident));
        }
    }
}

fn parts_differ<'a>(parts: impl Iterator<Item = &'a Part>, errors: &mut Errors) {
    let mut seen = HashMap::new();
    for part in parts.filter(|part| part.is_valid()) {
        if let Some(other) = seen.insert(normalized_pattern(part), part) {
            errors.at(&part.text, message::duplicate_part(other.text.value()));
        }
    }
}

/// Returns the pattern in lower case and without the names of its captures. It is equal for patterns
/// that match the same part names.
fn normalized_pattern(part: &Part) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_ascii_lowercase(),
        Piece::Capture(_) => "{}".to_owned(),
    };
    part.pieces.iter().map(piece).collect()
}
