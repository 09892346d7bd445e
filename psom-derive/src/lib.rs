//! The macros of the `psom` crate.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod attrs;
mod check;
mod diagnostics;
mod expand;
mod model;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use proc_macro2::{Span, TokenStream as TokenStream2};
use syn::{Error, Item};

use crate::diagnostics::{self as say, Errors};

/// x
#[proc_macro_attribute]
pub fn psom_interface(args: TokenStream, item: TokenStream) -> TokenStream {
    psom_interface_core(args.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn distributed_object(args: TokenStream, item: TokenStream) -> TokenStream {
    distributed_object_core(args.into(), item.into()).into()
}

/// x
#[proc_macro_derive(PsomType, attributes(other, psom))]
pub fn derive_psom_type(item: TokenStream) -> TokenStream {
    derive_psom_type_core(item.into()).into()
}

fn psom_interface_core(args: TokenStream2, item: TokenStream2) -> TokenStream2 {
    let mut item = match syn::parse2(item.clone()) {
        Ok(Item::Trait(item)) => item,
        Ok(_) => return refuse(item, wrong_item(say::INTERFACE_ON_TRAIT)),
        Err(error) => return refuse(item, error),
    };
    let mut errors = Errors::default();
    let interface = parse::interface::parse(args, &mut item, &mut errors);
    check::interface(&interface, &mut errors);
    expand::desugar_async(&mut item);
    errors.or_expand(&item, || expand::interface(&item, &interface))
}

fn distributed_object_core(args: TokenStream2, item: TokenStream2) -> TokenStream2 {
    let mut errors = Errors::default();
    match syn::parse2(item.clone()) {
        Ok(Item::Struct(mut item)) => {
            let object = parse::object::parse(args, &mut item, &mut errors);
            check::object(&object, &mut errors);
            errors.or_expand(&item, || expand::object(&item, &object))
        }
        Ok(Item::Impl(mut item)) => {
            let factories = parse::factories::parse(args, &mut item, &mut errors);
            check::factories(&factories, &mut errors);
            errors.or_expand(&item, || expand::factories(&item, &factories))
        }
        Ok(_) => refuse(item, wrong_item(say::OBJECT_ON_STRUCT)),
        Err(error) => refuse(item, error),
    }
}

fn derive_psom_type_core(item: TokenStream2) -> TokenStream2 {
    // The compiler keeps the item of a derive; we only add to it.
    let nothing = TokenStream2::new();
    let item = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return refuse(nothing, error),
    };
    let mut errors = Errors::default();
    let ty = parse::psom_type::parse(item, &mut errors);
    if let Some(ty) = &ty {
        check::psom_type(ty, &mut errors);
    }
    errors.or_expand(nothing, || ty.as_ref().map(expand::psom_type).unwrap_or_default())
}

/// The item as it is, and the reason why nothing is added to it.
fn refuse(mut item: TokenStream2, reason: Error) -> TokenStream2 {
    item.extend(reason.into_compile_error());
    item
}

/// The attribute stands above an item that it does not know.
fn wrong_item(message: &str) -> Error {
    Error::new(Span::call_site(), message)
}
