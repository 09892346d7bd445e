//! Offline calls: calls that are recorded without a network and played later, in order and each
//! exactly once.
//!
//! PSOM calls are one-way and have only input parameters, so every interface can be recorded. A
//! [`Recorder`] is a typed proxy that writes its calls to an outbox, a folder with one message of
//! queued calls (MC-COMQC) for each call.
#![cfg_attr(feature = "tokio", doc = "`ClientSession::replay` plays them.")]
//!
//! A server opts in with a child of its root that is an [`Offline`]. It saves the number of a played
//! call in the same turn as the state that the call changes, so a call that arrives again after a
//! kill of either side is not played again.
//!
//! ```
//! # use psom::{Context, Handle, distributed_object, psom_interface};
//! use psom::offline::{Offline, Recorder};
//!
//! # #[psom_interface(name = "Example.Notes", version = 1, hash = 1)]
//! # pub trait NotesServer { fn s_add(&mut self, cx: &mut Context<Self>, text: &str); }
//! # #[psom_interface(name = "Example.Notes", version = 1, hash = 2)]
//! # pub trait NotesClient {}
//! // The server accepts recorded calls for its root.
//! #[distributed_object(serves = NotesServer, calls = NotesClient)]
//! struct Notes {
//!     #[child("psom.offline")]
//!     offline: Handle<Offline>,
//! }
//! # impl NotesServer for Notes { fn s_add(&mut self, _: &mut Context<Self>, _: &str) {} }
//!
//! // The client records without a network. The call is on the disk when it returns.
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path();
//! let mut notes = Recorder::<NotesServerProxy>::open(path)?;
//! notes.s_add("written on the train")?;
//! # Ok::<(), psom::offline::RecordError>(())
//! ```

mod client;
mod error;
mod interfaces;
mod message;
mod outbox;
mod recorder;
mod server;
mod verdict;

pub use client::{Answer, Replay};
pub use error::{RecordError, ReplayError};
pub use interfaces::{OfflineClient, OfflineClientProxy, OfflineServer, OfflineServerProxy, PART};
pub use message::{RecordedCall, interface_id, name_id};
pub use outbox::{Outbox, Pending};
pub use recorder::{Recorder, Recording};
pub use server::{Offline, SAVED_KEY};
pub use verdict::{PlaysLater, Verdict};
