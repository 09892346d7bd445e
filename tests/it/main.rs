//! Cross-crate tests, one binary so that they link once.
#![allow(
    clippy::drop_non_drop,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod codecs;
mod conformance;
mod house;
mod inspect;
mod meeting;
mod net;
mod offline;
mod session;
mod simulation;
mod space;
mod ui;
mod wire;
