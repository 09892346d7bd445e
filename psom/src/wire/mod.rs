//! Bytes to values and back, pure (section 2.2 and appendix A).
//!
//! Nothing here knows a connection: records frame messages, operations are what a message says, and
//! [`Encode`] and [`Decode`] carry the parameters of a call.

mod array;
pub mod auth;
mod codec;
mod id;
mod int;
mod object_ref;
pub mod operation;
pub mod record;
mod scalar;
mod string;
mod text;
mod types;

pub use codec::{Decode, Decoder, Encode, Encoder};
pub(crate) use id::SlotKey;
pub use id::{ObjectKey, ProxyId, WireProxyId};
pub use object_ref::ObjectRef;
pub use string::TextSpan;
pub use text::{MAX_STRING_BYTES, encoded_bytes, encoded_prefix, fits_in_string};
pub use types::{PsomType, TypeDesc};
