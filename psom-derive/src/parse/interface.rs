//! Parses a trait with `#[psom_interface]`.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use syn::{
    GenericArgument, ItemTrait, PathArguments, ReturnType, Signature, TraitItem, TraitItemFn, Type,
    TypePath, ext::IdentExt as _, spanned::Spanned as _,
};

use super::{
    args, attrs,
    names::wire_name,
    signature::{self, ObjectName, Parameter, bare},
};
use crate::{
    diagnostics::{self as message, Errors},
    model::{Interface, Method, Param},
};

/// Parses the arguments and the trait, and removes the helper attributes of the trait.
pub(crate) fn parse(tokens: TokenStream, item: &mut ItemTrait, errors: &mut Errors) -> Interface {
    let args::InterfaceArgs { krate, name, versions } =
        args::interface(tokens, &item.ident, errors);
    attrs::reject_second("psom_interface", &mut item.attrs, errors);
    remove_namesakes(item, errors);
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

/// Reports and removes methods with the name of an earlier method, so that the compiler does not report
/// them again.
fn remove_namesakes(item: &mut ItemTrait, errors: &mut Errors) {
    let mut seen = HashSet::new();
    item.items.retain(|item| match item {
        TraitItem::Fn(function) if !seen.insert(function.sig.ident.clone()) => {
            let ident = &function.sig.ident;
            errors.at(ident, message::namesake(ident.unraw(), &wire_name(ident).text));
            false
        }
        _ => true,
    });
}

fn method(function: &mut TraitItemFn, errors: &mut Errors) -> Method {
    let TraitItemFn { attrs, sig, .. } = function;
    attrs::reject_cfg(attrs, errors);
    let attrs::MethodAttrs { since, wire, latest, answers } = attrs::method(attrs, errors);
    let docs = attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect();
    let deprecated = attrs.iter().find(|attr| attr.path().is_ident("deprecated")).cloned();

    signature::reject_qualifiers(sig, errors);
    signature::reject_generics(sig, message::GENERIC_METHOD, errors);
    signature::check_receiver(sig, message::RECEIVER, errors);
    check_return(&sig.output, errors);

    let ident = sig.ident.clone();
    let is_async = sig.asyncness.is_some();
    let (takes_context, params) = params(sig, errors);
    let wire = wire.unwrap_or_else(|| wire_name(&ident));
    let output = match &sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => ident.span(),
    };
    Method {
        ident,
        docs,
        deprecated,
        wire,
        since,
        latest,
        answers,
        is_async,
        takes_context,
        params,
        output,
    }
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
    if let Some(hint) = hint(ty) {
        errors.at(ty, hint);
    } else if !is_value(ty, borrowed) {
        errors.at(ty, message::PARAMETER_TYPE);
    }
    Param { ident, wire, ty: ty.clone(), borrowed }
}

/// Returns what to write instead of a well-known type that is no PSOM type. Looks into lists.
fn hint(ty: &Type) -> Option<&'static str> {
    let Type::Path(path) = bare(ty) else {
        return match bare(ty) {
            Type::Slice(slice) => hint(&slice.elem),
            Type::Array(_) => Some(message::TYPE_ARRAY),
            Type::Tuple(_) => Some(message::TYPE_TUPLE),
            _ => None,
        };
    };
    let last = path.path.segments.last()?;
    let plain = last.arguments.is_none() && path.path.segments.len() == 1;
    match last.ident.to_string().as_str() {
        "Vec" | "Option" => match &last.arguments {
            PathArguments::AngleBracketed(generics) => match generics.args.first()? {
                GenericArgument::Type(element) => hint(element),
                _ => None,
            },
            _ => None,
        },
        "Handle" if !last.arguments.is_none() => Some(message::TYPE_HANDLE),
        "AnyHandle" => Some(message::TYPE_HANDLE),
        "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" if !last.arguments.is_none() => {
            Some(message::TYPE_MAP)
        }
        "f32" if plain => Some(message::TYPE_F32),
        "usize" | "isize" if plain => Some(message::TYPE_USIZE),
        "i8" | "u16" if plain => Some(message::TYPE_SMALL),
        "i128" | "u128" if plain => Some(message::TYPE_LARGE),
        "char" if plain => Some(message::TYPE_CHAR),
        "Duration" | "Instant" | "SystemTime" => Some(message::TYPE_TIME),
        _ => None,
    }
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
