//! Queued calls: MC-COMQC, the format in which COM+ stores method calls for later.
//!
//! A recorded message holds one or more calls on one object. It is self-contained: it is stored in a
//! queue, carried by any means, and played when the object can be reached. The caller gets no answer,
//! so a queuable method has only input parameters and no result.
//!
//! ```
//! use comqc::{Message, Recorder, decode_calls, queued_interface, security::SecurityContext};
//!
//! #[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F", base = IDispatch)]
//! pub trait Ship {
//!     #[dispid(1, put)]
//!     fn customer_id(&mut self, id: i32);
//!     #[dispid(3)]
//!     fn line_item(&mut self, quantity: i32);
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The client records.
//! let class = "{812DF40E-BD88-11D0-8A6D-00C04FC340EE}".parse()?;
//! let mut recorder = Recorder::new(class, None, &SecurityContext::supplied("ada"))?;
//! let mut ship = ShipRecorder::new(&mut recorder);
//! ship.customer_id(4)?;
//! ship.line_item(12)?;
//! let bytes = recorder.finish().expect("two calls were recorded");
//!
//! // The server plays, possibly much later.
//! struct Order(Vec<String>);
//! impl Ship for Order {
//!     fn customer_id(&mut self, id: i32) {
//!         self.0.push(format!("customer {id}"));
//!     }
//!     fn line_item(&mut self, quantity: i32) {
//!         self.0.push(format!("{quantity} pieces"));
//!     }
//! }
//! let mut order = Order(Vec::new());
//! for call in decode_calls::<ShipCall>(&Message::read(&bytes)?)? {
//!     call.play(&mut order);
//! }
//! assert_eq!(order.0, ["customer 4", "12 pieces"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Layers
//!
//! - [`message`] reads and writes messages; [`Recorder`] writes them in canonical form.
//! - [`ndr`] and [`oaut`] marshal parameters; [`security`] describes who made a call.
//! - [`carrier`] reads and writes the packet of the message queue (MSMQ) and finds packets in
//!   storage files and memory dumps.
//! - [`queue`] stores messages until they are played, with the retry schedule of queued components.
//!
//! Reading is strict: every violation is a [`ReadError`] with the rule's name and the offset. No
//! layer reads a clock; the caller supplies the time. Only the folder and SQLite queues do input and
//! output, behind the features `folder` and `sqlite`.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod carrier;
mod error;
mod guid;
pub mod idl;
pub mod message;
pub mod ndr;
pub mod oaut;
pub mod queue;
mod queued_call;
mod recorder;
pub mod security;

#[cfg(feature = "derive")]
pub use comqc_derive::queued_interface;
pub use error::{ReadError, ReadResult, Rule, WriteError};
pub use guid::{Guid, NotAGuid};
pub use message::{Call, Message};
pub use queued_call::{QueuedCall, decode_calls};
pub use recorder::{DEFAULT_LOCALE, Recorder};

/// Items that generated code uses.
#[doc(hidden)]
pub mod __private {
    pub use crate::queued_call::{
        CallKind, LateArgument, LateArguments, Selected, select, unknown_method,
    };
}
