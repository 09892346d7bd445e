//! Children: what a field or a method answers when a peer connects a part.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Ident, ItemImpl, Type};

use super::emit::{emit, emit_at};
use crate::model::{Factories, Factory, FactoryParam, FieldChild, Part};

/// `ChildDesc` of a type that an object connects to its peers.
pub(super) fn connects(ty: &Type) -> TokenStream {
    emit_at!(ty.span()=> __psom::ChildDesc::connects::<#ty>())
}

/// `impl ChildFactories` for the object of an impl block.
pub(crate) fn factories(item: &ItemImpl, factories: &Factories) -> TokenStream {
    let Factories { krate, methods } = factories;
    let (generics, _, where_clause) = item.generics.split_for_impl();
    let object = &item.self_ty;
    let descriptions = methods.iter().map(|factory| describe(&factory.part, &factory.returns));
    let attempts = methods.iter().map(factory);
    emit! {
        const _: () = {
            use #krate::__private as __psom;
            impl #generics __psom::ChildFactories for #object #where_clause {
                fn factories() -> __psom::Vec<__psom::ChildDesc> {
                    ::core::convert::From::from([#(#descriptions),*])
                }
                fn make(
                    &mut self,
                    cx: &mut __psom::Context<Self>,
                    part: &str,
                ) -> ::core::result::Result<
                    ::core::option::Option<__psom::AnyHandle>,
                    __psom::Violation,
                > {
                    #(#attempts)*
                    ::core::result::Result::Ok(::core::option::Option::None)
                }
            }
        };
    }
}

/// A line of the object's list of children.
pub(super) fn describe(part: &Part, handle: &Type) -> TokenStream {
    let text = &part.text;
    emit!(__psom::ChildDesc::of::<#handle>(#text))
}

/// Returns the field's child if it is the part that was asked for.
pub(super) fn field(child: &FieldChild) -> TokenStream {
    let FieldChild { part, member, ty } = child;
    let child = emit_at!(ty.span()=> ::core::clone::Clone::clone(&self.#member));
    answer(part, &[], &child, ty)
}

/// Returns the child that the method makes if it is of the part that was asked for.
fn factory(factory: &Factory) -> TokenStream {
    let Factory { ident, part, takes_context, params, returns } = factory;
    let context = takes_context.then(|| emit!(cx,));
    let names: Vec<&Ident> = params.iter().map(|param| &param.ident).collect();
    let child = emit_at!(returns.span()=> Self::#ident(self, #context #(#names),*));
    // The captures come in the order of the part; each is read as its parameter's type.
    let captures: Vec<_> = part
        .captures()
        .filter_map(|name| params.iter().find(|param| param.ident.unraw() == name))
        .collect();
    answer(part, &captures, &child, returns)
}

fn answer(
    part: &Part,
    captures: &[&FactoryParam],
    child: &TokenStream,
    handle: &Type,
) -> TokenStream {
    let text = &part.text;
    let into_child = emit_at!(handle.span()=> __psom::IntoChild::into_child(#child));
    let matches = match captures {
        [] => emit!(part.eq_ignore_ascii_case(#text)),
        _ => {
            let names: Vec<&Ident> = captures.iter().map(|param| &param.ident).collect();
            let types = captures.iter().map(|param| &param.ty);
            emit! {
                let ::core::option::Option::Some([#(#names),*]) = __psom::captures(#text, part)
                    #(&& let ::core::option::Option::Some(#names) =
                        <#types as __psom::PartCapture>::from_part(#names))*
            }
        }
    };
    emit! {
        if #matches {
            return #into_child;
        }
    }
}
