//! Typed, versioned, two-way objects over PSOM, the Shared Object Messaging protocol of Microsoft's
//! web conferencing (MS-PSOM).
//!
//! A *distributed object* has two halves, one on the server and one on each client. Each half has
//! an interface: methods that return nothing, and that the other half calls. You write two traits
//! under [`psom_interface`] and a struct for each half under [`distributed_object`]; marshaling,
//! dispatch, version negotiation and typed proxies are generated.
//!
//! ```
//! use psom::{Context, distributed_object, psom_interface, testing::Pair};
//!
//! #[psom_interface(name = "Example.Broadcast", version = 1, hash = 1234567890123456)]
//! pub trait BroadcastServer {
//!     fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str);
//! }
//!
//! #[psom_interface(name = "Example.Broadcast", version = 1, hash = -6543210987654321)]
//! pub trait BroadcastClient {
//!     fn c_receive_broadcast(&mut self, cx: &mut Context<Self>, from: i64, text: &str);
//! }
//!
//! #[distributed_object(serves = BroadcastServer, calls = BroadcastClient)]
//! struct Room;
//!
//! impl BroadcastServer for Room {
//!     fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str) {
//!         let from = cx.caller().user().id;
//!         cx.peers().c_receive_broadcast(from, text);
//!     }
//! }
//!
//! #[distributed_object(serves = BroadcastClient, calls = BroadcastServer)]
//! #[derive(Default)]
//! struct Screen {
//!     lines: Vec<String>,
//! }
//!
//! impl BroadcastClient for Screen {
//!     fn c_receive_broadcast(&mut self, _: &mut Context<Self>, from: i64, text: &str) {
//!         self.lines.push(format!("{from}: {text}"));
//!     }
//! }
//!
//! // A server and a client in virtual time, without a network.
//! let mut pair = Pair::new(Room, Screen::default());
//! pair.on_client(0, |_, cx| {
//!     cx.peers().s_broadcast("hello");
//! });
//! assert_eq!(pair.on_client(0, |screen, _| screen.lines.clone()), ["1: hello"]);
//! ```
//!
//! # Objects and their space
//!
//! A space owns every object below one root: on a server one meeting, on a client one session. It
//! does one thing at a time; handlers take `&mut self`, nothing is locked, and every client sees
//! the same order. What a handler sends is queued and goes out when it has returned.
//!
//! - [`Context::caller`] is the peer that called, [`Context::peers`] all peers of the object, and
//!   `.filter(..)` a part of them. A call on a group marshals its arguments once.
//! - [`Handle`]s name other objects. [`Scope::get`] looks at one, [`Scope::tell`] does something
//!   with one after the present handler, in order.
//! - [`Context::spawn`] runs a future outside of the space and comes back with its result;
//!   [`Context::after`] is a timer. An `async fn` handler is awaited in place, and the space takes no
//!   other message meanwhile: it is for short waits.
//! - [`Lifecycle`] tells an object of peers that come and go.
//!
//! A handler that panics takes its whole space with it: whatever the turn had saved or sent is
//! dropped, every peer gets a Break with "internal error", and handles from outside say that the
//! object is gone. What was saved before is safe. So what comes from a peer is refused with a
//! [`Violation`], which ends that peer's connection and no other.
//!
//! # Children
//!
//! A parent connects a child under a part name, from either side: [`Peer::connect`]. The other side
//! finds its half by `#[child("name")]` on a field, or makes it by `#[child("content.{id}")]` on a
//! method. An object that connects others says so with `connects = Type`.
//!
//! # Versions
//!
//! An interface lists its versions, and `#[since(10)]` the methods that came later. Both sides
//! announce what they know, and the highest common version is in force for each connection.
//! A call that the peer's version lacks is an error value and never sent.
//!
//! # Durable state
//!
//! What is to outlive a space a handler saves as texts under keys: [`Scope::save`]. Where the space
//! has a journal, nothing that a turn sends leaves before everything that it saved is safe; so no
//! peer ever sees a state that can be lost.
//!
//! # Over a network
//!
#![cfg_attr(
    feature = "tokio",
    doc = "[`Server`] and [`Client`] run spaces on tokio, over TLS or any byte stream. An"
)]
#![cfg_attr(
    feature = "tokio",
    doc = "[`Authenticator`] judges tokens; [`Tokens`] issues some that are good once."
)]
#![cfg_attr(not(feature = "tokio"), doc = "The feature `tokio` brings servers and clients.")]
//! A peer that breaks a rule is told which, with a Break, and only its connection ends. One that
//! reads too slowly first loses older `#[latest]` calls, then its connection; it never delays
//! another.
//!
//! # Without a network
//!
//! [`wire`], [`session`] and [`space`] know no socket, no task and no clock, and the crate builds
//! without its default feature `tokio`. [`testing`] joins spaces in virtual time.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate self as psom;

#[doc(hidden)]
pub mod __private;
pub mod error;
pub mod interface;
#[cfg(feature = "tokio")]
pub mod net;
pub mod session;
pub mod space;
pub mod testing;
mod trace;
pub mod wire;

pub use error::{CallError, Error, JournalError, Result, Violation};
pub use interface::{Interface, InterfaceDesc, ObjectDesc};
#[cfg(feature = "tokio")]
pub use net::{
    Admission, Authenticator, Client, ClientSession, Committing, Journal, Refused, Remote, Server,
    SpaceHandle, SpaceRef, Tokens, tls,
};
pub use psom_derive::{PsomType, distributed_object, psom_interface};
pub use session::{Config, Session};
pub use space::{
    AnyHandle, Context, DistributedObject, Handle, Lifecycle, Peer, PeerId, PeerInfo, Peers, Scope,
    Sent, Space, User, Write,
};
pub use wire::{ObjectRef, PsomType, auth::Credentials};
