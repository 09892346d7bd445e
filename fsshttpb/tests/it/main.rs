//! The tests of the crate.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    reason = "tests"
)]

mod atoms;
mod captures;
mod chunks;
mod documents;
mod files;
mod json;
mod packages;
mod queries;
mod robust;
mod sharing;
mod stores;
mod support;
