//! Reading from peers: in turns, with limits on what one of them can cost the others.

use std::time::Instant;

use bytes::Bytes;

use super::{Hub, io::Output};
use crate::{
    error::LostReason,
    space::{ConnectionKey, ReadLimit},
};

/// A connection is read for this many messages before others have their turn. Small enough that a
/// busy peer delays others by milliseconds only, even with calls that cost a meeting much.
const MAX_MESSAGES_IN_A_ROW: usize = 64;

/// A turn handles this many messages at most before its output leaves.
const MAX_MESSAGES_PER_TURN: usize = 1024;

/// A turn ends when the turn has about this many bytes of output.
const MAX_OUTPUT_BYTES_PER_TURN: usize = 256 * 1024;

impl Hub {
    pub(super) fn on_received(&mut self, key: ConnectionKey, bytes: Bytes) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.ended.is_some() || connection.reading.lost.is_some() {
            return;
        }
        connection.reading.push(bytes);
        self.schedule(key);
    }

    /// The transport is gone. What the peer sent before is still handled, as far as it does not
    /// request more than the reply budget: nobody receives the answers.
    pub(super) fn on_lost(&mut self, key: ConnectionKey, reason: LostReason) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.queue.abandon(&mut connection.budget);
        connection.in_flight = 0;
        connection.reading.lost = Some(reason);
        self.update(key);
        self.schedule(key);
    }

    /// Puts a connection into the row of those that are read, if it is not there.
    pub(super) fn schedule(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if !std::mem::replace(&mut connection.reading.ready, true) {
            self.ready.push_back(key);
        }
    }

    /// Whether peers wait to be read, and the hub can read them.
    pub(super) fn can_read(&self) -> bool {
        !self.ready.is_empty() && !self.is_busy()
    }

    /// Reads from the connections in the row, a few messages each.
    pub(super) async fn read(&mut self, now: Instant) {
        let mut messages = 0;
        while messages < MAX_MESSAGES_PER_TURN
            && self.space.queued_bytes() < MAX_OUTPUT_BYTES_PER_TURN
            && !self.space.has_work()
            && !self.is_busy()
        {
            let Some(key) = self.ready.pop_front() else { return };
            messages += self.read_from(now, key).await;
        }
    }

    /// Reads a few messages of one connection. Returns how many it has handled.
    async fn read_from(&mut self, now: Instant, key: ConnectionKey) -> usize {
        let Some(connection) = self.connections.get_mut(key) else { return 0 };
        connection.reading.ready = false;
        if connection.ended.is_some() {
            connection.reading.clear();
            return 0;
        }
        if connection.is_over_budget(&self.config) {
            // It is read again when the budget has room. One that is gone has no further budget.
            if let Some(reason) = connection.reading.lost.take() {
                connection.reading.clear();
                self.space.lost(now, key, reason);
            }
            return 0;
        }
        let mut batch = std::mem::take(&mut connection.reading.batch);
        if batch.rest().is_empty() {
            if let Some(bytes) = connection.reading.pop() {
                batch = self.space.receive(now, key, bytes);
            } else if let Some(reason) = connection.reading.lost.take() {
                self.space.lost(now, key, reason);
                return 0;
            }
        }
        let limit =
            ReadLimit { messages: MAX_MESSAGES_IN_A_ROW, output_bytes: MAX_OUTPUT_BYTES_PER_TURN };
        let read = self.space.read(now, key, &mut batch, limit).await;
        let Some(connection) = self.connections.get_mut(key) else { return read.messages };
        connection.queue.reserve(&mut connection.budget, read.reply_bytes);
        connection.reading.batch = batch;
        self.update(key);
        let Some(connection) = self.connections.get_mut(key) else { return read.messages };
        if connection.reading.has_unread() || connection.reading.lost.is_some() {
            self.schedule(key);
        }
        read.messages
    }

    /// Pauses or resumes reading from a peer, as the reply budget and the unhandled bytes say.
    pub(super) fn update_reading(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let over_budget = connection.is_over_budget(&self.config);
        let reading = &mut connection.reading;
        if !reading.paused {
            if over_budget || reading.is_full() {
                reading.paused = true;
                self.outputs.push_back(Output::PauseReading(key));
            }
        } else if !over_budget {
            if reading.has_unread() {
                self.schedule(key);
            } else {
                reading.paused = false;
                self.outputs.push_back(Output::ResumeReading(key));
            }
        }
    }
}
