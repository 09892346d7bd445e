//! The commands, a module each. `args` has the arguments that several of them share.

mod args;
pub(crate) mod bench;
#[cfg(feature = "cell")]
pub(crate) mod cell;
pub(crate) mod completions;
mod config;
pub(crate) mod decode;
pub(crate) mod delete;
pub(crate) mod drain;
#[cfg(feature = "cell")]
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod goto;
pub(crate) mod idl;
pub(crate) mod invite;
pub(crate) mod leave;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod meeting;
pub(crate) mod notes;
#[cfg(feature = "cell")]
pub(crate) mod open;
pub(crate) mod people;
pub(crate) mod poll;
pub(crate) mod present;
pub(crate) mod proxy;
pub(crate) mod qna;
#[cfg(feature = "queue")]
pub(crate) mod queue;
#[cfg(feature = "queue")]
pub(crate) mod recordable;
pub(crate) mod rename;
pub(crate) mod serve;
pub(crate) mod share;
pub(crate) mod share_slides;
pub(crate) mod stop;
pub(crate) mod store;
pub(crate) mod use_link;
pub(crate) mod visibility;
pub(crate) mod watch;
pub(crate) mod whiteboard;
