/// The bytes that answer a peer's own requests and that its transport has not accepted yet.
///
/// The hub pauses reading from a peer whose replies exceed the soft limit: the peer must receive
/// them, at its own pace, before it can send more requests. Replies do not count towards the hard
/// limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplyBudget {
    /// Bytes that were written in the current turn or that wait for a commit.
    pub reserved: usize,
    /// Released bytes in the send queue.
    pub queued: usize,
    /// Bytes that the driver has. An upper bound while other bytes are in flight too.
    pub in_flight: usize,
}

impl ReplyBudget {
    /// Returns the number of bytes in all states.
    pub fn total(&self) -> usize {
        self.reserved + self.queued + self.in_flight
    }

    /// Counts replies that a turn writes.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.reserved += bytes;
    }

    /// Moves replies that are safe from `reserved` to `queued`.
    pub(super) fn queue(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.reserved, "replies are reserved before they are queued");
        self.reserved = self.reserved.saturating_sub(bytes);
        self.queued += bytes;
    }

    /// Moves replies that are handed to the driver from `queued` to `in_flight`.
    pub(super) fn send(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.queued, "replies are queued before they are sent");
        self.queued = self.queued.saturating_sub(bytes);
        self.in_flight += bytes;
    }

    /// Removes replies that were dropped from the queue.
    pub(super) fn drop_queued(&mut self, bytes: usize) {
        self.queued = self.queued.saturating_sub(bytes);
    }

    /// Limits the replies in flight to the number of all bytes in flight.
    pub(super) fn limit_in_flight(&mut self, bytes: usize) {
        self.in_flight = self.in_flight.min(bytes);
    }
}
