//! Tests of the service: locks in virtual time, and clients that talk to the router.
#![allow(
    missing_docs,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_add,
    clippy::unwrap_used,
    reason = "tests"
)]

mod edit;
mod folder;
mod locks;
mod sub_requests;
mod support;
mod wopi;
mod word;
