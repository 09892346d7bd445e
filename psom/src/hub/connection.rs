use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::{budget::ReplyBudget, rate::Rate, send_queue::SendQueue};
use crate::{
    Config,
    error::{Error, LostReason},
    session::Role,
    wire::record::Batch,
};

/// The maximum number of bytes that a driver has per connection. It is enough for four writes, so
/// that the transport never waits for the hub. All other bytes stay in the hub, where `#[latest]`
/// calls can still be replaced.
const MAX_WINDOW_BYTES: usize = 256 * 1024;

/// The number of reports that a driver makes while it writes one window. It is small enough to cost
/// little, and large enough that the window does not seem full when it is not.
const REPORTS_PER_WINDOW: usize = 16;

/// The number of unhandled bytes above which the hub pauses reading from a peer: about two reads.
const MAX_UNREAD_BYTES: usize = 128 * 1024;

/// The hub's side of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) role: Role,
    pub(super) queue: SendQueue,
    pub(super) budget: ReplyBudget,
    /// The number of bytes that the driver has and has not reported as written.
    pub(super) in_flight: usize,
    /// The number of bytes that the transport has accepted so far.
    pub(super) written: u64,
    /// The current channel after the released output, if the peer may be pinged there.
    pub(super) pingable: Option<u32>,
    /// True if the waiting bytes exceed the soft limit.
    pub(super) congested: bool,
    /// True if the connection is in the list of connections with released bytes.
    pub(super) sendable: bool,
    pub(super) reading: Reading,
    pub(super) stall: Stall,
    pub(super) rate: Rate,
    /// The number of waiting bytes that the hub's total contains for this connection.
    pub(super) counted: usize,
    /// The reason why the connection has ended. It closes when the queue is empty.
    pub(super) ended: Option<Error>,
}

/// The received bytes of a peer, and the state of reading.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The unhandled rest of the bytes that are being read.
    pub(super) batch: Batch,
    /// The bytes after the batch.
    pub(super) received: VecDeque<Bytes>,
    received_bytes: usize,
    /// True if the connection is in a list of connections to be read.
    pub(super) ready: bool,
    /// The number of the turn in which messages were last read, and the limits that are left in it.
    pub(super) turn: u64,
    pub(super) messages_left: usize,
    pub(super) bytes_left: usize,
    /// True if the hub has instructed the driver to pause reading.
    pub(super) paused: bool,
    /// The reason why the transport is gone. The connection ends when all received bytes are
    /// handled.
    pub(super) lost: Option<LostReason>,
}

impl Reading {
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.received_bytes += bytes.len();
        self.received.push_back(bytes);
    }

    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let bytes = self.received.pop_front()?;
        self.received_bytes -= bytes.len();
        Some(bytes)
    }

    /// Reports whether there are unhandled bytes.
    pub(super) fn has_unread(&self) -> bool {
        !self.batch.rest().is_empty() || !self.received.is_empty()
    }

    /// Returns the number of unhandled bytes.
    pub(super) fn unread_bytes(&self) -> usize {
        self.batch.rest().len() + self.received_bytes
    }

    /// Reports whether the unhandled bytes exceed [`MAX_UNREAD_BYTES`].
    pub(super) fn is_full(&self) -> bool {
        self.unread_bytes() > MAX_UNREAD_BYTES
    }

    pub(super) fn clear(&mut self) {
        (self.batch, self.received_bytes) = (Batch::default(), 0);
        self.received.clear();
    }
}

/// The detection of a transport that accepts nothing.
#[derive(Debug)]
pub(super) struct Stall {
    /// The time at which the transport last accepted bytes, or at which the first byte was sent
    /// while nothing was in flight.
    pub(super) since: Instant,
    /// The time of the next check. `None` while nothing is in flight.
    pub(super) check_at: Option<Instant>,
    /// True if the hub has requested a report from the driver.
    pub(super) report_requested: bool,
}

impl Connection {
    pub(super) fn new(role: Role, now: Instant) -> Self {
        Self {
            role,
            queue: SendQueue::default(),
            budget: ReplyBudget::default(),
            in_flight: 0,
            written: 0,
            pingable: None,
            congested: false,
            sendable: false,
            reading: Reading::default(),
            stall: Stall { since: now, check_at: None, report_requested: false },
            rate: Rate::default(),
            counted: 0,
            ended: None,
        }
    }

    /// Returns the number of all bytes that wait for the peer.
    pub(super) fn waiting(&self) -> usize {
        self.in_flight + self.queue.bytes()
    }

    /// Returns the number of released bytes that are not replies to the peer's own requests. They
    /// count towards the hard limit.
    pub(super) fn unrequested(&self) -> usize {
        let waiting = self.in_flight + self.queue.released_bytes();
        waiting.saturating_sub(self.budget.queued + self.budget.in_flight)
    }

    /// Reports whether the peer must receive replies to its requests before it is read again.
    ///
    /// Only servers wait: two sides that wait for each other would deadlock.
    pub(super) fn is_over_budget(&self, config: &Config) -> bool {
        self.role == Role::Server && self.budget.total() > config.soft_limit
    }

    /// Returns the number of bytes that the driver can take now.
    pub(super) fn room(&self, config: &Config) -> usize {
        // The driver takes all bytes of a connection that has ended, so that the hub can remove it.
        if self.ended.is_some() {
            usize::MAX
        } else {
            window(config).saturating_sub(self.in_flight)
        }
    }
}

/// Returns the maximum number of bytes that a driver has per connection. It is at most half of the
/// soft limit, so that these bytes alone never keep a peer paused.
pub(super) fn window(config: &Config) -> usize {
    (config.soft_limit / 2).clamp(1, MAX_WINDOW_BYTES)
}

/// Returns the number of accepted bytes that a driver may leave unreported.
pub(super) fn report_bytes(config: &Config) -> usize {
    (window(config) / REPORTS_PER_WINDOW).max(1)
}
