//! Helpers that print tokens, for all files of this folder.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{Ident, ItemTrait, Path};

/// `quote!` for names of ours.
macro_rules! emit {
    ($($tokens:tt)*) => {
        quote::quote_spanned!(proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}
pub(super) use emit;

/// The same, for code that is about the user's token at `$span`: errors in it stand there.
macro_rules! emit_at {
    ($span:expr=> $($tokens:tt)*) => {
        quote::quote_spanned!(proc_macro2::Span::mixed_site().located_at($span)=> $($tokens)*)
    };
}
pub(super) use emit_at;

/// The proxy of the trait `ident`.
pub(super) fn proxy_ident(ident: &Ident) -> Ident {
    format_ident!("{ident}Proxy", span = ident.span())
}

/// The proxy of the trait at `path`.
pub(super) fn proxy_path(path: &Path) -> Path {
    let mut path = path.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = proxy_ident(&last.ident);
    }
    path
}

/// A name for a type parameter, `wish` if the trait leaves it free. Type parameters are not
/// hygienic, and the types in the trait's methods are printed below them.
pub(super) fn free_name(wish: &str, item: &ItemTrait) -> Ident {
    let mut name = wish.to_owned();
    while mentions(item.to_token_stream(), &name) {
        name.push('_');
    }
    Ident::new(&name, Span::mixed_site())
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// `text` as a line of documentation.
pub(super) fn doc(text: String) -> TokenStream {
    let text = format!(" {text}");
    emit!(#[doc = #text])
}
