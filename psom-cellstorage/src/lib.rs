//! Office's document service over HTTP: MS-FSSHTTP in SOAP, with and without MTOM, and in WOPI.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod client;
pub mod document;
mod documents;
mod error;
#[cfg(feature = "meeting")]
pub mod meeting;
pub mod mime;
#[cfg(feature = "server")]
mod server;
pub mod soap;
mod time;
pub mod xml;

pub use documents::{Address, DocumentError, DocumentFuture, Documents, Found, Loaded, Memory};
pub use error::{ErrorName, SoapError};
#[cfg(feature = "server")]
pub use server::{Folder, cell_router, loopback_only};
