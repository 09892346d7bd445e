//! Typed, versioned, two-way objects over PSOM, the Shared Object Messaging protocol of Microsoft's
//! web conferencing (MS-PSOM).
//!
//! A *distributed object* has two halves: one on the server and one on each client. Each half has
//! an interface, which is a list of one-way methods that the other half calls. You write one trait
//! per half with [`psom_interface`] and one struct per half with [`distributed_object`]. The macros
//! generate marshaling, dispatch, version negotiation and typed proxies.
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
//! A space owns all objects below one root: one meeting on a server, one session on a client. It
//! runs one handler at a time. Handlers take `&mut self` without locks, and every client sees the
//! events in the same order. Calls that a handler sends are queued and leave after it returns.
//!
//! - [`Context::caller`] is the peer that called, and [`Context::peers`] is the group of all peers
//!   of the object. `.filter(..)` selects a part of a group. A call on a group marshals its
//!   arguments once.
//! - A [`Handle`] identifies another object of the space. [`Scope::get`] borrows that object.
//!   [`Scope::tell`] queues a function that runs on it after the current handler returns.
//! - [`Context::spawn`] runs a future outside the space and passes its result to the object in a
//!   later turn. [`Context::after`] starts a timer. The space awaits an `async fn` handler in place
//!   and processes no other message meanwhile, so use such handlers only for short waits.
//! - [`Lifecycle`] notifies an object when it is added, and when a peer is connected or disconnected.
//! - [`Scope::now`] and [`Scope::time`] are the time of a turn. Handlers read no other clock.
//!
//! A handler that panics ends its whole space. The writes and calls of that turn are dropped, every
//! peer gets a Break with the reason "internal error", and calls through outside handles return
//! [`CallError::Gone`]. Writes of earlier turns stay safe. Reject invalid input from a peer with a
//! [`Violation`] instead, which ends only the connection of that peer.
//!
//! # Children
//!
//! Either side can connect a child object to a parent under a part name, with [`Peer::connect`].
//! The other side finds its half of the child in a field with `#[child("name")]`, or creates it in
//! a method with `#[child("content.{id}")]`. An object that connects children declares their types
//! with `connects = Type`.
//!
//! # Versions
//!
//! An interface lists its versions. `#[since(10)]` marks a method that a later version introduced.
//! Both sides announce the versions that they know, and each connection uses the highest common
//! version. A call of a method that the peer's version lacks returns an error and is not sent.
//!
//! # Durable state
//!
//! A handler saves durable state as texts under keys, with [`Scope::save`]. [`Durable`] does so for
//! each change of a state, so that no method can alter the state and forget to save it. If the space
//! has a journal, the output of a turn is released only after the journal has stored its writes.
//! Therefore no peer ever sees a state that the server can lose.
#![cfg_attr(
    feature = "journal",
    doc = "[`journal::File`] is a journal in one file, [`Memory`] saves serde values, and"
)]
#![cfg_attr(
    feature = "journal",
    doc = "[`ServerBuilder::durable`](net::ServerBuilder::durable) restores a root from both."
)]
//!
//! # Over a network
//!
#![cfg_attr(
    feature = "tokio",
    doc = "[`Server`] and [`Client`] run spaces on tokio, over TLS or any byte stream. An"
)]
#![cfg_attr(
    feature = "tokio",
    doc = "[`Authenticator`] checks tokens, and [`Tokens`] issues single-use tokens."
)]
#![cfg_attr(not(feature = "tokio"), doc = "The feature `tokio` provides servers and clients.")]
//! A peer that violates the protocol gets a Break with the reason, and only its connection ends.
//! A slow reader never delays other peers: newer `#[latest]` calls replace older ones in its send
//! queue, and if the queue still grows, its connection ends.
//!
//! # Without a network
//!
//! [`wire`], [`session`], [`space`] and [`hub`] use no sockets, tasks or clocks, and the crate builds
//! without its default feature `tokio`. A [`hub::Hub`] runs a space with its connections in any
//! driver. [`testing`] connects spaces in virtual time.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate self as psom;

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "tokio")]
mod client;
mod durable;
pub mod error;
pub mod hub;
pub mod interface;
#[cfg(feature = "tokio")]
pub mod journal;
mod metrics;
#[cfg(feature = "tokio")]
pub mod net;
#[cfg(feature = "offline")]
pub mod offline;
#[cfg(feature = "tokio")]
mod server;
pub mod session;
pub mod space;
pub mod testing;
mod trace;
#[cfg(feature = "websocket")]
pub mod websocket;
pub mod wire;

pub use durable::{Durable, DurableState};
#[cfg(feature = "serde")]
pub use durable::{Memory, SavedValues};
pub use error::{CallError, Error, JournalError, Result, Violation};
pub use interface::{Interface, InterfaceDesc, ObjectDesc};
pub use metrics::Metrics;
#[cfg(feature = "tokio")]
pub use net::{
    Admission, Authenticator, Client, ClientSession, Committing, Journal, Refused, Remote, Server,
    SpaceHandle, SpaceRef, Tokens, tls,
};
pub use psom_derive::{PsomType, distributed_object, psom_interface};
pub use session::{Config, LimitHits, ProxyHeader, Session};
pub use space::{
    AnyHandle, Context, DistributedObject, Handle, Lifecycle, Peer, PeerId, PeerInfo, Peers,
    Prepared, Reply, Scope, Sent, Space, User, Write,
};
pub use wire::{ObjectRef, PsomType, auth::Credentials};
