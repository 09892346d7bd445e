//! Cross-crate tests of the PSOM framework live in `it/`. This library is the simulation that a
//! test and a program share.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod simulation;

/// The programs of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
