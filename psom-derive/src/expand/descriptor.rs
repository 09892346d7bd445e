//! The descriptor of the interface.

use proc_macro2::{Literal, TokenStream};
use syn::spanned::Spanned as _;

use super::emit::{emit, emit_at};
use crate::model::{Interface, Method, Version};

/// Generates the descriptor.
pub(super) fn descriptor(interface: &Interface) -> TokenStream {
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
    }
}

fn method_desc(method: &Method, interface: &Interface) -> TokenStream {
    let wire = &method.wire.text;
    let params = method.params.iter().map(|param| {
        let (name, ty) = (&param.wire.text, &param.ty);
        match param.borrowed {
            true => emit_at!(ty.span()=> __Param::of(#name, <#ty as __psom::Lend>::TYPE)),
            false => emit_at!(ty.span()=> __Param::new::<#ty>(#name)),
        }
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
    let answers = method.answers.iter().map(|answer| &answer.text);
    let answers = (!method.answers.is_empty()).then(|| emit!(.answered_by(&[#(#answers),*])));
    emit!(__Row::new(#wire, &[#(#params),*]) #since #latest #answers)
}
