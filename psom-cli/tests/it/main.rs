//! The whole program against itself: a server, and the commands of clients.
#![cfg(unix)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_add,
    clippy::unwrap_used,
    reason = "tests"
)]

mod browser;
#[cfg(feature = "cell")]
mod cell;
#[cfg(feature = "cell")]
mod cell_serve;
mod certificate;
mod commands;
#[cfg(feature = "cell")]
mod documents;
mod export;
mod failing;
mod identity;
mod inspect;
mod interrupted;
mod kill;
mod lost_answers;
mod memory;
mod polls;
mod presenting;
#[cfg(feature = "queue")]
mod queue;
#[cfg(feature = "queue")]
mod recorded;
mod renderer;
mod slides_share;
mod store;
mod support;
mod texts;
mod web;
mod whiteboard;
