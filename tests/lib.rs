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

/// Each program of the book compiles and runs. One module for each chapter names the chapter in a failure.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../docs/book/src/first-program.md")]
    pub struct FirstProgram;
    #[doc = include_str!("../docs/book/src/children.md")]
    pub struct Children;
    #[doc = include_str!("../docs/book/src/references.md")]
    pub struct References;
    #[doc = include_str!("../docs/book/src/versions.md")]
    pub struct Versions;
    #[doc = include_str!("../docs/book/src/durable-state.md")]
    pub struct DurableState;
    #[doc = include_str!("../docs/book/src/requests.md")]
    pub struct Requests;
    #[doc = include_str!("../docs/book/src/reconnecting.md")]
    pub struct Reconnecting;
    #[doc = include_str!("../docs/book/src/testing.md")]
    pub struct Testing;
    #[doc = include_str!("../docs/book/src/limits.md")]
    pub struct Limits;
    #[doc = include_str!("../docs/book/src/metrics.md")]
    pub struct Metrics;
    #[doc = include_str!("../docs/book/src/authentication.md")]
    pub struct Authentication;
    #[doc = include_str!("../docs/book/src/bot.md")]
    pub struct Bot;
    #[doc = include_str!("../docs/book/src/custom-content.md")]
    pub struct CustomContent;
    #[doc = include_str!("../docs/book/src/deployment.md")]
    pub struct Deployment;
}
