//! Compares formatted expansions with files, so that changes of the generated code are visible in a
//! review. `UPDATE_GOLDEN=1 cargo test -p psom-derive` rewrites the files.

use std::{env, fs, path::Path};

use proc_macro2::TokenStream;
use quote::quote;

use crate::{derive_psom_type_core, distributed_object_core, psom_interface_core};

/// Compares the expansion with the file and returns it.
fn golden(name: &str, expansion: TokenStream) -> String {
    let printed = prettyplease::unparse(&syn::parse2(expansion).unwrap());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &printed).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        printed == expected,
        "the expansion differs from {name}; set `UPDATE_GOLDEN=1` to rewrite the file, and review its diff"
    );
    printed
}

/// Checks the size of the generated code of an interface with ten methods, at least one of each
/// kind.
#[test]
fn interface_expansion_is_small() {
    let args = quote!(
        name = "Example.Broadcast",
        version = 1,
        hash = 1234567890123456,
        version = 10,
        hash = -7
    );
    let item = quote! {
        /// The interface of a room.
        pub trait BroadcastServer {
            /// Sends `text` to everybody.
            fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str);
            fn s_ping(&mut self) -> Result<(), Violation>;
            #[wire(name = "sBroadcast")]
            fn s_broadcast_to(&mut self, cx: &mut Context<Self>, ids: Vec<i64>, text: String);
            fn s_rename(&mut self, cx: &mut Context<Self>, title: &str) -> Result<(), Violation>;
            fn s_vote(&mut self, cx: &mut Context<Self>, choice: i32);
            fn s_draw(&mut self, cx: &mut Context<Self>, ink: &[u8]);
            fn s_set_status(&mut self, cx: &mut Context<Self>, r#type: Status);
            fn s_leave(&mut self, cx: &mut Context<Self>);
            #[since(10)]
            #[latest]
            fn s_turn(&mut self, cx: &mut Context<Self>, page: i32);
            #[since(10)]
            async fn s_load(&mut self, cx: &mut Context<Self>, name: &str);
        }
    };
    let printed = golden("interface.rs", psom_interface_core(args, item));
    let lines = printed.lines().count();
    assert!(lines <= 40 + 12 * 10, "{lines} lines");
}

#[test]
fn object_expansion_matches_the_golden_file() {
    let args = quote!(serves = broadcast::BroadcastServer, calls = broadcast::BroadcastClient);
    let item = quote! {
        pub struct Room<S: Store> {
            #[child("annotationContainer")]
            annotations: Handle<AnnotationContainer>,
            store: S,
        }
    };
    golden("object.rs", distributed_object_core(args, item));
}

#[test]
fn factories_expansion_matches_the_golden_file() {
    let item = quote! {
        impl<S: Store> Room<S> {
            #[child("content.{content_id}")]
            fn content(&mut self, cx: &mut Context<Self>, content_id: i64) -> Option<Handle<Content>> {
                self.contents.get(&content_id).cloned()
            }
            #[child("poll")]
            fn poll(&mut self) -> Handle<Poll> {
                self.poll.clone()
            }
            fn helper(&self) {}
        }
    };
    golden("factories.rs", distributed_object_core(quote!(), item));
}

#[test]
fn enumeration_expansion_matches_the_golden_file() {
    let item = quote! {
        #[repr(i32)]
        enum Status { Reserved = 1, Upgrade = 2, #[other] Other(i32), Gone = -1 }
    };
    golden("enumeration.rs", derive_psom_type_core(item));
}

#[test]
fn transparent_struct_expansion_matches_the_golden_file() {
    golden(
        "transparent.rs",
        derive_psom_type_core(quote!(
            struct ContentId(i64);
        )),
    );
}

#[test]
fn flattened_struct_expansion_matches_the_golden_file() {
    let item = quote!(
        pub struct NativeFile {
            #[wire(name = "fileName")]
            pub name: String,
            pub key: Bytes,
            pub file_size: i64,
        }
    );
    golden("flattened.rs", derive_psom_type_core(item));
}
