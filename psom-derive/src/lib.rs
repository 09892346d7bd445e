//! The macros of the [`psom`] crate, which re-exports them.
//!
//! | macro | stands on | says |
//! | --- | --- | --- |
//! | [`#[psom_interface]`](macro@psom_interface) | a trait | what can be called on one side |
//! | [`#[distributed_object]`](macro@distributed_object) | a struct | which interface it serves, and which it calls |
//! | [`#[distributed_object]`](macro@distributed_object) | an `impl` block | which methods make its children |
//! | [`#[derive(PsomType)]`](derive@PsomType) | an enum, a struct | how it travels as a parameter |
//!
//! The macros declare and the library works: what they print is a table, and calls into the
//! runtime. `tests/golden` has an expansion of each.
//!
//! A mistake is reported at the token where it was made, together with all others, and the item
//! stays in the program, so that the compiler's own errors stay sensible.
//!
//! # How it is built
//!
//! `parse` (with `args`, `versions` and `attrs`) reads the user's item into the plain data of
//! `model`, `check` holds what must fit together, and `expand` prints, one file for each generated
//! item. `diagnostics` has the wording of every message.
//!
//! [`psom`]: https://docs.rs/psom
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod args;
mod attrs;
mod check;
mod diagnostics;
mod expand;
mod model;
mod parse;
#[cfg(test)]
mod tests;
mod versions;

use proc_macro::TokenStream;
use proc_macro2::{Span, TokenStream as TokenStream2};
use syn::{Error, Item};

use crate::diagnostics::{self as say, Errors};

/// Makes a trait one half of a distributed object: what can be called on the server, or on the
/// client.
///
/// ```
/// # use psom::{Context, distributed_object, psom_interface};
/// #[psom_interface(name = "Example.Broadcast", version = 1, hash = 1234567890123456)]
/// pub trait BroadcastServer {
///     /// Sends `text` to everybody.
///     fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str);
/// }
/// # #[psom_interface(name = "Example.Broadcast", version = 1, hash = 7)]
/// # pub trait BroadcastClient { fn c_receive_broadcast(&mut self, text: &str); }
/// # #[distributed_object(serves = BroadcastServer, calls = BroadcastClient)]
/// # struct Room;
///
/// impl BroadcastServer for Room {
///     fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str) {
///         cx.peers().c_receive_broadcast(text);
///     }
/// }
/// ```
///
/// # Arguments
///
/// - `name`: the name that both halves share.
/// - `version` and `hash`: each version, the oldest first, followed by its hash. Hashes are part of
///   the interface's definition; they cannot be computed. For an interface of your own choose 64
///   random bits, unrelated ones for the two halves and for each version: what two sides compare
///   when they meet is the sum of both halves (section 3.1.4.1.3), and sums of neighbouring numbers
///   are soon the same by accident.
/// - `crate = ::path`: where the runtime is, if not at `::psom`.
///
/// # Methods
///
/// The receiver is `&mut self`. A first parameter `&mut Context<Self>` is for the method itself, the
/// others travel: owned (`String`, `Vec<i32>`), or borrowed from the message (`&str`, `&[u8]`). A
/// method returns nothing, or `Result<(), Violation>`, where an error ends the caller's connection.
/// An `async fn` is awaited before the object's space takes its next message.
///
/// - `#[since(10)]`: the version that brought the method. Later versions only append.
/// - `#[wire(name = "sReserveTitle")]`: the name in the interface's definition. Without it
///   `s_reserve_title` is `sReserveTitle`. It can stand on a parameter as well.
/// - `#[latest]`: of the calls that wait for a slow peer, only the newest matters.
///   `#[latest(user)]`: only the newest with the same value of that parameter.
///
/// # What is generated
///
/// For `trait BroadcastServer`, with its visibility:
///
/// - the trait itself. An `async fn` in it becomes a `fn` that returns `impl Future + Send`, and is
///   implemented as an `async fn` all the same.
/// - `struct BroadcastServerProxy<T = ()>`, which calls the interface on `T`: one peer, or many. It
///   derefs to `T`. `BroadcastServerProxy<()>` names the interface where a type is wanted.
///   - `BroadcastServerProxy::s_broadcast`: sends the call. Parameters that the method owns as
///     `String` or `Vec<X>` are lent here, as `&str` or `&[X]`.
///   - `BroadcastServerProxy::filter`: keeps a part of a group.
///   - `BroadcastServerProxy::dispatch`: makes a peer's call on an object that implements the trait.
/// - `impl Interface for BroadcastServerProxy`, with the descriptor `DESC`: names, versions, hashes
///   and the types of the parameters.
#[proc_macro_attribute]
pub fn psom_interface(args: TokenStream, item: TokenStream) -> TokenStream {
    psom_interface_core(args.into(), item.into()).into()
}

