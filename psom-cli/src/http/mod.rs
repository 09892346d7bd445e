//! HTTP to a server: the admission API and downloads.

pub mod admin;
pub mod client;
pub mod proxies;
