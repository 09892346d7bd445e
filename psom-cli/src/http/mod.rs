//! HTTP to a server: the admission API and downloads.

pub(crate) mod admin;
pub(crate) mod client;
pub(crate) mod proxies;
