//! Encoding and decoding of bytes, without any state of a connection (section 2.2 and appendix A).
//!
//! [`record`] frames the byte stream after authentication ([`auth`]). [`operation`] is the content
//! of a message record. [`Encode`] and [`Decode`] convert the parameters of a call.

mod array;
pub mod auth;
mod codec;
mod int;
mod object_key;
mod object_ref;
pub mod operation;
mod proxy_id;
pub mod record;
mod scalar;
mod string;
mod text;
mod types;

pub use codec::{Decode, Decoder, Encode, Encoder};
pub use object_key::ObjectKey;
pub(crate) use object_key::SlotKey;
pub use object_ref::ObjectRef;
pub use proxy_id::{ProxyId, WireProxyId};
pub use string::TextSpan;
pub use text::{MAX_STRING_BYTES, encoded_bytes, encoded_prefix, fits_in_string};
pub use types::{ParamDesc, PsomType, TypeDesc};
