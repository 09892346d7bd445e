//! The proxy: one method for each method of the trait, which sends the call.

use proc_macro2::{Literal, TokenStream};
use syn::{Ident, ItemTrait};

use super::emit::{doc, emit, emit_at, free_name};
use crate::model::{Interface, Method, Param};

/// `struct XProxy<T = ()>(T);`
pub(super) fn definition(item: &ItemTrait, proxy: &Ident) -> TokenStream {
    let vis = &item.vis;
    let doc = doc(format!("Calls [`{}`] on the peers that it stands for.", item.ident));
    emit! {
        #doc
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #proxy<T = ()>(T);
    }
}

/// What the target can do, its proxy can do.
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

/// `filter`, and the methods of the trait.
pub(super) fn methods(item: &ItemTrait, interface: &Interface, proxy: &Ident) -> TokenStream {
    let vis = &item.vis;
    let target = free_name("T", item);
    let methods = interface.methods.iter().zip(1..).map(|(method, index)| {
        let call = call(method, index, &target);
        let docs = &method.docs;
        emit!(#(#docs)* #vis fn #call)
    });
    emit! {
        impl<#target: __psom::Narrow> #proxy<#target> {
            /// Keeps those peers of a group that `keep` chooses.
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
        match param.lent() {
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
