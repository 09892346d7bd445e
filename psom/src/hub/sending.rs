//! Sending: moves output from the sessions through the send queues to the driver.

use std::collections::VecDeque;

use super::{Hub, Lent, commits::HeldTurn, connection::Connection, io::Output, pacing::SmallStep};
use crate::{
    session::{Role, after},
    space::{ConnectionKey, WhenSafe},
};

impl Hub {
    /// Ends the turn: releases its output, or holds the output until the writes are safe.
    pub(super) fn end_turn(&mut self) {
        self.space.end_turn();
        let opened = self.space.take_opened().into_iter();
        self.outputs.extend(opened.map(|(key, version)| Output::Opened(key, version)));
        let writes = self.space.take_writes();
        if self.durable && !writes.is_empty() {
            self.commits.start(self.now);
            self.outputs.push_back(Output::Commit(writes));
        }
        let when_safe = self.space.take_when_safe();
        match self.commits.barrier() {
            None => {
                self.outputs.extend(when_safe.into_iter().map(Output::RunWhenSafe));
                self.space.take_dirty(&mut self.flushing);
            }
            Some(commit) => self.hold_turn(commit, when_safe),
        }
        let spawned = self.space.take_spawned().into_iter();
        self.outputs.extend(spawned.map(Output::Spawn));
    }

    /// Holds the output of the turn. A newcomer's negotiation is not held: it reveals nothing that the
    /// space could lose, and the newcomer would give up before a slow journal.
    fn hold_turn(&mut self, commit: u64, when_safe: Vec<WhenSafe>) {
        let mut dirty = VecDeque::new();
        self.space.take_dirty(&mut dirty);
        let mut connections = Vec::with_capacity(dirty.len());
        for key in dirty {
            if self.space.is_negotiating(key) {
                self.append_turn(key, None);
            } else {
                connections.push((key, self.append_turn(key, Some(commit))));
            }
        }
        if !connections.is_empty() || !when_safe.is_empty() {
            self.commits.hold(HeldTurn { commit, connections, when_safe });
        }
    }

    /// Releases the oldest turn if its writes are safe. Returns false if there is none.
    ///
    /// One commit can make many turns safe. While the hub waits for slow readers, it releases only one of them
    /// every 10 ms.
    pub(super) fn release_turn(&mut self) -> bool {
        if !self.pacing.allows(self.now, SmallStep::Release) {
            return false;
        }
        let Some(turn) = self.commits.release() else { return false };
        self.pacing.taken(self.now, SmallStep::Release);
        self.outputs.extend(turn.when_safe.into_iter().map(Output::RunWhenSafe));
        for (key, pingable) in turn.connections {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.queue.release(turn.commit, &mut connection.budget);
            connection.pingable = pingable;
            self.on_queued(key);
        }
        true
    }

    /// Moves a session's output of this turn to its send queue. Returns the channel on which the
    /// peer may be pinged after it.
    pub(super) fn append_turn(&mut self, key: ConnectionKey, commit: Option<u64>) -> Option<u32> {
        let turn = self.space.output(key)?;
        let connection = self.connections.get_mut(key)?;
        let waiting = (connection.in_flight, self.config.soft_limit);
        let Connection { queue, budget, .. } = connection;
        queue.append(turn.output, commit, waiting, (budget, &mut self.buffers));
        let pingable = turn.pingable;
        if let Some(error) = turn.ended {
            connection.ended = Some(error.clone());
            connection.reading.clear();
            self.space.retire(key);
        }
        if commit.is_none() {
            connection.pingable = pingable;
        }
        self.on_queued(key);
        pingable
    }

    /// Checks the hard limit of a connection whose queue has grown.
    fn on_queued(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let ended = connection.ended.is_some();
        let too_much = connection.unrequested() > self.config.hard_limit;
        if too_much && !ended && !connection.queue.is_finished() {
            self.end_slow(key, "hard_limit");
        }
        self.update(key);
    }

