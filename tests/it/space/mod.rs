//! Objects, handles and peers, in virtual time.

mod children;
mod common;
mod conversation;
mod durable_state;
mod flow;
mod groups;
mod handlers;
mod interfaces;
mod lifetime;
mod quotas;
mod references;
