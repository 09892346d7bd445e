//! The macros do not panic, whichever token of the user's item is missing.

use std::iter::once;

use proc_macro2::{Group, TokenStream, TokenTree};

use super::{GOOD, tokens};
use crate::{derive_psom_type_core, distributed_object_core, psom_interface_core};

/// Returns copies of the tokens, each without one token, also inside of groups.
fn damaged(tokens: &TokenStream) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut all = Vec::new();
    for (position, tree) in trees.iter().enumerate() {
        let with = |tree: Option<TokenTree>| -> TokenStream {
            let (before, after) = (trees[..position].iter(), trees[position + 1..].iter());
            before.cloned().chain(tree).chain(after.cloned()).collect()
        };
        all.push(with(None));
        if let TokenTree::Group(group) = tree {
            let inner = damaged(&group.stream()).into_iter();
            all.extend(inner.map(|inner| with(Some(Group::new(group.delimiter(), inner).into()))));
        }
    }
    all
}

#[test]
fn damaged_interface_causes_no_panic() {
    let item = tokens(
        "#[doc(hidden)] pub(crate) trait Good: Send where Self: Sized {
            #[since(10)] #[wire(name = \"a\")] #[latest]
            async fn a(&mut self, cx: &mut Context<Self>, #[wire(name = \"b\")] b: Vec<u8>,
                c: &'static str) -> Result<(), Violation> { Ok(()) }
        }",
    );
    for args in damaged(&tokens(GOOD)).into_iter().chain(once(tokens("crate = ::a::b"))) {
        psom_interface_core(args, item.clone());
    }
    for item in damaged(&item) {
        psom_interface_core(tokens(GOOD), item);
    }
}

#[test]
fn damaged_object_causes_no_panic() {
    let args = tokens("serves = a::Server, calls = a::Client, crate = ::b");
    let item = tokens("struct Room<T: A>(#[child(\"a\")] #[cfg(b)] Handle<T>, i32) where T: B;");
    for args in damaged(&args) {
        distributed_object_core(args, item.clone());
    }
    for item in damaged(&item) {
        distributed_object_core(args.clone(), item);
    }
    let factories = tokens(
        "impl<T: A> Room<T> {
            #[child(\"a.{b}.{c}\")]
            fn a(&mut self, cx: &mut Context<Self>, b: i32, c: String) -> Option<A> { a }
        }",
    );
    for item in damaged(&factories) {
        distributed_object_core(tokens("crate = ::b"), item);
    }
}

#[test]
fn damaged_type_causes_no_panic() {
    let items = [
        "#[psom(crate = ::a)] #[repr(i32)] enum A { B = -1, C, #[other] D(i32) = 0x7 }",
        "pub struct A(#[doc(hidden)] pub Vec<Vec<i32>>);",
    ];
    for item in items.into_iter().flat_map(|item| damaged(&tokens(item))) {
        derive_psom_type_core(item);
    }
}

#[test]
fn unusual_type_arguments_cause_no_panic() {
    for odd in ["Vec<'static>", "Vec<3>", "Vec<T = i32>", "Vec<>", "Vec", "Vec<A, B>", "String<A>"]
    {
        super::methods(&format!("fn a(&mut self, a: {odd}, b: &{odd});"));
    }
}
