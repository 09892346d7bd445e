//! The macros of the [`psom`] crate, which re-exports them.
//!
//! | macro | item | declares |
//! | --- | --- | --- |
//! | [`#[psom_interface]`](macro@psom_interface) | a trait | the methods that can be called on one side |
//! | [`#[distributed_object]`](macro@distributed_object) | a struct | the interface that it serves, and the one that it calls |
//! | [`#[distributed_object]`](macro@distributed_object) | an `impl` block | the methods that create its children |
//! | [`#[derive(PsomType)]`](derive@PsomType) | an enum or a struct | its encoding as a parameter |
//!
//! Generated code contains only descriptors and calls of the runtime. `tests/golden` contains an
//! expansion of each macro.
//!
//! All errors of an item are reported at once, each at the token that causes it. The item itself is
//! kept, so that an error in it does not cause further errors in code that uses the item.
//!
//! # Structure
//!
//! `parse` reads the user's item into the plain data of `model`. `check` verifies the rules that
//! concern several parts of an item. `expand` generates the code, with one file for each generated
//! item. `diagnostics` contains the text of every error.
//!
//! [`psom`]: https://docs.rs/psom
#![forbid(unsafe_code)]
#![deny(missing_docs)]

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

use crate::diagnostics::{self as message, Errors};

/// Makes a trait one half of a distributed object: the methods that can be called on the server, or
/// those that can be called on the client.
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
/// - `version` and `hash`: each version, the oldest first, followed by its hash: a decimal number, or
///   64 bits in hexadecimal digits. Hashes are part of the interface's definition; they cannot be
///   computed. For a new interface, choose 64 random bits for each half and each version: leave the
///   hash out, and the error suggests two. The two sides compare the sum of the hashes of both halves
///   (section 3.1.4.1.3), and small or consecutive numbers can have equal sums by accident.
/// - `crate = ::path`: the path of the runtime, if it is not `::psom`.
///
/// # Methods
///
/// The receiver is `&mut self`. An optional first parameter `&mut Context<Self>` is not sent. All
/// other parameters are sent: owned (`String`, `Vec<i32>`), or borrowed from the message (`&str`,
/// `&[u8]`). A method returns nothing or `Result<(), Violation>`; an error ends the caller's
/// connection. An `async fn` is awaited before the object's space processes its next message.
///
/// - `#[deprecated]`: warns the callers of the proxy's method.
/// - `#[since(10)]`: the version that introduced the method. Later versions only append methods.
/// - `#[wire(name = "sReserveTitle")]`: the name in the interface's definition. The default for
///   `s_reserve_title` is `sReserveTitle`. Parameters accept the attribute as well.
/// - `#[latest]`: if the send queue of a peer is above its soft limit, a new call replaces a pending
///   call of the method. `#[latest(user)]`: a new call replaces only a pending call with the same
///   value of that parameter.
///
/// - `#[answered_by(c_exported, c_refused)]`: the method is a request, which the peer answers with a call of
///   one of these methods of the other half. The request and its answers have a parameter `cookie: i32`.
///   `Context::ask` and `ClientSession::ask` send a request and wait for its answer.
///
/// # Generated code
///
/// For `trait BroadcastServer`, with its visibility:
///
/// - the trait itself. An `async fn` in it becomes a `fn` that returns `impl Future + Send`.
///   Implementations still write `async fn`. Methods that mention `Self` get `where Self: Sized`, which
///   implementations do not repeat: `dyn BroadcastServer` names the interface where only the trait is
///   in scope.
/// - `struct BroadcastServerProxy<T = ()>`, which calls the interface on the target `T`: one peer,
///   or a group. It derefs to `T`. `BroadcastServerProxy<()>` identifies the interface as a type.
///   - `BroadcastServerProxy::s_broadcast`: sends the call. Parameters that the method owns as
///     `String` or `Vec<X>` are passed as `&str` or `&[X]`, and lists of `String` as anything that
///     yields texts, such as `["a", "b"]` or `text.lines()`.
///   - `BroadcastServerProxy::filter`: selects a part of a group.
///   - `BroadcastServerProxy::dispatch`: calls a method of an object that implements the trait.
/// - `impl Interface for BroadcastServerProxy`, with the descriptor `DESC`: names, versions, hashes
///   and the types of the parameters.
#[proc_macro_attribute]
pub fn psom_interface(args: TokenStream, item: TokenStream) -> TokenStream {
    psom_interface_core(args.into(), item.into()).into()
}

