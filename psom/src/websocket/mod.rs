//! PSOM over WebSocket (RFC 6455), for browsers and for networks that permit only HTTP.
//!
//! A client requests the sub-protocol [`SUB_PROTOCOL`] and sends the bytes of PSOM in binary frames.
//! Frame boundaries have no meaning, so a connection sends the same bytes as over TLS, including the
//! join token.
//!
//! - A separate listener: [`Server::listen_websocket`](crate::Server::listen_websocket).
//! - A web server that uses hyper, for example an axum router: [`upgrade`].
//! - A client: [`connect`].

pub(crate) mod handshake;
mod stream;
mod upgrade;
mod wakers;

pub use handshake::{Handshake, Origins, connect};
pub use stream::WebSocket;
pub use upgrade::upgrade;

pub use crate::server::WebSocketOptions;

/// The name of the sub-protocol, which the client offers and the server selects.
pub const SUB_PROTOCOL: &str = "v1.psom";
