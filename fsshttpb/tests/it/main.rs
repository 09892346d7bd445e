//! The tests of the crate.
#![allow(clippy::unwrap_used, missing_docs)]

mod captures;
mod documents;
mod files;
mod support;
