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

use proc_macro2::TokenStream;
use syn::{Block, ItemTrait, ReturnType, TraitItem, Type, parse_quote};

pub(crate) use children::factories;
pub(crate) use object::object;
pub(crate) use psom_type::psom_type;

use self::emit::{emit, proxy_ident};
use crate::model::Interface;

/// Generates the proxy of an interface, its descriptor and its dispatch.
pub(crate) fn interface(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let krate = &interface.krate;
    let proxy = proxy_ident(&item.ident);
    let definition = proxy::definition(item, &proxy);
    let descriptor = descriptor::descriptor(interface, &proxy);
    let deref = proxy::deref(&proxy);
    let methods = proxy::methods(item, interface, &proxy);
    let dispatch = dispatch::dispatch(item, interface, &proxy);
    emit! {
        #definition
        const _: () = {
            use #krate::__private::{self as __psom, MethodDesc as __Row, ArgDesc as __Param};
            #descriptor
            #deref
            #methods
            #dispatch
        };
    }
}

/// Rewrites each `async fn` of the trait to a `fn` that returns `impl Future + Send`.
/// Implementations still write `async fn`.
pub(crate) fn desugar_async(item: &mut ItemTrait) {
    let functions = item.items.iter_mut().filter_map(|item| match item {
        TraitItem::Fn(function) if function.sig.asyncness.is_some() => Some(function),
        _ => None,
    });
    for function in functions {
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
