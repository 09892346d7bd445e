//! A mirror of the conference: what a client of a meeting knows, kept up to date.
//!
//! [`Conference`] is the root object of a client. It follows the meeting by itself; a program
//! reads its [`Model`], is told of every change as an [`Event`], and acts through its methods.
//! Like all objects it knows no sockets: it runs wherever a space runs.
//!
//! ```
//! use psom::{Context, Scope, error::CallError};
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
//! ) -> Result<(), CallError> {
//!     let (id, _) = conference.model().content_titled(title).ok_or(CallError::Gone)?;
//!     conference.present(cx, Some(id))
//! }
//! ```
//!
//! # Who holds what
//!
//! The root holds the model. The other objects only translate: what the server calls on them
//! becomes an event, which they tell the root. The model is nothing but the events that came:
//! [`Model::apply`] is public, so a program that gets the events can keep a model of its own.

mod conference;
mod contents;
mod event;
pub mod explain;
mod followers;
mod json;
mod line;
mod model;
mod parcel;
mod root;
#[cfg(test)]
mod tests;
mod uploads;
mod users;

pub use conference::{Conference, Listener};
pub use event::Event;
pub use model::{
    board::{Board, BoardEvent},
    meeting::{Content, EncryptedFile, Model, NativeFile, User},
    notes::{Notes, NotesEvent},
    poll::{Poll, PollEvent},
    qna::{Answer, Qna, QnaEvent, Question},
    slides::{SlideFile, SlideMarkup, Slides, SlidesEvent, Thumbnails},
};
pub use parcel::Parcel;
