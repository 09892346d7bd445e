//! The macros as functions from tokens to tokens: what they print, and what they refuse.
#![allow(clippy::unwrap_used)]

mod golden;
