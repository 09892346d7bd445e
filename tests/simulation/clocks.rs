//! The clocks of the sides, and processes that are suspended.

use std::time::Instant;

use super::world::{Direction, Event, Side, World};

impl World<'_> {
    /// Returns the next time at which a hub must be called.
    pub(super) fn next_deadline(&self) -> Option<(Instant, Side)> {
        // A deadline is a time of the side's own clock.
        let at = |deadline: Option<Instant>, ahead, suspended_until: Option<Instant>| {
            let at = deadline?.checked_sub(ahead)?;
            Some(suspended_until.map_or(at, |until| at.max(until)))
        };
        let server = self.server.as_ref().and_then(|server| {
            let at = at(server.deadline, server.clock_ahead, server.suspended_until)?;
            Some((at, Side::Server))
        });
        let clients = self.active.iter().filter_map(|place| {
            let client = &self.clients[*place];
            let at = at(client.deadline, client.clock_ahead, client.suspended_until)?;
            Some((at, Side::Client(*place)))
        });
        clients.chain(server).min_by_key(|(at, _)| *at)
    }

    /// Returns the time by the clock of a side.
    pub(super) fn clock(&self, side: Side) -> Instant {
        let ahead = match side {
            Side::Server => self.server.as_ref().map(|server| server.clock_ahead),
            Side::Client(place) => Some(self.clients[place].clock_ahead),
        };
        self.now + ahead.unwrap_or_default()
    }

    /// Returns the time at which the process that an event concerns resumes. Returns `None` if it
    /// is not suspended.
    pub(super) fn suspended_until(&self, event: &Event) -> Option<Instant> {
        let side = match event {
            Event::Committed(..) | Event::SetRole(..) | Event::Poll(_) | Event::GiveUp(..) => {
                Side::Server
            }
            Event::Ran(side, ..) | Event::Lose(_, side) => *side,
            Event::Act(client, _) | Event::BeGreedy(client) | Event::Leave(client) => {
                Side::Client(*client)
            }
            _ => return None,
        };
        match side {
            Side::Server => self.server.as_ref()?.suspended_until,
            Side::Client(place) => self.clients[place].suspended_until,
        }
    }

    /// Suspends the process of a side, or resumes it.
    pub(super) fn suspend(&mut self, side: Side, until: Option<Instant>) {
        let is_awake = until.is_none();
        match side {
            Side::Server => {
                let Some(server) = &mut self.server else { return };
                server.suspended_until = until;
                let epoch = self.epoch;
                let connected = self.clients.iter_mut().filter(|client| client.epoch == epoch);
                for client in connected {
                    client.up.is_receiver_awake = is_awake;
                    client.down.is_sender_awake = is_awake;
                }
            }
            Side::Client(place) => {
                let client = &mut self.clients[place];
                client.suspended_until = until;
                client.up.is_sender_awake = is_awake;
                client.down.is_receiver_awake = is_awake;
            }
        }
        match until {
            Some(until) => self.schedule(until, Event::Resume(side)),
            None => self.wake_all(),
        }
    }

    pub(super) fn wake_all(&mut self) {
        for place in 0..self.clients.len() {
            self.wake(place, Direction::Up);
            self.wake(place, Direction::Down);
        }
    }
}
