use psom::Session;

use super::super::client::Client;
use super::node::Generation;

/// One connection of a user to a node.
pub(super) struct Member {
    pub(super) client: Client,
    pub(super) node: usize,
    /// The run of the meeting at the other end.
    pub(super) generation: Generation,
    /// The server's session while the node takes the join token in the database.
    pub(super) admitted: Option<Session>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Direction {
    pub(super) fn reverse(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

impl Member {
    /// Handles the end of the server's side. Bytes that the transport has accepted still arrive.
    pub(super) fn server_ended(&mut self) {
        self.client.server_ended = true;
        (self.client.fresh, self.admitted) = (None, None);
        self.client.down.is_closing = true;
        self.client.up.is_discarded = true;
    }
}
