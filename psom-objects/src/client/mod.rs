//! The client side of a conference: objects that mirror a meeting and keep a model of it up to
//! date.
//!
//! [`Conference`] is the root object of a client. A program reads its [`Model`], receives every
//! change as an [`Event`], and acts through the methods of the conference. Like all objects, it
//! does not open sockets: it runs wherever a space runs.
//!
//! ```
//! use psom::{CallError, Context, Scope};
//! use psom_objects::client::{Conference, Event};
//!
//! // For `psom::Client::builder().root_with(conference)`.
//! fn conference(scope: &mut Scope) -> Conference {
//!     Conference::new(scope, |event: Event| println!("{event:?}"))
//! }
//!
//! // For `session.run(...)`, once the session is connected.
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
//! # Layers
//!
//! The conference is on top and holds the model. Below it are the managers (`contents`, `uploads`,
//! `users`) and a follower for each content type, which translate the server's calls into events.
//! `event` and `model` are plain data. [`Model::apply`] is public, so that a program that receives
//! the events can keep a model of its own.

mod asking;
mod conference;
mod contents;
mod event;
mod followers;
mod json;
mod model;
mod root;
#[cfg(test)]
mod tests;
mod upload;
mod upload_answers;
mod uploads;
mod users;

pub use conference::{Conference, Listener, RequestError};
pub use event::{Event, UploadEvent};
pub use model::{
    board::{BoardEvent, BoardModel},
    content::{ContentEvent, ContentModel},
    meeting::Model,
    notes::{NotesEvent, NotesModel},
    poll::{PollEvent, PollModel},
    qna::{Answer, QnaEvent, QnaModel, Question},
    slides::{SlideFile, SlideMarkup, SlidesEvent, SlidesModel, Thumbnails},
    user::User,
};
pub use upload::{PackageReader, ReadFuture, Upload};

pub use crate::types::{EncryptedFile, NativeFile};
