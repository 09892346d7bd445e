//! The interface between a space and its hub: deadlines, output and writes of a turn.

use std::{
    collections::VecDeque,
    time::{Duration, Instant, SystemTime},
};

#[cfg(feature = "tokio")]
use super::User;
use super::{
    MAX_END_OF_TURN_ROUNDS, Space, SpaceStats, Spawned, WhenSafe, Write, core::Work,
    peer::ConnectionKey,
};
use crate::session::SessionOutput;

impl Space {
    /// Sets the wall-clock time at an instant.
    pub(crate) fn set_clock(&mut self, at: Instant, time: SystemTime) {
        if let Some(core) = &mut self.core {
            core.clock = (at, time);
        }
    }

    /// Returns when to call [`on_deadline`](Self::on_deadline).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.core.as_ref()?.deadline()
    }

    /// Returns the connections that [`on_deadline`](Self::on_deadline) would ping or end.
    pub(crate) fn due(&self, now: Instant) -> Vec<ConnectionKey> {
        let deadlines = self.core.iter().flat_map(|core| &core.deadlines);
        deadlines.take_while(|(at, _)| *at <= now).map(|(_, connection)| *connection).collect()
    }

    /// Returns the user of a connection.
    #[cfg(feature = "tokio")]
    pub(crate) fn user(&self, connection: ConnectionKey) -> Option<&User> {
        Some(&self.core.as_ref()?.connections.get(connection)?.user)
    }

    /// Restarts the idle timeout of a peer although nothing was read from it.
    pub(crate) fn has_sent(&mut self, now: Instant, connection: ConnectionKey) {
        if let Some(at) = self.connection_mut(connection) {
            at.session.has_sent(now);
        }
    }

    /// Excludes a time before `now` from the timeouts of all peers. None of them ends before `grace`
    /// has passed.
    pub(crate) fn excuse(&mut self, now: Instant, late: Duration, grace: Duration) {
        let Some(core) = &mut self.core else { return };
        core.connections.values_mut().for_each(|at| at.session.excuse(now, late, grace));
    }

    /// Runs the timers that are due, pings peers, and ends connections whose time limits have
    /// passed.
    pub(crate) fn on_deadline(&mut self, now: Instant) {
        let Some(core) = self.core_at(now) else { return };
        core.flush_group_calls();
        core.take_due_timers();
        while let Some(&(at, connection)) = core.deadlines.first()
            && at <= now
        {
            core.deadlines.remove(&(at, connection));
            let Some(due) = core.connections.get_mut(connection) else { continue };
            if due.session.on_deadline(now).is_some() {
                core.work.push_back(Work::Ended(connection));
            }
            core.set_deadline(connection);
            core.mark(connection);
        }
        self.settle();
    }

    /// Returns the approximate number of bytes that were queued since the last turn ended.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.core.as_ref().map_or(0, |core| core.queued_bytes)
    }

    /// Reports whether queued work is left, which must run before any message is read.
    pub(crate) fn has_work(&self) -> bool {
        self.core.as_ref().is_some_and(|core| !core.work.is_empty())
    }

    /// Reports whether handlers have produced something that the end of the turn must handle.
    pub(crate) fn has_turn(&self) -> bool {
        self.core.as_ref().is_some_and(|core| {
            !(core.dirty.is_empty()
                && core.closing.is_empty()
                && core.writes.is_empty()
                && core.when_safe.is_empty()
                && core.spawned.is_empty()
                && core.opened.is_empty())
        })
    }

    /// Runs the tasks that handlers have left for the end of the turn, and completes the output.
    pub(crate) fn end_turn(&mut self) {
        self.run_closing();
        if let Some(core) = &mut self.core {
            core.flush_group_calls();
        }
    }

    fn run_closing(&mut self) {
        for round in 0.. {
            let Some(core) = &mut self.core else { return };
            if core.closing.is_empty() {
                return;
            }
            let closing = std::mem::take(&mut core.closing).into_iter();
            core.work.extend(closing.map(|(object, task)| Work::Task(object, task)));
            // Tasks that keep queueing further tasks continue in the next turn.
            if round == MAX_END_OF_TURN_ROUNDS {
                return;
            }
            self.settle();
        }
    }

    /// Moves the list of connections with output to `dirty`, which must be empty.
    pub(crate) fn take_dirty(&mut self, dirty: &mut VecDeque<ConnectionKey>) {
        if let Some(core) = &mut self.core {
            core.queued_bytes = 0;
            std::mem::swap(&mut core.dirty, dirty);
        }
    }

    /// Reports whether the root was never connected to this peer.
    pub(crate) fn is_negotiating(&self, connection: ConnectionKey) -> bool {
        let at = self.core.as_ref().and_then(|core| core.connections.get(connection));
        at.is_some_and(|at| at.session.is_negotiating())
    }

    /// Returns the output of a session and marks its connection as not dirty.
    pub(crate) fn output(&mut self, connection: ConnectionKey) -> Option<SessionOutput<'_>> {
        let at = self.connection_mut(connection)?;
        at.dirty = false;
        Some(at.session.output())
    }

    /// Returns the bytes of an output that consists only of a tail.
    pub(crate) fn tail(&mut self, connection: ConnectionKey) -> &[u8] {
        self.connection_mut(connection).map_or(&[], |at| &at.session.output().output.tail)
    }

    /// Empties a session's output.
    pub(crate) fn clear_output(&mut self, connection: ConnectionKey) {
        if let Some(at) = self.connection_mut(connection) {
            at.session.output().output.clear();
        }
    }

    /// Disconnects all objects from a connection whose session has ended. Its key stays in use until
    /// [`forget`](Self::forget), because the hub and the driver still send its last bytes under it.
    pub(crate) fn retire(&mut self, connection: ConnectionKey) {
        let Some(core) = &mut self.core else { return };
        core.flush_group_calls();
        let Some(at) = core.connections.get_mut(connection) else { return };
        let connected = at.session.take_connected();
        let deadline = at.deadline.take();
        deadline.map(|deadline| core.deadlines.remove(&(deadline, connection)));
        self.push_disconnected(connection, connected);
    }

    /// Removes a connection whose session has ended and whose output was sent.
    pub(crate) fn forget(&mut self, connection: ConnectionKey) {
        let Some(core) = &mut self.core else { return };
        core.flush_group_calls();
        let Some(at) = core.connections.get_mut(connection) else { return };
        // The notification of its objects may still be queued for a later turn.
        let connected = at.session.take_connected();
        self.push_disconnected(connection, connected);
        let Some(core) = &mut self.core else { return };
        let deadline = core.connections.remove(connection).and_then(|at| at.deadline);
        deadline.map(|deadline| core.deadlines.remove(&(deadline, connection)));
    }

    /// Returns the writes of the turn.
    pub(crate) fn take_writes(&mut self) -> Vec<Write> {
        let Some(core) = &mut self.core else { return Vec::new() };
        let writes = std::mem::take(&mut core.writes).into_iter();
        writes.flat_map(|(key, change)| change.writes(key)).collect()
    }

    /// Returns the functions that run once the turn is safe.
    pub(crate) fn take_when_safe(&mut self) -> Vec<WhenSafe> {
        self.core.as_mut().map(|core| std::mem::take(&mut core.when_safe)).unwrap_or_default()
    }

    /// Returns the connections whose root was connected in the turn, with the negotiated versions.
    pub(crate) fn take_opened(&mut self) -> Vec<(ConnectionKey, i32)> {
        self.core.as_mut().map(|core| std::mem::take(&mut core.opened)).unwrap_or_default()
    }

    /// Returns the futures that handlers have spawned in the turn.
    pub(crate) fn take_spawned(&mut self) -> Vec<Spawned> {
        self.core.as_mut().map(|core| std::mem::take(&mut core.spawned)).unwrap_or_default()
    }

    /// Returns the numbers of objects, connections and other resources.
    pub(crate) fn stats(&self) -> SpaceStats {
        self.core.as_ref().map_or_else(SpaceStats::default, |core| core.stats())
    }
}
