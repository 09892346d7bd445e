//! Helpers that generate tokens, used by all files of this folder.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident};
use syn::{Ident, ItemTrait};

/// Like `quote!`, with hygienic names.
macro_rules! emit {
    ($($tokens:tt)*) => {
        quote::quote_spanned!(proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}
pub(super) use emit;

/// Like `emit!`, but the compiler reports errors in the code at `$span`, a token of the user.
macro_rules! emit_at {
    ($span:expr=> $($tokens:tt)*) => {
        quote::quote_spanned!(proc_macro2::Span::mixed_site().located_at($span)=> $($tokens)*)
    };
}
pub(super) use emit_at;

/// Returns the name of the proxy of a trait.
pub(super) fn proxy_ident(ident: &Ident) -> Ident {
    format_ident!("{ident}Proxy", span = ident.span())
}

/// Returns a name for a type parameter that the trait does not use: `preferred`, with underscores
/// appended if necessary. Type parameters are not hygienic, so they could hide types of the user.
pub(super) fn unused_name(preferred: &str, item: &ItemTrait) -> Ident {
    let mut name = preferred.to_owned();
    while mentions(item.to_token_stream(), &name) {
        name.push('_');
    }
    Ident::new(&name, Span::mixed_site())
}

/// Reports whether tokens contain an identifier.
pub(super) fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// Generates a line of documentation.
pub(super) fn doc(text: String) -> TokenStream {
    let text = format!(" {text}");
    emit!(#[doc = #text])
}
