//! Children: the code that finds or creates the child for a part name.

use proc_macro2::TokenStream;
use syn::{Ident, ItemImpl, Type, ext::IdentExt as _, spanned::Spanned as _};

use super::emit::{emit, emit_at};
use crate::model::{Factories, Factory, FactoryParam, FieldChild, Part};

/// Generates the `ChildDesc` of a type that an object connects to its peers.
pub(super) fn connects(ty: &Type) -> TokenStream {
    emit_at!(ty.span()=> __psom::ChildDesc::connects::<#ty>())
}

/// Generates `impl ChildFactories` for the object of an impl block.
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
                    part: &__psom::str,
                ) -> __psom::Child {
                    #(#attempts)*
                    ::core::result::Result::Ok(::core::option::Option::None)
                }
            }
        };
    }
}

/// Generates the `ChildDesc` of a field or a factory.
pub(super) fn describe(part: &Part, handle: &Type) -> TokenStream {
    let text = &part.text;
    emit!(__psom::ChildDesc::of::<#handle>(#text))
}

/// Generates a statement that returns the field's child if the part name matches.
pub(super) fn field(child: &FieldChild) -> TokenStream {
    let FieldChild { part, member, ty } = child;
    let child = emit_at!(ty.span()=> ::core::clone::Clone::clone(&self.#member));
    return_if_matches(part, &[], &child, ty)
}

/// Generates a statement that returns the factory's child if the part name matches.
fn factory(factory: &Factory) -> TokenStream {
    let Factory { ident, part, takes_context, params, returns } = factory;
    let context = takes_context.then(|| emit!(cx,));
    let names: Vec<&Ident> = params.iter().map(|param| &param.ident).collect();
    let child = emit_at!(returns.span()=> Self::#ident(self, #context #(#names),*));
    // The runtime returns the captures in the order of the pattern.
    let captures: Vec<_> = part
        .captures()
        .filter_map(|name| params.iter().find(|param| param.ident.unraw() == name))
        .collect();
    return_if_matches(part, &captures, &child, returns)
}

fn return_if_matches(
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
