//! Parses an impl block with `#[distributed_object]`.

use proc_macro2::{Span, TokenStream};
use syn::{ImplItem, ImplItemFn, ItemImpl, ReturnType, Type, parse_quote};

use super::{
    args, attrs,
    signature::{self, ObjectName, bare},
};
use crate::{
    diagnostics::{self as message, Errors},
    model::{Factories, Factory, FactoryParam},
};

/// Parses the arguments and the block, and removes the helper attributes of its methods.
pub(crate) fn parse(tokens: TokenStream, item: &mut ItemImpl, errors: &mut Errors) -> Factories {
    let krate = args::factories(tokens, errors);
    attrs::reject_second("distributed_object", &mut item.attrs, errors);
    if let Some((path, _)) = &item.trait_ {
        errors.at(path, message::TRAIT_IMPL);
    }
    for lifetime in item.generics.lifetimes() {
        errors.at(lifetime, message::OBJECT_LIFETIME);
    }
    let mut methods = Vec::new();
    for item in &mut item.items {
        match item {
            ImplItem::Fn(function) => methods.extend(factory(function, errors)),
            ImplItem::Const(item) => reject_child(&mut item.attrs, errors),
            ImplItem::Type(item) => reject_child(&mut item.attrs, errors),
            _ => {}
        }
    }
    if methods.is_empty() && item.trait_.is_none() {
        errors.at_span(Span::call_site(), message::NO_CHILD);
    }
    Factories { krate, methods }
}

fn reject_child(attrs: &mut Vec<syn::Attribute>, errors: &mut Errors) {
    if let Some(attr) = attrs::take(attrs, "child", errors) {
        errors.at(attr, message::CHILD_ON_FN);
    }
}

fn factory(function: &mut ImplItemFn, errors: &mut Errors) -> Option<Factory> {
    let ImplItemFn { attrs, sig, .. } = function;
    let part = attrs::child(attrs, errors)?;
    attrs::reject_cfg(attrs, errors);
    if let Some(token) = &sig.asyncness {
        errors.at(token, message::FACTORY_ASYNC);
    }
    signature::reject_qualifiers(sig, errors);
    signature::reject_generics(sig, message::FACTORY_GENERIC, errors);
    signature::check_receiver(sig, message::FACTORY_RECEIVER, errors);
    let returns = returned_child(&sig.output).unwrap_or_else(|| {
        match &sig.output {
            ReturnType::Type(_, ty) => errors.at(ty, message::FACTORY_RETURN),
            ReturnType::Default => errors.at(&sig.ident, message::FACTORY_RETURN),
        }
        parse_quote!(())
    });
    let ident = sig.ident.clone();
    let (takes_context, parameters) = signature::parameters(sig, ObjectName::Any, errors);
    let params = parameters.into_iter().map(|parameter| {
        attrs::reject_cfg(parameter.attrs, errors);
        FactoryParam { ident: parameter.ident, ty: parameter.ty.clone() }
    });
    let params = params.collect();
    Some(Factory { ident, part, takes_context, params, returns })
}

/// Returns the return type if it is a path or a macro call.
fn returned_child(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    matches!(bare(ty), Type::Path(_) | Type::Macro(_)).then(|| (**ty).clone())
}
