//! The descriptor of the interface.

use proc_macro2::{Literal, TokenStream};
use syn::Ident;

use super::emit::emit;
use crate::model::{Interface, Method, Version};

/// Generates the descriptor and `impl Interface for XProxy`.
pub(super) fn descriptor(interface: &Interface, proxy: &Ident) -> TokenStream {
    let Interface { name, versions, methods, .. } = interface;
    let versions = versions.iter().map(|Version { number, hash }| {
        let (number, hash) = (Literal::i32_unsuffixed(*number), Literal::i64_unsuffixed(*hash));
        emit!((#number, #hash))
    });
    let methods = methods.iter().map(|method| method_desc(method, interface));
    emit! {
        const __DESC: &__psom::InterfaceDesc = &__psom::InterfaceDesc::new(
            #name,
            &[#(#versions),*],
            &[#(#methods),*],
        );
        impl __psom::Interface for #proxy {
            const DESC: &'static __psom::InterfaceDesc = __DESC;
            type Proxy<T: __psom::Target> = #proxy<T>;
            fn proxy<T: __psom::Target>(target: T) -> #proxy<T> {
                #proxy(target)
            }
        }
    }
}

fn method_desc(method: &Method, interface: &Interface) -> TokenStream {
    let wire = &method.wire.text;
    let params = method.params.iter().map(|param| {
        let (name, ty) = (&param.wire.text, &param.ty);
        emit!(__Param::new::<#ty>(#name))
    });
    let first = interface.versions.first().map(|version| version.number);
    let since = method.since.as_ref().filter(|since| Some(since.version) != first).map(|since| {
        let version = Literal::i32_unsuffixed(since.version);
        emit!(.since(#version))
    });
    let latest = method.latest.as_ref().map(|latest| {
        let by = latest.by.as_ref();
        match by.and_then(|by| method.params.iter().position(|param| param.ident == *by)) {
            Some(position) => emit!(.latest_by(#position)),
            None => emit!(.latest()),
        }
    });
    emit!(__Row::new(#wire, &[#(#params),*]) #since #latest)
}
