//! The proxy: for each method of the trait, a method that sends the call.

use proc_macro2::{Literal, TokenStream};
use syn::{Ident, ItemTrait};

use super::emit::{doc, emit, emit_at, unused_name};
use crate::model::{Interface, Method, Param};

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

/// Generates `Deref` and `DerefMut` to the target.
pub(super) fn deref(proxy: &Ident) -> TokenStream {
    emit! {
        impl<T> ::core::ops::Deref for #proxy<T> {
            type Target = T;
            fn deref(&self) -> &T {
                &self.0
            }
        }
        impl<T> ::core::ops::DerefMut for #proxy<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }
    }
}

/// Generates `filter` and the methods of the trait.
pub(super) fn methods(item: &ItemTrait, interface: &Interface, proxy: &Ident) -> TokenStream {
    let vis = &item.vis;
    let target = unused_name("T", item);
    let methods = interface.methods.iter().zip(1..).map(|(method, index)| {
        let call = call(method, index, &target);
        let docs = &method.docs;
        emit!(#(#docs)* #vis fn #call)
    });
    emit! {
        impl<#target: __psom::Narrow> #proxy<#target> {
            /// Keeps the peers for which `keep` returns true.
            #[must_use]
            #vis fn filter(self, keep: impl ::core::ops::FnMut(&__psom::PeerInfo) -> bool) -> Self {
                Self(self.0.narrow(keep))
            }
        }
        #[allow(missing_docs, clippy::too_many_arguments)]
        impl<#target: __psom::Target> #proxy<#target> {
            #(#methods)*
        }
    }
}

fn call(method: &Method, index: usize, target: &Ident) -> TokenStream {
    let ident = &method.ident;
    let index = Literal::usize_unsuffixed(index);
    let names = method.params.iter().map(|Param { ident, .. }| emit_at!(ident.span()=> &#ident));
    let params = method.params.iter().map(|param| {
        let (name, ty) = (&param.ident, &param.ty);
        match param.borrowed_type() {
            Some(lent) => emit!(#name: &#lent),
            None => emit!(#name: #ty),
        }
    });
    emit! {
        #ident(&mut self, #(#params),*) -> #target::Sent {
            self.0.call(__DESC, #index, &[#(#names),*])
        }
    }
}
