//! Dispatch: one match arm for each method, which decodes the parameters and calls the method.

use proc_macro2::{Literal, TokenStream};
use syn::{Ident, ItemTrait};

use super::emit::{doc, emit, emit_at, unused_name};
use crate::model::{Interface, Method, Param};

/// Generates `XProxy::dispatch`.
pub(super) fn dispatch(item: &ItemTrait, interface: &Interface, proxy: &Ident) -> TokenStream {
    let (vis, interface_trait) = (&item.vis, &item.ident);
    let doc = doc(format!("Dispatches a call to an object that implements [`{interface_trait}`]."));
    let object = unused_name("S", item);
    let bounds = emit!(#object: #interface_trait + ::core::marker::Send);
    // If no method takes a context, `dispatch` accepts any context type, so that it can be used
    // without a space.
    let takes_context = interface.methods.iter().any(|method| method.takes_context);
    let (generics, context) = if takes_context {
        (emit!('a, #bounds), emit!(cx: &'a mut __psom::Context<#object>))
    } else {
        let any = unused_name("C", item);
        (emit!('a, #bounds, #any), emit!(_cx: &'a mut #any))
    };
    let body = body(&interface.methods);
    emit! {
        impl #proxy {
            #doc
            #vis fn dispatch<#generics>(
                this: &'a mut #object,
                #context,
                call: __psom::Incoming<'a>,
            ) -> ::core::result::Result<__psom::Outcome<'a>, __psom::Violation> {
                #body
            }
        }
    }
}

fn body(methods: &[Method]) -> TokenStream {
    let unknown = emit!(::core::result::Result::Err(call.unknown_method()));
    if methods.is_empty() {
        return unknown;
    }
    let arms = methods.iter().zip(1..).map(|(method, index)| {
        let index = Literal::usize_unsuffixed(index);
        let body = arm(method);
        emit!(#index => { #body })
    });
    emit! {
        let outcome = match call.method() {
            #(#arms)*
            _ => return #unknown,
        };
        ::core::result::Result::Ok(outcome)
    }
}

fn arm(method: &Method) -> TokenStream {
    let Method { ident, params, .. } = method;
    let at = ident.span();
    let context = method.takes_context.then(|| emit_at!(at=> cx,));
    let names = params.iter().map(|param| &param.ident);
    let types = params.iter().map(|Param { ty, borrowed, .. }| match borrowed {
        true => emit_at!(at=> __psom::Held<#ty>),
        false => emit_at!(at=> #ty),
    });
    let loan = match params.iter().any(|param| param.borrowed) {
        true => emit_at!(at=> loan),
        false => emit_at!(at=> _),
    };
    let arguments = params.iter().map(|Param { ident, borrowed, .. }| match borrowed {
        true => emit_at!(at=> __psom::lend(&#ident, loan)),
        false => emit_at!(at=> #ident),
    });
    let call = emit_at!(at=> this.#ident(#context #(#arguments),*));
    let outcome = match method.is_async {
        true => emit_at!(at=> __psom::later(async move { #call.await })),
        false => emit_at!(at=> __psom::done(#call)),
    };
    emit_at! {at=>
        let ((#(#names,)*), #loan) = call.decode::<(#(#types,)*)>()?;
        #outcome
    }
}
