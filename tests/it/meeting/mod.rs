//! A meeting's server, from its clients' side of the wire.

mod client;
mod contents;
mod idl;
mod joining;
mod mirror;
mod packages;
mod stage;
mod store;
mod titles;
mod uploads;
mod versions;
mod world;
