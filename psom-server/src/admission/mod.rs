//! Admission: join tokens, invitations, and the errors that an admission can have.
//!
//! This folder decides who may connect to a meeting. HTTP and the meetings themselves belong
//! elsewhere.

pub(crate) mod error;
pub(crate) mod invitations;
pub(crate) mod relaying;
pub(crate) mod tokens;

pub use error::AdmissionError;
pub use psom_client::{ExchangeError, JoinCredential, JoinLink, LinkAuthority, LinkError};
