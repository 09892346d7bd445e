//! The attribute macro of the `comqc` crate.
//!
//! `parse` checks a trait and turns it into the plain data of `model`; `expand` generates the
//! recorder and the calls from it. Every message is in `diagnostics`.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod diagnostics;
mod expand;
mod model;
mod parse;

use proc_macro::TokenStream;

/// Declares a queuable interface: its methods return nothing and have only input parameters of
/// Automation types.
///
/// The attribute's arguments are the interface's IID and its base:
///
/// - `iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F"`, with or without braces;
/// - `base = IUnknown` (the first method has opnum 3), or `base = IDispatch` (the first method has
///   opnum 7, and every method has a DISPID: `#[dispid(4)]`, `#[dispid(1, put)]` or
///   `#[dispid(1, putref)]`).
///
/// The parameter types are `i8` to `u64`, `f32`, `f64`, `bool`, `String`, `&str`, and `Bstr`,
/// `Currency`, `Date`, `Decimal`, `SafeArray`, `Variant` and `Object` of `comqc::oaut`.
///
/// For a trait `Ship`, the attribute generates
///
/// - `ShipRecorder`, which records calls through the vtable (`ShipRecorder::new`) or, with the base
///   IDispatch, late-bound calls (`ShipRecorder::late_bound`);
/// - `ShipCall`, an enum of the decoded calls, which implements `comqc::QueuedCall` and whose
///   method `play` executes the call on an object that implements the trait.
#[proc_macro_attribute]
pub fn queued_interface(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item: syn::ItemTrait = match syn::parse(item.clone()) {
        Ok(item) => item,
        Err(_) => {
            let error = syn::Error::new(proc_macro2::Span::call_site(), diagnostics::ON_TRAIT);
            let mut tokens = TokenStream::from(error.into_compile_error());
            tokens.extend(item);
            return tokens;
        }
    };
    let interface = parse::interface(arguments.into(), &mut item);
    let generated = match &interface {
        Ok(interface) => expand::interface(interface, &item),
        // Keeps the trait, so that uses of it cause no further errors.
        Err(error) => error.to_compile_error(),
    };
    quote::quote!(#item #generated).into()
}
