//! The properties that the fuzz targets check, one module for each library. A property is a function
//! that panics if arbitrary bytes break it, so that a found input can be checked in a debugger or a
//! test without the fuzzer.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cellstorage;
pub mod comqc;
pub mod fsshttpb;
