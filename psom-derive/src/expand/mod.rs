//! Generates code from the model: descriptors and calls of the runtime.
//!
//! Names that users do not see are defined in a `const _` block, in which `__psom` is the runtime's
//! module for generated code. Local names have the span `Span::mixed_site`, so that parameters of
//! the user can have any name. Types are not hygienic; see [`emit::unused_name`].

mod children;
mod descriptor;
mod dispatch;
mod emit;
mod object;
mod proxy;
mod psom_type;

pub(crate) use children::factories;
pub(crate) use object::object;
use proc_macro2::TokenStream;
pub(crate) use psom_type::psom_type;
use quote::ToTokens as _;
use syn::{Block, FnArg, ItemTrait, ReturnType, TraitItem, TraitItemFn, Type, parse_quote};

use self::emit::{emit, proxy_ident};
use crate::model::Interface;

/// Generates the proxy of an interface, its descriptor and its dispatch.
pub(crate) fn interface(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let krate = &interface.krate;
    let proxy = proxy_ident(&item.ident);
    let definition = proxy::definition(item, &proxy);
    let descriptor = descriptor::descriptor(interface);
    let methods = proxy::methods(item, interface, &proxy);
    let dispatch = dispatch::dispatch(item, interface, &proxy);
    let (vis, half) = (&item.vis, &item.ident);
    emit! {
        #definition
        const _: () = {
            use #krate::__private::names::*;
            #descriptor
            __psom::proxy!(#vis #proxy for #half: __DESC);
            #methods
            #dispatch
        };
    }
}

/// Adds `where Self: Sized` to the methods that mention `Self` in a parameter, so that `dyn Trait`
/// exists. It names the trait's proxy type without importing that type (`Declared`). Implementations do
/// not repeat the clause.
pub(crate) fn make_dyn_compatible(item: &mut ItemTrait) {
    for function in item.items.iter_mut().filter_map(function) {
        let inputs = function.sig.inputs.iter();
        let mentions_self = inputs.filter(|input| matches!(input, FnArg::Typed(_)));
        let mentions_self = mentions_self.map(|input| input.to_token_stream());
        if function.sig.asyncness.is_some()
            || mentions_self.into_iter().any(|tokens| emit::mentions(tokens, "Self"))
        {
            let clause = function.sig.generics.make_where_clause();
            clause.predicates.push(parse_quote!(Self: ::core::marker::Sized));
        }
    }
}

fn function(item: &mut TraitItem) -> Option<&mut TraitItemFn> {
    match item {
        TraitItem::Fn(function) => Some(function),
        _ => None,
    }
}

/// Rewrites each `async fn` of the trait to a `fn` that returns `impl Future + Send`.
/// Implementations still write `async fn`.
pub(crate) fn desugar_async(item: &mut ItemTrait) {
    let functions = item.items.iter_mut().filter_map(function);
    for function in functions.filter(|function| function.sig.asyncness.is_some()) {
        function.sig.asyncness = None;
        let output: Type = match &function.sig.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        function.sig.output = parse_quote! {
            -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
        };
        if let Some(body) = &mut function.default {
            let awaited: Block = parse_quote!({ async move #body });
            *body = awaited;
        }
    }
}