/// Makes a struct a distributed object, or declares the methods that create its children.
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
/// - `serves`: the [`macro@psom_interface`] trait that the struct implements and that peers call.
/// - `calls`: the trait that the struct calls on its peers. Both have the same name and versions.
/// - `lifecycle`: a generic struct implements `Lifecycle`. For other structs, the macro detects the
///   implementation.
/// - `before = path` and `after = path`: functions that run before and after each call of a peer, for
///   permissions, rate limits or traces. `before` is a `fn(&mut Self, &mut Context<Self>, &MethodDesc)
///   -> Result<(), Violation>`; an error breaks the caller's connection instead of dispatching the call.
/// - `connects = Stream`: a type of objects that the struct connects to its peers. It can be given
///   several times. Children that peers connect are declared by `#[child]` instead.
/// - `crate = ::path`: the path of the runtime, if it is not `::psom`.
///
/// Only the traits must be in scope, not their proxies. Write the bounds of a generic struct on the
/// struct itself.
///
/// A field with `#[child("part")]` holds the child with this part name: a `Handle`, or an `Option`
/// of a handle. Part names are matched without regard to ASCII case.
///
/// # On an `impl` block
///
/// A method with `#[child("content.{content_id}")]` creates the children of a family of parts. Each
/// `{capture}` is parsed as the parameter of that name: a number, `&str`, `String`, or a struct with one
/// such field that derives `PsomType`. If it does not parse, the method does not match the part name.
///
/// A capture ends at the first occurrence of the text that follows it in the pattern:
/// `section.{name}.{number}` matches `section.a.3`, but not `section.a.b.3`. A captured text has the
/// peer's spelling. If you store children under a captured text, compare it without regard to ASCII
/// case; otherwise `Food` and `food` are two children. A struct has at most one such block.
///
/// # Generated code
///
/// - On a struct: `impl DistributedObject for Room`. It uses the implementations of `ChildFactories`
///   and `Lifecycle` if `Room` has them. A constant checks that both interfaces have the same name
///   and versions, and different hashes.
/// - On an `impl` block: `impl ChildFactories for Room`.
#[proc_macro_attribute]
pub fn distributed_object(args: TokenStream, item: TokenStream) -> TokenStream {
    distributed_object_core(args.into(), item.into()).into()
}

/// Makes a type usable as a parameter.
///
/// An enumeration is an Int32 on the wire. Every variant has an explicit value. The `#[other]` variant
/// keeps values that the enumeration does not list, so that they can be sent unchanged.
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
/// A struct with one unnamed field is encoded like the field.
///
/// ```
/// # use psom::PsomType;
/// #[derive(PsomType)]
/// struct ContentId(i64);
/// ```
///
/// A struct with several named fields, a *record*, is encoded as several parameters of a method. The
/// wire bytes and the interface's definition are those of a method that takes the fields one by one. A
/// `Vec<Span>` or `&[Span]` is one array for each field, as the specification writes lists, and an
/// `Option<Span>` is such a list of no or one element. A peer that sends arrays of different lengths
/// violates the protocol. A record cannot be nested deeper: not as a field of another one, and not in a
/// list of lists. `#[wire(name = "fileName")]` on a field sets the parameter's name in the definition.
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
///     fn c_mark_all(&mut self, pages: Vec<Span>);    // cMarkAll(Int32[] begin, Int32[] end)
/// }
/// ```
///
/// # Generated code
///
/// - `impl PsomType`, `impl Encode` and `impl Decode`;
/// - for a struct with several fields, also `impl Lend`;
/// - for a struct with one field, also `impl Transparent`, so that part names can capture it;
/// - for an enumeration, also `impl From<i32> for Status` and `impl From<Status> for i32`.
///
/// `#[psom(crate = ::path)]` gives the path of the runtime, if it is not `::psom`.
#[proc_macro_derive(PsomType, attributes(other, psom, wire))]
pub fn derive_psom_type(item: TokenStream) -> TokenStream {
    derive_psom_type_core(item.into()).into()
}

fn psom_interface_core(args: TokenStream2, item: TokenStream2) -> TokenStream2 {
    let mut item = match syn::parse2(item.clone()) {
        Ok(Item::Trait(item)) => item,
        Ok(_) => return reject(item, wrong_item(message::INTERFACE_ON_TRAIT)),
        Err(error) => return reject(item, error),
    };
    let mut errors = Errors::default();
    let interface = parse::interface::parse(args, &mut item, &mut errors);
    check::interface(&interface, &mut errors);
    expand::make_dyn_compatible(&mut item);
    expand::desugar_async(&mut item);
    if interface.methods.iter().any(|method| method.params.len() > 5) {
        // The interface definition determines the number of parameters.
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
        Ok(_) => reject(item, wrong_item(message::OBJECT_ON_STRUCT)),
        Err(error) => reject(item, error),
    }
}

fn derive_psom_type_core(item: TokenStream2) -> TokenStream2 {
    // The compiler itself keeps the item of a derive.
    let nothing = TokenStream2::new();
    let item = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return reject(nothing, error),
    };
    let mut errors = Errors::default();
    let ty = parse::psom_type::parse(item, &mut errors);
    if let Some(ty) = &ty {
        check::psom_type(ty, &mut errors);
    }
    errors.or_expand(nothing, || ty.as_ref().map(expand::psom_type).unwrap_or_default())
}

/// Returns the unchanged item, followed by an error.
fn reject(mut item: TokenStream2, reason: Error) -> TokenStream2 {
    item.extend(reason.into_compile_error());
    item
}

/// Returns the error for an attribute on the wrong kind of item.
fn wrong_item(message: &str) -> Error {
    Error::new(Span::call_site(), message)
}
