//! Typed, versioned, two-way objects over PSOM, the Shared Object Messaging protocol of Microsoft's
//! web conferencing (MS-PSOM).
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

pub use error::{Error, Result, Violation};
pub use interface::{Interface, InterfaceDesc, ObjectDesc};
#[cfg(feature = "tokio")]
pub use net::{
    Admission, Authenticator, Client, ClientSession, Refused, Remote, Server, SpaceHandle,
    SpaceRef, Tokens, tls,
};
pub use psom_derive::{PsomType, distributed_object, psom_interface};
pub use session::{Config, Session};
pub use space::{
    AnyHandle, Context, DistributedObject, Handle, Lifecycle, Peer, PeerId, PeerInfo, Peers, Scope,
    Sent, Space, User,
};
pub use wire::{ObjectRef, PsomType, auth::Credentials};