    /// Breaks a connection whose peer reads too slowly. The farewell replaces all waiting bytes, so
    /// it is sent at once.
    pub(super) fn end_slow(&mut self, key: ConnectionKey, limit: &'static str) {
        self.users.remove(key);
        self.space.end_slow(self.now, key, limit);
        self.append_turn(key, None);
    }

    /// Finds the next bytes for the driver.
    pub(super) fn next_send(&mut self) -> Option<Lent> {
        while let Some(key) = self.flushing.pop_front() {
            if let Some(lent) = self.bypass_queue(key) {
                return Some(lent);
            }
            self.append_turn(key, None);
        }
        while let Some(&key) = self.sendable.front() {
            let Some(connection) = self.connections.get_mut(key) else {
                self.sendable.pop_front();
                continue;
            };
            let room = connection.room(&self.config);
            let replies = connection.budget.queued;
            let chunk = connection.queue.front(room, &mut connection.budget);
            let bytes = chunk.map(|chunk| chunk.as_ref().len());
            // A replaced call counted as a reply. No report of written bytes follows for it.
            if connection.budget.queued < replies {
                self.update_reading(key);
            }
            if let Some(bytes) = bytes {
                self.note_sent(key, bytes);
                return Some(Lent::Queue(key, bytes));
            }
            self.sendable.pop_front();
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.sendable = false;
            if connection.queue.bytes() == 0
                && let Some(error) = connection.ended.take()
            {
                self.forget(key);
                self.outputs.push_back(Output::Closed(key, error));
            }
        }
        None
    }

    /// Lends the output of a session if it can bypass its send queue: in one piece, without a copy.
    /// Counts the bytes as sent then.
    fn bypass_queue(&mut self, key: ConnectionKey) -> Option<Lent> {
        let connection = self.connections.get_mut(key)?;
        if !connection.queue.is_bypassed() {
            return None;
        }
        let turn = self.space.output(key)?;
        let bytes = turn.output.tail.len();
        if bytes == 0 || !turn.output.is_plain() || bytes > connection.room(&self.config) {
            return None;
        }
        let is_delayable = turn.output.is_delayable();
        connection.pingable = turn.pingable;
        let replies = connection.queue.take_new_replies();
        connection.budget.queue(replies);
        connection.budget.send(replies);
        self.note_sent(key, bytes);
        Some(if is_delayable { Lent::DelayableTurn(key) } else { Lent::Turn(key) })
    }

    fn note_sent(&mut self, key: ConnectionKey, bytes: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.in_flight == 0 {
            connection.stall.since = self.now;
        }
        connection.in_flight += bytes;
        // A server that waits for its journal reads nothing. Its clients wait for it.
        if connection.role == Role::Server
            && connection.stall.check_at.is_none()
            && !connection.stall.report_requested
        {
            let at = after(self.now, self.config.stall_timeout);
            connection.stall.check_at = Some(at);
            self.stalls.insert((at, key));
        }
    }

    /// Ends the borrow of the last output.
    pub(super) fn reclaim(&mut self) {
        match std::mem::replace(&mut self.lent, Lent::Nothing) {
            Lent::Nothing => {}
            Lent::Turn(key) | Lent::DelayableTurn(key) => self.space.clear_output(key),
            Lent::Queue(key, bytes) => {
                let Some(connection) = self.connections.get_mut(key) else { return };
                let Connection { queue, budget, in_flight, .. } = connection;
                let before = budget.total();
                queue.consume(bytes, budget, &mut self.buffers);
                // A reply counts with its whole length, but the transport may have accepted most of it. The peer must not
                // wait for the next report of written bytes: a driver may leave the last bytes unreported.
                budget.limit_in_flight(*in_flight);
                if budget.total() < before {
                    self.update_reading(key);
                }
            }
        }
    }

    fn forget(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.remove(key) else { return };
        if let Some(at) = connection.stall.check_at {
            self.stalls.remove(&(at, key));
        }
        self.waiting_bytes -= connection.counted;
        self.users.remove(key);
        self.pacing.forget(key);
        self.space.forget(key);
        self.observed = true;
    }
}
