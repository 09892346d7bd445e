//! Reads a trait under `#[psom_interface]`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::{Ident, ItemTrait, ReturnType, Signature, TraitItem, TraitItemFn, Type, TypePath};

use super::signature::{self, ObjectName, Parameter, bare};
use crate::diagnostics::{self as say, Errors};
use crate::model::{Interface, Method, Param, WireName};
use crate::{args, attrs};

/// Reads the arguments and the trait, and takes our attributes off the trait.
pub(crate) fn parse(tokens: TokenStream, item: &mut ItemTrait, errors: &mut Errors) -> Interface {
    let args::InterfaceArgs { krate, name, versions } = args::interface(tokens, errors);
    if !item.generics.params.is_empty() {
        errors.at(&item.generics.params, say::GENERIC_TRAIT);
    }
    if let Some(token) = &item.unsafety {
        errors.at(token, say::UNSAFE_TRAIT);
    }
    if let Some(token) = &item.modifiers.auto_token {
        errors.at(token, say::UNSAFE_TRAIT);
    }
    let mut methods = Vec::new();
    for item in &mut item.items {
        match item {
            TraitItem::Fn(function) => methods.push(method(function, errors)),
            other => errors.at(other, say::ONLY_METHODS),
        }
    }
    Interface { krate, name, versions, methods }
}

fn method(function: &mut TraitItemFn, errors: &mut Errors) -> Method {
    let TraitItemFn { attrs, sig, .. } = function;
    attrs::refuse_cfg(attrs, errors);
    let attrs::MethodAttrs { since, wire, latest } = attrs::method(attrs, errors);
    let docs = attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect();

    signature::refuse_qualifiers(sig, errors);
    signature::refuse_generics(sig, say::GENERIC_METHOD, errors);
    signature::check_receiver(sig, say::RECEIVER, errors);
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
        Type::ImplTrait(_) => errors.at(ty, say::RETURN_FUTURE),
        _ => errors.at(ty, say::RETURN),
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
    attrs::refuse_cfg(attrs, errors);
    let wire = attrs::wire(attrs, errors).unwrap_or_else(|| wire_name(&ident));
    let (ty, borrowed) = match bare(ty) {
        Type::Reference(reference) => {
            if reference.mutability.is_some() {
                errors.at(reference, say::MUT_PARAMETER);
            } else if let Some(lifetime) = &reference.lifetime {
                errors.at(lifetime, say::LIFETIME);
            }
            (bare(&reference.elem), true)
        }
        owned => (owned, false),
    };
    if !is_value(ty, borrowed) {
        errors.at(ty, say::PARAMETER_TYPE);
    }
    Param { ident, wire, ty: ty.clone(), borrowed }
}

/// Whether this can be a PSOM type, going by its form; whether it is one, its traits say.
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

/// `s_broadcast` is `sBroadcast` on paper.
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
