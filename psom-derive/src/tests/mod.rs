//! The macros as functions from tokens to tokens: the generated code and the errors.
#![allow(clippy::unwrap_used, reason = "tests")]

mod expansion;
mod golden;
mod interface;
mod manifest;
mod method;
mod object;
mod psom_type;
mod robust;

use proc_macro2::TokenStream;
use syn::{File, Item, LitStr};

use crate::{derive_psom_type_core, distributed_object_core, psom_interface_core};

/// The arguments of a valid interface.
const GOOD: &str = r#"name = "Example.Good", version = 1, hash = 1, version = 10, hash = 2"#;

fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap()
}

fn interface(args: &str, item: &str) -> TokenStream {
    psom_interface_core(tokens(args), tokens(item))
}

/// Expands an interface with these methods.
fn methods(methods: &str) -> TokenStream {
    interface(GOOD, &format!("trait GoodServer {{ {methods} }}"))
}

fn object(args: &str, item: &str) -> TokenStream {
    distributed_object_core(tokens(args), tokens(item))
}

/// Expands an impl block with these methods.
fn factories(methods: &str) -> TokenStream {
    object("", &format!("impl Room {{ {methods} }}"))
}

fn psom_type(item: &str) -> TokenStream {
    derive_psom_type_core(tokens(item))
}

/// Returns the errors in an expansion, in order.
fn messages(expansion: TokenStream) -> Vec<String> {
    let file: File = syn::parse2(expansion).unwrap();
    let message = |item| match item {
        Item::Macro(item) if item.mac.path.segments.last().unwrap().ident == "compile_error" => {
            Some(item.mac.parse_body::<LitStr>().unwrap().value())
        }
        _ => None,
    };
    file.items.into_iter().filter_map(message).collect()
}

/// Asserts that there is one error for each fragment, in this order, and that it contains the fragment.
#[track_caller]
fn rejects(expansion: TokenStream, fragments: &[&str]) {
    let messages = messages(expansion);
    let fits = messages.len() == fragments.len()
        && messages.iter().zip(fragments).all(|(message, fragment)| message.contains(fragment));
    assert!(fits, "expected {fragments:#?}\nfound {messages:#?}");
}

/// Asserts that there are no errors.
#[track_caller]
fn accepts(expansion: TokenStream) {
    rejects(expansion, &[]);
}
