//! Connections: how bytes move, and how both sides note an end.

use std::time::Duration;

use bytes::Bytes;
use psom::{Error, error::LostReason, hub::Input, session, space::ConnectionKey};
use psom_objects::types::Role;

use super::{
    client::Client,
    server::participant,
    wire::Pipe,
    world::{Direction, Event, Side, World},
};

/// The delay above which a server counts as suspended.
const MAX_LATENESS: Duration = Duration::from_millis(100);

/// The time that a server waits for a client's credentials after it was suspended.
const GRACE: Duration = Duration::from_secs(2);

impl World<'_> {
    /// Handles the end of a connection by one side.
    pub(super) fn on_closed(
        &mut self,
        place: usize,
        side: Side,
        error: Error,
    ) -> Result<(), String> {
        self.tell(|| format!("{side:?} ends client {place}: {error}"));
        let is_meeting = self.is_meeting();
        let client = &mut self.clients[place];
        if client.is_live() && client.excuse.is_none() {
            return Err(format!(
                "client {place} of user {} followed the rules, but {side:?} ended it: {error}",
                client.user
            ));
        }
        match side {
            Side::Server => {
                client.server_ended = true;
                client.down.is_closing = true;
                client.up.is_discarded = true;
                self.wake(place, Direction::Down);
            }
            Side::Client(_) => {
                client.ended = Some(error);
                self.active.retain(|at| *at != place);
                let client = &mut self.clients[place];
                client.up.is_closing = true;
                client.down.is_discarded = true;
                let slot = client.slot;
                self.look_at(place)?;
                self.wake(place, Direction::Up);
                if let Some(slot) = slot.filter(|_| is_meeting) {
                    self.schedule_ms(1, 5_000, Event::Connect(slot));
                }
            }
        }
        Ok(())
    }

    pub(super) fn lose(
        &mut self,
        place: usize,
        side: Side,
        reason: LostReason,
    ) -> Result<(), String> {
        let client = &mut self.clients[place];
        let key = match side {
            Side::Server if !client.server_ended => {
                client.fresh = None;
                match client.at_server {
                    Some(key) => key,
                    None => {
                        client.server_ended = true;
                        return Ok(());
                    }
                }
            }
            Side::Client(_) if client.ended.is_none() => client.key,
            _ => return Ok(()),
        };
        self.input(side, Input::Lost(key, reason))
    }

    pub(super) fn move_bytes(&mut self, place: usize, direction: Direction) -> Result<(), String> {
        self.pipe(place, direction).is_scheduled = false;
        let client = &mut self.clients[place];
        if client.is_frozen {
            return Ok(());
        }
        let (pipe, receiver) = match direction {
            Direction::Up => (&mut client.up, Side::Server),
            Direction::Down => (&mut client.down, Side::Client(place)),
        };
        let mut bytes = pipe.deliver(&mut self.rng);
        if !bytes.is_empty() {
            if std::mem::take(&mut pipe.is_corrupting) {
                let at = self.rng.usize(..bytes.len());
                bytes[at] ^= self.rng.u8(1..);
                client.excuse.get_or_insert("a byte changed");
                client.is_tainted = true;
                self.count("changed bytes");
            }
            self.receive(place, receiver, bytes.freeze())?;
        }
        self.accept_bytes(place, direction)?;
        if self.pipe(place, direction).has_ended() {
            self.pipe(place, direction).is_end_noted = true;
            self.lose(place, receiver, LostReason::Eof)?;
        }
        self.wake(place, direction);
        Ok(())
    }

    /// Moves bytes from a driver to its transport.
    fn accept_bytes(&mut self, place: usize, direction: Direction) -> Result<(), String> {
        let mut rng = self.rng.fork();
        let pipe = self.pipe(place, direction);
        pipe.accept(&mut rng);
        let accepted = pipe.unreported;
        let (sender, key) = match direction {
            Direction::Up => (Side::Client(place), Some(self.clients[place].key)),
            Direction::Down => (Side::Server, self.clients[place].at_server),
        };
        let report_bytes = self.clients[place].hub.report_bytes();
        if accepted > 0 && (accepted >= report_bytes || rng.bool()) {
            self.pipe(place, direction).unreported = 0;
            if let Some(key) = key {
                self.input(sender, Input::Written(key, accepted))?;
            }
        }
        Ok(())
    }

    /// Passes received bytes on, to a session before its credentials are judged or to a hub.
    pub(super) fn receive(&mut self, place: usize, side: Side, bytes: Bytes) -> Result<(), String> {
        let now = self.clock(side);
        let client = &mut self.clients[place];
        if side != Side::Server {
            let key = client.key;
            self.input(side, Input::Received(key, bytes))?;
            return self.look_at(place);
        }
        if let Some(key) = client.at_server {
            client.received_bytes += bytes.len();
            return self.input(side, Input::Received(key, bytes));
        }
        let Some(mut session) = client.fresh.take() else { return Ok(()) };
        let mut batch = session.receive(now, bytes);
        let event = session.next_event(now, &mut batch);
        session.keep(&batch);
        match event {
            Some(session::Event::Authenticate(_)) => {
                let role = self.roles.get(&client.user).copied().unwrap_or(Role::Attendee);
                let user = participant(client.user, role);
                let Some(server) = &mut self.server else { return Ok(()) };
                self.clients[place].at_server = server.hub.accept(now, session, user);
                self.drive(Side::Server)
            }
            Some(session::Event::Ended(error)) => self.on_closed(place, side, error),
            _ => {
                client.fresh = Some(session);
                Ok(())
            }
        }
    }

    /// Ends a session whose credentials have not arrived in time. A late server first reads what has
    /// arrived meanwhile, like the tokio driver.
    pub(super) fn give_up(&mut self, place: usize, has_waited: bool) -> Result<(), String> {
        let now = self.clock(Side::Server);
        let Some(session) = &mut self.clients[place].fresh else { return Ok(()) };
        let late = session.deadline().map(|at| now.saturating_duration_since(at));
        if !has_waited && late.is_some_and(|late| late > MAX_LATENESS) {
            self.schedule(self.now + GRACE, Event::GiveUp(place, true));
            return Ok(());
        }
        match session.on_deadline(now) {
            Some(session::Event::Ended(error)) => {
                self.clients[place].fresh = None;
                self.on_closed(place, Side::Server, error)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn wake(&mut self, place: usize, direction: Direction) {
        let client = &mut self.clients[place];
        let is_frozen = client.is_frozen;
        let pipe = self.pipe(place, direction);
        if is_frozen || pipe.is_scheduled || !(pipe.has_work() || pipe.has_ended()) {
            return;
        }
        // The receiver has noted the end already.
        let client = &self.clients[place];
        let is_over = match direction {
            Direction::Up => client.server_ended,
            Direction::Down => client.ended.is_some(),
        };
        let pipe = self.pipe(place, direction);
        if is_over && !pipe.has_work() {
            return;
        }
        pipe.is_scheduled = true;
        let delay = pipe.delay_us;
        let delay = Duration::from_micros(self.rng.u64(..=delay));
        self.schedule(self.now + delay, Event::Move(place, direction));
    }

    pub(super) fn pipe(&mut self, place: usize, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::Up => &mut self.clients[place].up,
            Direction::Down => &mut self.clients[place].down,
        }
    }

    /// Returns the pipe through which a side sends on a connection.
    pub(super) fn outgoing(
        &self,
        side: Side,
        key: ConnectionKey,
    ) -> Result<(usize, Direction), String> {
        match side {
            Side::Client(place) => Ok((place, Direction::Up)),
            Side::Server => {
                let find = |client: &Client| client.at_server == Some(key) && !client.server_ended;
                let place = self.clients.iter().rposition(find);
                let place = place.ok_or_else(|| format!("an output for the closed {key:?}"))?;
                Ok((place, Direction::Down))
            }
        }
    }
}
