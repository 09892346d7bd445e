//! The checks at the end of a run, when nothing happens any more.

use std::time::Duration;

use psom::hub::{HubStats, Input};

use super::{
    facts::{check_order, check_same},
    server::restore,
    world::{Direction, Side, World},
};

/// The speed of a good network: up to 64 KiB at a time, and at most 100 µs between two pieces.
const FAST: (usize, u64) = (64 * 1024, 100);

impl World<'_> {
    /// Ends the actions of the users, and all faults except half-open connections.
    pub(super) fn end_meeting(&mut self) {
        self.tell(|| "the meeting ends".to_owned());
        for client in &mut self.clients {
            for pipe in [&mut client.up, &mut client.down] {
                (pipe.piece, pipe.delay_us) = FAST;
            }
        }
        (self.commit_delay_ms, self.task_delay_ms) = (5, 5);
        self.commit_interval = Duration::ZERO;
        (self.refusals, self.stuck_tasks, self.kill_after) = (0, 0, None);
        self.armed.clear();
        self.store.files.disk().fails = None;
    }

    /// Checks the connections when the meeting has come to rest, and compares each client with a
    /// newcomer.
    pub(super) fn check_rest(&mut self) -> Result<(), String> {
        self.settle()?;
        for (place, client) in self.clients.iter().enumerate() {
            if client.ended.is_some() != client.server_ended {
                let server = self.server.as_ref().map(|server| server.hub.stats());
                return Err(format!(
                    "client {place} has ended on one side only: {}, {:?}, {server:?}",
                    client.server_ended, client.at_server
                ));
            }
            if client.is_frozen && client.is_live() {
                return Err(format!("the half-open connection of client {place} has not ended"));
            }
            if client.is_live() && (client.up.is_paused || client.down.is_paused) {
                return Err(format!("client {place} is paused and never resumed"));
            }
            if client.is_live() {
                check_empty(&format!("client {place}"), &client.hub.stats())?;
            }
        }
        if let Some(server) = &self.server {
            check_empty("the server", &server.hub.stats())?;
        }
        self.check_orders()?;
        let live = self.live();
        for place in live {
            // The two sides may disagree about a connection with changed bytes.
            if self.clients[place].is_tainted {
                continue;
            }
            let user = self.clients[place].user;
            let newcomer = self.connect(user, FAST)?;
            self.run_for(Duration::from_secs(5))?;
            let (one, other) = (self.clients[place].model(), self.clients[newcomer].model());
            if !one.is_complete() || !other.is_complete() {
                return Err(format!("client {place} or a newcomer has not received everything"));
            }
            check_same(&one, &other, false)
                .map_err(|error| format!("client {place} and a newcomer: {error}"))?;
            let (key, error) = (self.clients[newcomer].key, psom::Error::Closed);
            self.clients[newcomer].excuse = Some("the run ends");
            self.input(Side::Client(newcomer), Input::End(key, error))?;
            self.run_for(Duration::from_secs(1))?;
        }
        Ok(())
    }

    /// Closes every connection, and checks that nothing of them is left and nothing is lost.
    pub(super) fn check_end(&mut self) -> Result<(), String> {
        for place in self.live() {
            self.clients[place].excuse = Some("the run ends");
            if !self.clients[place].is_tainted {
                self.facts.note_model(&self.clients[place].model());
            }
            self.input(Side::Client(place), Input::Close)?;
        }
        self.run_for(Duration::from_secs(200))?;
        let Some(server) = &self.server else { return Err("the server has not restarted".into()) };
        let stats = server.hub.stats();
        check_empty("the server", &stats)?;
        if (stats.connections, stats.space.connections, stats.space.peers) != (0, 0, 0) {
            return Err(format!("the server keeps peers of closed connections: {stats:?}"));
        }
        if stats.space.timers != 0 {
            return Err(format!("the server keeps timers: {stats:?}"));
        }
        let saved = self.journal.recover();
        let restored = restore(&self.store, &saved)?;
        if restored.objects != stats.space.objects {
            return Err(format!(
                "the server has {} objects, but a restored meeting {}",
                stats.space.objects, restored.objects
            ));
        }
        if restored.files != self.store.names() || self.store.files.disk().open > 0 {
            return Err(format!(
                "the meeting uses the files {:?}, but the store has {:?} and {} open packages",
                restored.files,
                self.store.names(),
                self.store.files.disk().open
            ));
        }
        self.facts.check_saved(&restored.model)?;
        let last = self.connect(1, FAST)?;
        self.run_for(Duration::from_secs(5))?;
        check_same(&self.clients[last].model(), &restored.model, true)
            .map_err(|error| format!("the meeting and its saved state: {error}"))
    }

    fn live(&self) -> Vec<usize> {
        let live = self.clients.iter().enumerate().filter(|(_, client)| client.is_live());
        live.map(|(place, _)| place).collect()
    }

    fn check_orders(&self) -> Result<(), String> {
        // The organizer sees every content all the time.
        let watchers = self.clients.iter().filter(|client| client.slot == Some(0));
        for watcher in watchers {
            let others = self.clients.iter().filter(|client| client.epoch == watcher.epoch);
            for (place, other) in others.enumerate() {
                for segment in &other.segments {
                    let same = watcher.segments.iter().filter(|seen| seen.0 == segment.0);
                    for seen in same {
                        check_order(segment, seen)
                            .map_err(|error| format!("{error} (client {place})"))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets pings and reports on their way arrive.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..100 {
            for place in self.live() {
                for direction in [Direction::Up, Direction::Down] {
                    let written = std::mem::take(&mut self.pipe(place, direction).unreported);
                    let (side, key) = match direction {
                        Direction::Up => (Side::Client(place), Some(self.clients[place].key)),
                        Direction::Down => (Side::Server, self.clients[place].at_server),
                    };
                    if let Some(key) = key.filter(|_| written > 0) {
                        self.input(side, Input::Written(key, written))?;
                    }
                }
            }
            let is_busy = self
                .clients
                .iter()
                .any(|client| client.is_live() && (client.up.has_work() || client.down.has_work()));
            if !is_busy {
                break;
            }
            self.run_for(Duration::from_millis(1))?;
        }
        Ok(())
    }

    fn run_for(&mut self, time: Duration) -> Result<(), String> {
        self.run_until(self.now + time)
    }
}

fn check_empty(who: &str, stats: &HubStats) -> Result<(), String> {
    let waiting = stats.queued_bytes + stats.in_flight_bytes + stats.reply_bytes;
    if waiting == 0 && stats.paused == 0 && stats.unread == 0 {
        return Ok(());
    }
    Err(format!("{who} keeps bytes or does not read: {stats:?}"))
}
