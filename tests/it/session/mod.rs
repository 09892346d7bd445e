//! The protocol of one connection, byte by byte.

mod arguments;
mod authentication;
mod calls;
mod channels;
pub(crate) mod common;
mod connecting;
pub(crate) mod cutting;
mod ending;
mod golden;
mod greedy;
mod hub;
mod identifiers;
mod integers;
mod isolation;
mod late;
mod misuse;
mod negotiation;
mod neighbours;
mod objects;
mod records;
mod strings;
mod timers;
