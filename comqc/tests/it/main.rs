//! The tests of the crate through its public interface.
#![allow(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::too_many_arguments,
    reason = "a test panics if it fails, and a recorded interface has many parameters"
)]

mod carving;
mod derive;
mod durability;
mod golden;
mod idl;
mod packet;
mod refusals;
mod robust;
mod schedule;
mod security;
mod ship;
mod values;
