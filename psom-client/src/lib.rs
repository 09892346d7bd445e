//! A client of web conferences (MS-PSOM): join links, and a user in a meeting with async actions. It needs
//! no server, no store and no web framework.
//!
//! ```no_run
//! use psom_client::{JoinLink, Upload};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let link: JoinLink = std::env::args().nth(1).ok_or("give a join link")?.parse()?;
//! // Returns when the server has sent the whole meeting.
//! let joined = link.enter("Poll bot").await?;
//! let poll = joined.upload(Upload::poll("Lunch", "When?", ["now", "later"])?).await?;
//! joined.vote(poll, 0).await?;
//! joined.leave().await;
//! # Ok(())
//! # }
//! ```
//!
//! - [`JoinLink`] is one line of text with everything that a client on another machine needs.
//!   [`JoinLink::enter`] joins its meeting, and [`Entrance`] has the settings: the same guest in each
//!   connection, content types of the program, and another attempt after a lost connection.
//! - [`Joined`] is a user in a meeting: its events, and by deref its [`Actions`]. An action returns when
//!   the server has handled it, with its result: the ID of a new content, or the reason of a refusal.
//! - [`Admitted`] and [`JoinRequest`] are the protocol of the exchange of an invitation, for programs with
//!   an HTTP client of their own.
//!
//! The model of a meeting, its events, and the packages to upload are those of [`psom_objects::client`].
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod actions;
mod authority;
mod entrance;
mod error;
mod exchange;
mod joined;
mod link;
mod names;
pub mod queue;

pub use actions::{Actions, ContentId, Reservation};
pub use authority::LinkAuthority;
pub use entrance::Entrance;
pub use error::{ActionError, EnterError};
pub use exchange::{Admitted, ExchangeError, JoinRequest, Visitor};
pub use joined::Joined;
pub use link::{JoinCredential, JoinLink, LinkError};
pub use names::{is_meeting_id, split_host_port};
pub use psom_objects::client::{Event, Model, Upload};
