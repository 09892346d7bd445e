//! A mirror of the conference: what a client of a meeting knows, kept up to date.
//!
//! [`Conference`] is the root object of a client. It follows the meeting by itself; a program
//! reads its [`Model`], is told of every change as an [`Event`], and acts through its methods.
//! Like all objects it knows no sockets: it runs wherever a space runs.
//!
//! ```
//! use psom::{Context, Scope, error::Misuse};
//! use psom_objects::client::{Conference, Event};
//!
//! // For `psom::Client::builder().root_with(conference)`.
//! fn conference(scope: &mut Scope) -> Conference {
//!     Conference::new(scope, |event: Event| println!("{}", event.to_json()))
//! }
//!
//! // For `session.run(...)`, once the session is there.
//! fn present(
//!     conference: &mut Conference,
//!     cx: &mut Context<Conference>,
//!     title: &str,
//! ) -> Result<(), Misuse> {
//!     let (id, _) = conference.model().content_titled(title).ok_or(Misuse::Gone)?;
//!     conference.present(cx, Some(id))
//! }
//! ```
//!
//! # Who holds what
//!
//! The root holds the model. The other objects only translate: what the server calls on them
//! becomes an event, which they tell the root. The model is nothing but the events that came:
//! [`Model::apply`] is public, so a program that gets the events can keep a model of its own.

mod actions;
mod board;
mod content;
mod contents;
mod event;
pub mod explain;
mod json;
mod line;
mod model;
mod native_file;
mod notes;
mod parcel;
mod poll;
mod qna;
mod root;
mod slides;
#[cfg(test)]
mod tests;
mod uploads;
mod users;

pub use board::{Board, BoardEvent};
pub use event::Event;
pub use model::{Content, EncryptedFile, Model, NativeFile, User};
pub use notes::{Notes, NotesEvent};
pub use parcel::Parcel;
pub use poll::{Poll, PollEvent};
pub use qna::{Answer, Qna, QnaEvent, Question};
pub use root::{Conference, Listener};
pub use slides::{SlideFile, SlideMarkup, Slides, SlidesEvent, Thumbnails};
