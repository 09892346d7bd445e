//! The tests of the crate through its public interface.

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
