//! The commands, a module each. `args` has the arguments that several of them share.

mod args;
#[cfg(feature = "cell")]
pub mod cell;
pub mod completions;
pub mod decode;
pub mod delete;
#[cfg(feature = "cell")]
pub mod edit;
pub mod export;
pub mod get;
pub mod goto;
pub mod idl;
pub mod invite;
pub mod meeting;
pub mod notes;
#[cfg(feature = "cell")]
pub(crate) mod open;
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
pub(crate) mod visibility;
pub(crate) mod watch;
pub(crate) mod whiteboard;
