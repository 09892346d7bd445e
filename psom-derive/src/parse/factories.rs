//! Reads an impl block under `#[distributed_object]`.

use proc_macro2::{Span, TokenStream};
use syn::{ImplItem, ImplItemFn, ItemImpl, ReturnType, Type, parse_quote};

use super::signature::{self, ObjectName, bare};
use crate::diagnostics::{self as say, Errors};
use crate::model::{Factories, Factory, FactoryParam};
use crate::{args, attrs};

/// Reads the arguments and the block, and takes our attributes off its methods.
pub(crate) fn parse(tokens: TokenStream, item: &mut ItemImpl, errors: &mut Errors) -> Factories {
    let krate = args::factories(tokens, errors);
    if let Some((path, _)) = &item.trait_ {
        errors.at(path, say::TRAIT_IMPL);
    }
    for lifetime in item.generics.lifetimes() {
        errors.at(lifetime, say::OBJECT_LIFETIME);
    }
    let mut methods = Vec::new();
    for item in &mut item.items {
        match item {
            ImplItem::Fn(function) => methods.extend(factory(function, errors)),
            ImplItem::Const(item) => refuse_child(&mut item.attrs, errors),
            ImplItem::Type(item) => refuse_child(&mut item.attrs, errors),
            _ => {}
        }
    }
    if methods.is_empty() && item.trait_.is_none() {
        errors.at_span(Span::call_site(), say::NO_CHILD);
    }
    Factories { krate, methods }
}

fn refuse_child(attrs: &mut Vec<syn::Attribute>, errors: &mut Errors) {
    if let Some(attr) = attrs::take(attrs, "child", errors) {
        errors.at(attr, say::CHILD_ON_FN);
    }
}

fn factory(function: &mut ImplItemFn, errors: &mut Errors) -> Option<Factory> {
    let ImplItemFn { attrs, sig, .. } = function;
    let part = attrs::child(attrs, errors)?;
    attrs::refuse_cfg(attrs, errors);
    if let Some(token) = &sig.asyncness {
        errors.at(token, say::FACTORY_ASYNC);
    }
    signature::refuse_qualifiers(sig, errors);
    signature::refuse_generics(sig, say::FACTORY_GENERIC, errors);
    signature::check_receiver(sig, say::FACTORY_RECEIVER, errors);
    let returns = returned_child(&sig.output).unwrap_or_else(|| {
        match &sig.output {
            ReturnType::Type(_, ty) => errors.at(ty, say::FACTORY_RETURN),
            ReturnType::Default => errors.at(&sig.ident, say::FACTORY_RETURN),
        }
        parse_quote!(())
    });
    let ident = sig.ident.clone();
    let (takes_context, parameters) = signature::parameters(sig, ObjectName::Any, errors);
    let params = parameters.into_iter().map(|parameter| {
        attrs::refuse_cfg(parameter.attrs, errors);
        FactoryParam { ident: parameter.ident, ty: parameter.ty.clone() }
    });
    let params = params.collect();
    Some(Factory { ident, part, takes_context, params, returns })
}

/// The type that is returned, unless it has no name or is nothing.
fn returned_child(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    matches!(bare(ty), Type::Path(_) | Type::Macro(_)).then(|| (**ty).clone())
}
