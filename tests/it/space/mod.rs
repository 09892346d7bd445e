//! Objects, handles and peers, in virtual time.

mod children;
mod common;
mod conversation;
mod flow;
mod groups;
mod handlers;
mod lifetime;
mod references;
mod speaking;
