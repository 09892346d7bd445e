//! The tests of the crate.
#![allow(clippy::unwrap_used, missing_docs)]

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
