//! The certificates of a server: its own, signed by an authority that it creates, and a public one from files.

mod identity;
mod names;
mod public;

pub use identity::Identity;
pub use names::ALTERNATIVE_NAME;
pub use public::CertificatePaths;
pub(crate) use public::{Certificates, system_roots};