/// Makes a struct a distributed object, and methods of it the factories of its children.
///
/// ```
/// # use std::collections::HashMap;
/// # use psom::{Context, Handle, distributed_object, psom_interface};
/// # #[psom_interface(name = "Example.Broadcast", version = 1, hash = 1)]
/// # pub trait BroadcastServer {}
/// # #[psom_interface(name = "Example.Broadcast", version = 1, hash = 2)]
/// # pub trait BroadcastClient {}
/// # impl BroadcastServer for Room {}
/// # type AnnotationContainer = Room;
/// # type Content = Room;
/// #[distributed_object(serves = BroadcastServer, calls = BroadcastClient)]
/// struct Room {
///     #[child("annotationContainer")]
///     annotations: Handle<AnnotationContainer>,
///     contents: HashMap<i64, Handle<Content>>,
/// }
///
/// #[distributed_object]
/// impl Room {
///     #[child("content.{content_id}")]
///     fn content(&mut self, cx: &mut Context<Self>, content_id: i64) -> Option<Handle<Content>> {
///         self.contents.get(&content_id).cloned()
///     }
/// }
/// ```
///
/// # On a struct
///
/// - `serves`: the [`macro@psom_interface`] trait that the struct implements, and peers call.
/// - `calls`: the one that the struct calls on its peers. Both have the same name and versions.
/// - `connects = Stream`: a type of objects that the struct connects to its peers, as often as there
///   are types. Children that peers connect need no mention: `#[child]` declares them.
/// - `crate = ::path`: where the runtime is, if not at `::psom`.
///
/// The macro finds `path::BroadcastServerProxy` beside `path::BroadcastServer`: import both, or
/// neither. The bounds of a generic struct belong on the struct, where the macro sees them.
///
/// A field under `#[child("part")]` holds the child of that name: a `Handle`, or an `Option` of one.
/// Names of parts are matched without regard to ASCII case.
///
/// # On an `impl` block
///
/// A method under `#[child("content.{content_id}")]` makes the children of a family of parts. Each
/// `{capture}` is read as the parameter of that name; a part that cannot be read is somebody
/// else's. A capture ends where what follows it in the pattern stands first: `section.{name}.{number}`
/// reads `section.a.3`, and not `section.a.b.3`. It is given as the peer wrote it: whoever keeps
/// children by a text that was captured compares it without regard to ASCII case, too, or `Food` and
/// `food` are two of them. There is one such block for a struct.
///
/// # What is generated
///
/// - On a struct: `impl DistributedObject for Room`. It finds out whether `Room` implements
///   `ChildFactories` and `Lifecycle`, which need no mention. A constant holds both interfaces
///   against each other.
/// - On an `impl` block: `impl ChildFactories for Room`.
#[proc_macro_attribute]
pub fn distributed_object(args: TokenStream, item: TokenStream) -> TokenStream {
    distributed_object_core(args.into(), item.into()).into()
}

/// Lets a type of one's own travel as a parameter.
///
/// An enumeration is an Int32 on the wire. Values that it does not list are kept by its one
/// `#[other]` variant, and sent back as they came.
///
/// ```
/// # use psom::PsomType;
/// #[derive(PsomType)]
/// #[repr(i32)]
/// enum Status {
///     Reserved = 1,
///     Upgrade = 2,
///     #[other]
///     Other(i32),
/// }
/// ```
///
/// A struct around one value travels as that value.
///
/// ```
/// # use psom::PsomType;
/// #[derive(PsomType)]
/// struct ContentId(i64);
/// ```
///
/// A struct with several named fields stands for several parameters of a method. The wire bytes
/// and the interface's definition are those of a method that takes the fields one by one. Such a
/// struct cannot be in an array. `#[wire(name = "fileName")]` on a field sets the parameter's name
/// in the definition.
///
/// ```
/// # use psom::{Context, PsomType, psom_interface};
/// #[derive(PsomType)]
/// struct Span {
///     begin: i32,
///     end: i32,
/// }
///
/// #[psom_interface(name = "Example.Book", version = 1, hash = 1)]
/// trait BookClient {
///     fn c_mark(&mut self, pages: Span, color: i32); // cMark(Int32 begin, Int32 end, Int32 color)
/// }
/// ```
///
/// # What is generated
///
/// - `impl PsomType`, `impl Encode` and `impl Decode`;
/// - for a struct with several fields `impl Argument` and `impl Lend` in the place of `PsomType`;
/// - for an enumeration also `impl From<i32> for Status` and `impl From<Status> for i32`.
///
/// `#[psom(crate = ::path)]` says where the runtime is, if not at `::psom`.
#[proc_macro_derive(PsomType, attributes(other, psom, wire))]
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
    if interface.methods.iter().any(|method| method.params.len() > 5) {
        // How many there are is the protocol's to say.
        item.attrs.push(syn::parse_quote!(#[allow(clippy::too_many_arguments)]));
    }
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
