//! Admission: join tokens, invitations, join links, and the errors that an admission can have.
//!
//! This folder decides who may connect to a meeting. HTTP and the meetings themselves belong
//! elsewhere.

pub(crate) mod error;
mod invitation_exchange;
pub(crate) mod invitations;
mod join_link;
mod link_authority;
pub(crate) mod tokens;

pub use error::AdmissionError;
pub use invitation_exchange::ExchangeError;
pub use join_link::{JoinCredential, JoinLink, LinkError};
pub use link_authority::LinkAuthority;
