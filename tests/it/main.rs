//! Cross-crate tests, one binary so that they link once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod conformance;
mod house;
mod meeting;
mod net;
mod session;
mod space;
mod ui;
mod wire;
