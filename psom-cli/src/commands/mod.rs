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
pub mod open;
pub mod poll;
pub mod present;
pub mod proxy;
pub mod qna;
#[cfg(feature = "queue")]
pub mod queue;
#[cfg(feature = "queue")]
pub mod recordable;
pub mod rename;
pub mod serve;
pub mod share;
pub mod share_slides;
pub mod stop;
pub mod store;
pub mod visibility;
pub mod watch;
pub mod whiteboard;
