//! PSOM over WebSocket (RFC 6455), for browsers and for networks that let only HTTP through.
//!
//! A client requests the sub-protocol [`SUB_PROTOCOL`] and sends PSOM's bytes in binary frames.
//! Frame boundaries have no meaning, so a connection sends the same bytes as over TLS, the join
//! token included.
//!
//! - On an address of its own: [`Server::listen_websocket`](crate::Server::listen_websocket).
//! - Within a web server that uses hyper, for example an axum router: [`upgrade`].
//! - As a client: [`connect`].

mod handshake;
mod listener;
mod stream;
mod upgrade;
mod wakers;

pub use handshake::{Handshake, Origins, connect};
pub use listener::WebSocketOptions;
pub use stream::WebSocket;
pub use upgrade::upgrade;

/// The name of the sub-protocol that a client offers and a server answers with.
pub const SUB_PROTOCOL: &str = "v1.psom";
