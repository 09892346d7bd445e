//! Reading from peers in rotation, with limits on the delay that one peer can cause to others.

use std::time::Instant;

use bytes::Bytes;

use super::{Hub, io::Output, pacing::SmallStep};
use crate::{
    error::LostReason,
    session::Role,
    space::{ConnectionKey, ReadLimit},
};

/// The maximum number of messages that are read from one connection in a turn. A busy peer delays
/// others by only milliseconds, even with expensive calls.
const MAX_MESSAGES_OF_ONE: usize = 64;

/// The number of bytes that are read from one connection in a turn, for peers with few, long messages.
const MAX_BYTES_OF_ONE: usize = 64 * 1024;

/// The maximum number of messages in a turn, so that output leaves regularly.
const MAX_MESSAGES_PER_TURN: usize = 1024;

/// The approximate number of bytes of output after which a turn ends.
const MAX_OUTPUT_BYTES_PER_TURN: usize = 256 * 1024;

/// The state of reading from one connection, for tests and diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadingStats {
    /// The number of received bytes that the hub has not handled yet.
    pub unread_bytes: usize,
    /// True if the hub reads no messages because of the peer itself: its replies exceed the soft limit, or its
    /// calls the rate.
    pub limited: bool,
}

impl Hub {
    /// Returns the state of reading from a connection.
    pub fn reading_stats(&self, key: ConnectionKey) -> Option<ReadingStats> {
        let connection = self.connections.get(key)?;
        let limited = connection.is_over_budget(&self.config) || connection.rate.throttled;
        Some(ReadingStats { unread_bytes: connection.reading.unread_bytes(), limited })
    }

    pub(super) fn on_received(&mut self, key: ConnectionKey, bytes: Bytes) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.ended.is_some() || connection.reading.lost.is_some() {
            return;
        }
        connection.reading.push(bytes);
        let is_full = connection.reading.is_full();
        self.schedule(key);
        if is_full {
            self.update_reading(key);
        }
    }

    /// Handles the loss of a transport. The bytes that were received before are still processed, up
    /// to the reply budget. The replies are dropped.
    pub(super) fn on_lost(&mut self, key: ConnectionKey, reason: LostReason) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.queue.abandon(&mut connection.budget);
        connection.in_flight = 0;
        connection.reading.lost = Some(reason);
        self.update(key);
        self.schedule(key);
    }

    /// Adds a connection to a list of connections to be read.
    pub(super) fn schedule(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let reading = &mut connection.reading;
        if reading.turn != self.turn {
            reading.turn = self.turn;
            (reading.messages_left, reading.bytes_left) = (MAX_MESSAGES_OF_ONE, MAX_BYTES_OF_ONE);
        }
        if !std::mem::replace(&mut reading.ready, true) {
            let is_used_up = reading.messages_left == 0 || reading.bytes_left == 0;
            if is_used_up {
                self.next_turn.push_back(key);
            } else {
                self.add_to_list(key);
            }
        }
    }

    fn add_to_list(&mut self, key: ConnectionKey) {
        let is_newcomer = self.space.is_negotiating(key);
        let list = if is_newcomer { &mut self.newcomers } else { &mut self.ready };
        list.push_back(key);
    }

    /// Begins the next turn. The connections that had their part of this one are read in it.
    pub(super) fn begin_turn(&mut self) {
        self.turn += 1;
        for key in std::mem::take(&mut self.next_turn) {
            self.add_to_list(key);
        }
    }

    /// Reports whether there are connections that the hub reads now.
    pub(super) fn can_read(&self) -> bool {
        !self.newcomers.is_empty() || self.next_read().is_some_and(|at| at <= self.now)
    }

    /// Returns the time from which the hub reads the connections whose roots are connected. `None` if it must
    /// wait until another input.
    pub(super) fn next_read(&self) -> Option<Instant> {
        let is_blocked = self.ready.is_empty() || self.commits.is_full();
        if is_blocked { None } else { self.allowed_from(SmallStep::Read) }
    }

    fn next_to_read(&mut self) -> Option<ConnectionKey> {
        match self.newcomers.pop_front() {
            None if self.can_read() => self.ready.pop_front(),
            newcomer => newcomer,
        }
    }

    /// Reads a few messages from each connection in the list, up to the limits of a turn.
    pub(super) async fn read(&mut self, now: Instant) {
        let (mut messages, mut has_read) = (0, false);
        while messages < MAX_MESSAGES_PER_TURN
            && self.space.queued_bytes() < MAX_OUTPUT_BYTES_PER_TURN
            && !self.space.has_work()
        {
            let Some(key) = self.next_to_read() else { break };
            has_read |= !self.space.is_negotiating(key);
            messages += self.read_from(now, key).await;
        }
        if has_read {
            self.pacing.taken(now, SmallStep::Read);
        }
    }

    /// Reads a few messages of one connection. Returns the number of handled messages.
    async fn read_from(&mut self, now: Instant, key: ConnectionKey) -> usize {
        let Some(connection) = self.connections.get_mut(key) else { return 0 };
        connection.reading.ready = false;
        if connection.ended.is_some() {
            connection.reading.clear();
            return 0;
        }
        if connection.is_over_budget(&self.config) {
            // It is read again when its replies are sent. If the transport is gone, no reply can be
            // sent, so the connection ends.
            if let Some(reason) = connection.reading.lost.take() {
                connection.reading.clear();
                self.space.lost(now, key, reason);
            }
            return 0;
        }
        let is_server = connection.role == Role::Server;
        if is_server && let Some(at) = connection.rate.wait_until(now, &self.config) {
            let is_new = !std::mem::replace(&mut connection.rate.throttled, true);
            self.throttled.insert((at, key));
            if is_new {
                self.report_throttled(key);
            }
            return 0;
        }
        connection.rate.recover(now);
        // The connection can have waited in a list since an earlier turn.
        if connection.reading.turn != self.turn {
            connection.reading.turn = self.turn;
            connection.reading.messages_left = MAX_MESSAGES_OF_ONE;
            connection.reading.bytes_left = MAX_BYTES_OF_ONE;
        }
        if self.pacing.is_waiting() && !self.space.is_negotiating(key) {
            connection.reading.messages_left = connection.reading.messages_left.min(1);
        }
        let (messages, bytes) = (connection.reading.messages_left, connection.reading.bytes_left);
        let mut batch = std::mem::take(&mut connection.reading.batch);
        if batch.rest().is_empty() {
            if let Some(bytes) = connection.reading.pop() {
                batch = self.space.receive(now, key, bytes);
            } else if let Some(reason) = connection.reading.lost.take() {
                self.space.lost(now, key, reason);
                return 0;
            }
        }
        let limit = ReadLimit { messages, bytes, output_bytes: MAX_OUTPUT_BYTES_PER_TURN };
        let unread = batch.rest().len();
        let read = self.space.read(now, key, &mut batch, limit).await;
        let Some(connection) = self.connections.get_mut(key) else { return read.messages };
        let handled = unread - batch.rest().len();
        connection.reading.messages_left = messages.saturating_sub(read.messages);
        connection.reading.bytes_left = bytes.saturating_sub(handled);
        if is_server {
            connection.rate.count(now, read.messages, read.output_bytes, &self.config);
        }
        connection.queue.reserve(&mut connection.budget, read.reply_bytes);
        connection.reading.batch = batch;
        self.update(key);
        let Some(connection) = self.connections.get_mut(key) else { return read.messages };
        if connection.reading.has_unread() || connection.reading.lost.is_some() {
            self.schedule(key);
        }
        read.messages
    }

    /// Pauses or resumes reading from a peer according to its reply budget and unhandled bytes.
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
