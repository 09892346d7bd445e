/// The bytes that answer a peer's own requests and that its transport has not accepted yet.
///
/// They decide when the hub stops reading from a peer: a peer that requests much receives it, at
/// its own pace, before it can request more. They do not count towards the hard limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplyBudget {
    /// Written in the present turn, or waiting for a commit.
    pub reserved: usize,
    /// In the send queue and free to leave.
    pub queued: usize,
    /// Handed to the driver. While other bytes are in flight too, this is an upper bound.
    pub in_flight: usize,
}

impl ReplyBudget {
    /// All of them.
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

    /// Forgets replies that were dropped from the queue.
    pub(super) fn drop_queued(&mut self, bytes: usize) {
        self.queued = self.queued.saturating_sub(bytes);
    }

    /// Notes that this many bytes of any kind are still in flight.
    pub(super) fn limit_in_flight(&mut self, bytes: usize) {
        self.in_flight = self.in_flight.min(bytes);
    }
}
