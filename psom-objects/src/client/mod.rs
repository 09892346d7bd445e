//! A mirror of the conference: what a client of a meeting knows, kept up to date.
//!
//! [`Conference`] is the root object of a client. It follows the meeting by itself; a program
//! reads its [`Model`], is told of every change as an [`Event`], and acts through its methods.
//! Like all objects it knows no sockets: it runs wherever a space runs.
//!
//! ```no_run
//! # async fn join(token: String) -> psom::Result<()> {
//! use psom_objects::client::{Conference, Event};
//!
//! let session = psom::Client::builder()
//!     .root_with(|scope| Conference::new(scope, |event: Event| println!("{}", event.to_json())))
//!     .token(token)
//!     .connect("meet.example.com:8057")
//!     .await?;
//! let titles = session.run(|conference, _| {
//!     conference.model().contents.values().filter_map(|content| content.title.clone()).collect()
//! });
//! let titles: Vec<String> = titles.await?;
//! # Ok(()) }
//! ```
//!
//! # Who holds what
//!
//! The root holds the model. The other objects only translate: what the server calls on them
//! becomes an event, which they tell the root. The model is nothing but the events that came:
//! [`Model::apply`] is public, so a program that gets the events can keep a model of its own.

mod actions;
mod content;
mod contents;
mod event;
pub mod explain;
mod json;
mod line;
mod model;
mod root;
#[cfg(test)]
mod tests;
mod uploads;
mod users;

pub use event::Event;
pub use model::{Content, Model, NativeFile, User};
pub use root::{Conference, Listener};
