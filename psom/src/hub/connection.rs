use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::{budget::ReplyBudget, send_queue::SendQueue};
use crate::{
    Config,
    error::{Error, LostReason},
    session::Role,
    wire::record::Batch,
};

/// At most this many bytes are in a driver's hands per connection: enough for four writes, so that
/// the transport never waits for the hub. Everything else stays in the hub, where `#[latest]`
/// calls can still be replaced.
const MAX_WINDOW_BYTES: usize = 256 * 1024;

/// A driver reports this often, in parts of the window: rarely enough to cost nothing, often
/// enough that the window never looks full when it is not.
const REPORTS_PER_WINDOW: usize = 16;

/// The hub stops reading from a peer with more unhandled bytes than this, about two reads.
const MAX_UNREAD_BYTES: usize = 128 * 1024;

/// The hub's side of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) role: Role,
    pub(super) queue: SendQueue,
    pub(super) budget: ReplyBudget,
    /// The bytes that the driver has, as far as it has reported.
    pub(super) in_flight: usize,
    /// The bytes that the transport has accepted so far.
    pub(super) written: u64,
    /// The channel that is current behind what has left, if the peer may be pinged there.
    pub(super) pingable: Option<u32>,
    /// Whether more bytes wait than the soft limit.
    pub(super) congested: bool,
    /// Whether the connection is among those with bytes that may leave.
    pub(super) sendable: bool,
    pub(super) reading: Reading,
    pub(super) stall: Stall,
    /// Why the connection has ended; it closes when the queue is empty.
    pub(super) ended: Option<Error>,
}

/// What a peer has sent, and whether it is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The unhandled rest of the bytes that are being read.
    pub(super) batch: Batch,
    /// Bytes behind them.
    pub(super) received: VecDeque<Bytes>,
    received_bytes: usize,
    /// Whether the connection waits for its turn to be read.
    pub(super) ready: bool,
    /// Whether the driver was asked to stop reading.
    pub(super) paused: bool,
    /// Why the transport is gone; the connection ends when everything before it is handled.
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

    /// Whether something is not handled yet.
    pub(super) fn has_unread(&self) -> bool {
        !self.batch.rest().is_empty() || !self.received.is_empty()
    }

    /// Whether more is unhandled than one peer may have waiting.
    pub(super) fn is_full(&self) -> bool {
        self.batch.rest().len() + self.received_bytes > MAX_UNREAD_BYTES
    }

    pub(super) fn clear(&mut self) {
        (self.batch, self.received_bytes) = (Batch::default(), 0);
        self.received.clear();
    }
}

/// Watches that the transport accepts something.
#[derive(Debug)]
pub(super) struct Stall {
    /// When something was last accepted, or the first byte was sent after a time with none.
    pub(super) since: Instant,
    /// When to look again; `None` while nothing is in flight.
    pub(super) check_at: Option<Instant>,
    /// Whether the driver was asked for a report.
    pub(super) asked: bool,
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
            stall: Stall { since: now, check_at: None, asked: false },
            ended: None,
        }
    }

    /// All bytes that wait for the peer.
    pub(super) fn waiting(&self) -> usize {
        self.in_flight + self.queue.bytes()
    }

    /// The bytes that wait for the peer, can leave, and answer no request of its own: they count
    /// towards the hard limit.
    pub(super) fn unrequested(&self) -> usize {
        let waiting = self.in_flight + self.queue.released_bytes();
        waiting.saturating_sub(self.budget.queued + self.budget.in_flight)
    }

    /// Whether the peer must receive the answers to its requests before it is read again.
    ///
    /// Only servers wait: two sides that waited for each other would both stop for ever.
    pub(super) fn is_over_budget(&self, config: &Config) -> bool {
        self.role == Role::Server && self.budget.total() > config.soft_mark
    }

    /// How many bytes may be handed to the driver now.
    pub(super) fn room(&self, config: &Config) -> usize {
        // A connection that has ended is handed over whole, and forgotten.
        if self.ended.is_some() {
            usize::MAX
        } else {
            window(config).saturating_sub(self.in_flight)
        }
    }
}

/// The number of bytes that a driver may have in its hands per connection. Half of the soft limit
/// at most, so that these bytes alone never keep a peer paused.
pub(super) fn window(config: &Config) -> usize {
    (config.soft_mark / 2).clamp(1, MAX_WINDOW_BYTES)
}

/// The number of accepted bytes that a driver may leave unreported.
pub(super) fn report_bytes(config: &Config) -> usize {
    (window(config) / REPORTS_PER_WINDOW).max(1)
}
