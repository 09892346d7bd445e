use std::fmt;

use psom_derive::distributed_object;

use super::interfaces::{OfflineClient, OfflineServer};
use crate::space::{Context, Lifecycle};

/// The client's half of offline calls. It passes the answers of the server to a listener.
///
/// A client that replays announces it with `.object::<Replay>()` or
/// [`Scope::announce`](crate::Scope::announce).
#[distributed_object(serves = OfflineClient, calls = OfflineServer)]
pub struct Replay {
    listener: Box<dyn FnMut(Answer) + Send>,
}

/// An answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The calls that were checked can be played.
    Accepted,
    /// The calls that were checked cannot be played.
    Rejected(String),
    /// The message with this number was played, now or earlier.
    Done(i64),
    /// The message with this number was refused, at once or by the object that was to perform it.
    Refused(i64, String),
    /// The server has closed the object or the connection.
    Ended,
}

impl Replay {
    /// Creates the object. `listener` gets the answers in their order.
    pub fn new(listener: impl FnMut(Answer) + Send + 'static) -> Self {
        Self { listener: Box::new(listener) }
    }
}

impl OfflineClient for Replay {
    fn c_accepted(&mut self, _: &mut Context<Self>) {
        (self.listener)(Answer::Accepted);
    }

    fn c_rejected(&mut self, _: &mut Context<Self>, reason: String) {
        (self.listener)(Answer::Rejected(reason));
    }

    fn c_done(&mut self, _: &mut Context<Self>, number: i64) {
        (self.listener)(Answer::Done(number));
    }

    fn c_refused(&mut self, _: &mut Context<Self>, number: i64, reason: String) {
        (self.listener)(Answer::Refused(number, reason));
    }
}

impl Lifecycle for Replay {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        (self.listener)(Answer::Ended);
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").finish_non_exhaustive()
    }
}
