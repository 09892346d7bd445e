//! Cross-crate tests of the PSOM framework live in `it/`.

/// The programs of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
