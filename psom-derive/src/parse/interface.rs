//! Parses a trait with `#[psom_interface]`.

use proc_macro2::TokenStream;
use syn::{
    Ident, ItemTrait, ReturnType, Signature, TraitItem, TraitItemFn, Type, TypePath,
    ext::IdentExt as _,
};

use super::{
    args, attrs,
    signature::{self, ObjectName, Parameter, bare},
};
use crate::{
    diagnostics::{self as message, Errors},
    model::{Interface, Method, Param, WireName},
};

/// Parses the arguments and the trait, and removes the helper attributes of the trait.
pub(crate) fn parse(tokens: TokenStream, item: &mut ItemTrait, errors: &mut Errors) -> Interface {
    let args::InterfaceArgs { krate, name, versions } = args::interface(tokens, errors);
    if !item.generics.params.is_empty() {
        errors.at(&item.generics.params, message::GENERIC_TRAIT);
    }
    if let Some(token) = &item.unsafety {
        errors.at(token, message::UNSAFE_TRAIT);
    }
    if let Some(token) = &item.modifiers.auto_token {
        errors.at(token, message::UNSAFE_TRAIT);
    }
    let mut methods = Vec::new();
    for item in &mut item.items {
        match item {
            TraitItem::Fn(function) => methods.push(method(function, errors)),
            other => errors.at(other, message::ONLY_METHODS),
        }
    }
    Interface { krate, name, versions, methods }
}

fn method(function: &mut TraitItemFn, errors: &mut Errors) -> Method {
    let TraitItemFn { attrs, sig, .. } = function;
    attrs::reject_cfg(attrs, errors);
    let attrs::MethodAttrs { since, wire, latest } = attrs::method(attrs, errors);
    let docs = attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect();

    signature::reject_qualifiers(sig, errors);
    signature::reject_generics(sig, message::GENERIC_METHOD, errors);
    signature::check_receiver(sig, message::RECEIVER, errors);
    check_return(&sig.output, errors);

    let ident = sig.ident.clone();
    let is_async = sig.asyncness.is_some();
    let (takes_context, params) = params(sig, errors);
    let wire = wire.unwrap_or_else(|| wire_name(&ident));
    Method { ident, docs, wire, since, latest, is_async, takes_context, params }
}

fn check_return(output: &ReturnType, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = output else { return };
    match bare(ty) {
        Type::Tuple(tuple) if tuple.elems.is_empty() => {}
        Type::Path(path) if last_segment_is(path, "Result") => {}
        Type::ImplTrait(_) => errors.at(ty, message::RETURN_FUTURE),
        _ => errors.at(ty, message::RETURN),
    }
}

fn params(signature: &mut Signature, errors: &mut Errors) -> (bool, Vec<Param>) {
    let (takes_context, parameters) =
        signature::parameters(signature, ObjectName::OnlySelf, errors);
    let params = parameters.into_iter().map(|parameter| param(parameter, errors)).collect();
    (takes_context, params)
}

fn param(parameter: Parameter<'_>, errors: &mut Errors) -> Param {
    let Parameter { ident, attrs, ty } = parameter;
    attrs::reject_cfg(attrs, errors);
    let wire = attrs::wire(attrs, errors).unwrap_or_else(|| wire_name(&ident));
    let (ty, borrowed) = match bare(ty) {
        Type::Reference(reference) => {
            if reference.mutability.is_some() {
                errors.at(reference, message::MUT_PARAMETER);
            } else if let Some(lifetime) = &reference.lifetime {
                errors.at(lifetime, message::LIFETIME);
            }
            (bare(&reference.elem), true)
        }
        owned => (owned, false),
    };
    if !is_value(ty, borrowed) {
        errors.at(ty, message::PARAMETER_TYPE);
    }
    Param { ident, wire, ty: ty.clone(), borrowed }
}

/// Reports whether a type has the form of a PSOM type. The compiler checks that it implements the
/// necessary traits.
fn is_value(ty: &Type, borrowed: bool) -> bool {
    match ty {
        Type::Path(path) => borrowed || !path.path.is_ident("str"),
        Type::Slice(_) => borrowed,
        Type::Macro(_) => true,
        _ => false,
    }
}

fn last_segment_is(path: &TypePath, name: &str) -> bool {
    path.path.segments.last().is_some_and(|last| last.ident == name)
}

/// Returns the default wire name: the name in camel case.
pub(super) fn wire_name(ident: &Ident) -> WireName {
    WireName { text: camel_case(&ident.unraw().to_string()), span: ident.span() }
}

/// Converts `s_broadcast` to `sBroadcast`.
fn camel_case(snake_case: &str) -> String {
    let mut camel = String::with_capacity(snake_case.len());
    for word in snake_case.split('_').filter(|word| !word.is_empty()) {
        match word.chars().next() {
            Some(first) if !camel.is_empty() => {
                camel.extend(first.to_uppercase());
                camel.push_str(&word[first.len_utf8()..]);
            }
            _ => camel.push_str(word),
        }
    }
    camel
}
