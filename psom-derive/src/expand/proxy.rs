//! The proxy: for each method of the trait, a method that sends the call.

use proc_macro2::{Literal, TokenStream};
use syn::{Ident, ItemTrait};

use super::emit::{doc, emit, emit_at, unused_name};
use crate::model::{Interface, Method, Passed};

/// Generates `struct XProxy<T = ()>(T);`.
pub(super) fn definition(item: &ItemTrait, proxy: &Ident) -> TokenStream {
    let vis = &item.vis;
    let doc = doc(format!("Calls [`{}`] on a peer or a group of peers.", item.ident));
    emit! {
        #doc
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #proxy<T = ()>(T);
    }
}

/// Generates the methods of the trait.
pub(super) fn methods(item: &ItemTrait, interface: &Interface, proxy: &Ident) -> TokenStream {
    let vis = &item.vis;
    let target = unused_name("T", item);
    let methods = interface.methods.iter().zip(1..).map(|(method, index)| {
        let call = call(method, index, &target);
        let (docs, deprecated) = (&method.docs, &method.deprecated);
        emit!(#(#docs)* #deprecated #vis fn #call)
    });
    emit! {
        #[allow(missing_docs, clippy::too_many_arguments)]
        impl<#target: __psom::Target> #proxy<#target> {
            #(#methods)*
        }
    }
}

fn call(method: &Method, index: usize, target: &Ident) -> TokenStream {
    let ident = &method.ident;
    let index = Literal::usize_unsuffixed(index);
    let names = method.params.iter().map(|param| match (&param.ident, param.passed()) {
        (ident, Passed::Texts) => emit_at!(ident.span()=> &__psom::Texts::texts(#ident)),
        (ident, _) => emit_at!(ident.span()=> __Arg(&#ident).get()),
    });
    let params = method.params.iter().map(|param| {
        let (name, ty) = (&param.ident, &param.ty);
        match param.passed() {
            Passed::Text => emit!(#name: &__psom::str),
            Passed::Texts => emit!(#name: impl __psom::Texts),
            Passed::Slice(element) => emit!(#name: &[#element]),
            Passed::Borrowed => emit!(#name: &#ty),
            Passed::Owned => emit!(#name: #ty),
        }
    });
    emit! {
        #ident(&self, #(#params),*) -> #target::Sent {
            self.0.call(__DESC, #index, &[#(#names),*])
        }
    }
}
