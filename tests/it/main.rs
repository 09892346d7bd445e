//! Cross-crate tests, one binary so that they link once.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::drop_non_drop,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_add,
    clippy::unused_self,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod cluster_simulation;
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
