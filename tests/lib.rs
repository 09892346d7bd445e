//! Cross-crate tests of the PSOM framework live in `it/`. This library contains what a test and a program
//! share: the simulation, and random messages.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod messages;

pub use psom_simulation as simulation;

/// The programs of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
