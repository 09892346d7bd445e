//! Objects, handles and peers, in virtual time.

mod asking;
mod children;
mod common;
mod conversation;
mod durable_state;
mod flow;
mod groups;
mod handlers;
mod interfaces;
mod lifecycle;
mod lifetime;
mod quotas;
mod records;
mod references;
mod spawned;
