//! The participants: how they connect and act, and how their bytes move.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use psom::{Error, Session, error::LostReason, hub::Input, session, space::ConnectionKey};
use psom_objects::types::Role;

use super::super::{
    action, client::Client, facts::note_order, server::participant, slots::SLOTS, wire::Pipe,
};
use super::{
    member::{Direction, Member},
    node::{Asking, Generation, Way},
    statement::{Answer, Purpose, Statement},
    world::{Event, Side, World},
};

/// The reason in the Break of a meeting that has moved.
const MOVED: &str = "moved";

impl World<'_> {
    /// Begins a connection of a user to a node that runs the meeting.
    pub(super) fn connect(&mut self, node: usize, asking: Asking) -> Result<(), String> {
        let place = self.members.len();
        let session = Session::server(Arc::clone(&self.config), self.time_of(node));
        let (piece, delay_us) = (1 << self.rng.u32(8..17), 1 << self.rng.u32(4..13));
        let pipes = (Pipe::new(piece, delay_us), Pipe::new(piece, delay_us));
        let mut client = Client::new(self.now, &self.config, asking.user, pipes, session)?;
        client.slot = asking.slot;
        let generation = self.generation(node).unwrap_or_default();
        self.members.push(Member { client, node, generation, admitted: None });
        self.active.push(place);
        self.tell(|| format!("member {place} of user {} connects to node {node}", asking.user));
        if asking.slot.is_some_and(|slot| slot > 0) {
            self.schedule_ms(10, 500, Event::Act(place));
            self.schedule_ms(1_000, 15_000, Event::Leave(place));
        }
        self.drive(Side::Member(place))
    }

    /// Performs an action of a user.
    pub(super) fn act(&mut self, place: usize) -> Result<(), String> {
        let client = &self.members[place].client;
        if client.ended.is_some() || !self.is_meeting() {
            return Ok(());
        }
        let (user, root) = (client.user, client.root);
        let model = client.model();
        if model.ready {
            let sender = self.facts.rights.sender(user);
            let number = self.facts.rights.number(sender);
            let action = action::choose(&mut self.rng, &model, sender, number);
            self.summary.actions += 1;
            self.facts.note_action(sender, &action);
            self.tell(|| format!("member {place}: {action:?}"));
            let run = move |conference: &mut _, cx: &mut _| drop(action.perform(conference, cx));
            self.input(Side::Member(place), Input::run(root, run))?;
        }
        self.schedule_ms(1, 600, Event::Act(place));
        Ok(())
    }

    pub(super) fn leave(&mut self, place: usize) -> Result<(), String> {
        let client = &self.members[place].client;
        if client.ended.is_some() || (client.slot.is_some() && !self.is_meeting()) {
            return Ok(());
        }
        let key = client.key;
        self.input(Side::Member(place), Input::End(key, Error::Closed))
    }

    /// Checks the events that a client has received.
    fn look_at(&mut self, place: usize) -> Result<(), String> {
        let client = &mut self.members[place].client;
        let events = match client.seen.lock() {
            Ok(mut seen) => std::mem::take(&mut seen.events),
            Err(_) => return Err(format!("member {place} has panicked")),
        };
        for event in events {
            note_order(&mut client.segments, &mut client.open_segments, &event);
            self.facts.note_event(&event, client.slot == Some(0), &self.journal)?;
        }
        Ok(())
    }

    /// Handles the end of a connection by one side.
    pub(super) fn on_closed(
        &mut self,
        place: usize,
        side: Side,
        error: Error,
    ) -> Result<(), String> {
        self.tell(|| format!("{side:?} ends member {place}: {error}"));
        let member = &mut self.members[place];
        if let Side::Node(_) = side {
            member.server_ended();
            self.wake(place, Direction::Down);
            return Ok(());
        }
        if let Error::PeerBroke(reason) = &error
            && reason != MOVED
        {
            return Err(format!("member {place} followed the rules and was refused: {reason}"));
        }
        member.client.ended = Some(error);
        member.client.up.is_closing = true;
        member.client.down.is_discarded = true;
        let slot = member.client.slot;
        self.active.retain(|at| *at != place);
        self.look_at(place)?;
        self.facts.note_model(&self.members[place].client.model());
        self.wake(place, Direction::Up);
        if let Some(slot) = slot {
            self.ask_in_ms(slot, 1, 500);
        }
        Ok(())
    }

    pub(super) fn move_bytes(&mut self, place: usize, direction: Direction) -> Result<(), String> {
        let mut rng = self.rng.fork();
        let pipe = self.pipe(place, direction);
        pipe.is_scheduled = false;
        let bytes = pipe.deliver(&mut rng);
        if !bytes.is_empty() {
            self.receive(place, direction, bytes.freeze())?;
        }
        let pipe = self.pipe(place, direction);
        pipe.accept(&mut rng);
        let accepted = std::mem::take(&mut pipe.unreported);
        if accepted > 0 {
            let client = &self.members[place].client;
            let (sender, key) = match direction {
                Direction::Up => (Side::Member(place), Some(client.key)),
                Direction::Down => (self.server_of(place), client.at_server),
            };
            if let Some(key) = key.filter(|_| self.is_open(place, sender)) {
                self.input(sender, Input::Written(key, accepted))?;
            }
        }
        if self.pipe(place, direction).has_ended() {
            self.pipe(place, direction).is_end_noted = true;
            self.note_end(place, direction)?;
        }
        self.wake(place, direction);
        Ok(())
    }

    fn server_of(&self, place: usize) -> Side {
        Side::Node(self.members[place].node)
    }

    /// Reports whether a side has a connection with this member.
    fn is_open(&self, place: usize, side: Side) -> bool {
        let member = &self.members[place];
        match side {
            Side::Node(node) => {
                !member.client.server_ended && self.generation(node) == Some(member.generation)
            }
            Side::Member(_) => member.client.ended.is_none(),
        }
    }

    /// The receiver notes that the transport has ended.
    fn note_end(&mut self, place: usize, direction: Direction) -> Result<(), String> {
        let receiver = match direction {
            Direction::Up => self.server_of(place),
            Direction::Down => Side::Member(place),
        };
        if !self.is_open(place, receiver) {
            return Ok(());
        }
        let client = &self.members[place].client;
        let key = match direction {
            Direction::Up => client.at_server,
            Direction::Down => Some(client.key),
        };
        match key {
            Some(key) => self.input(receiver, Input::Lost(key, LostReason::Eof)),
            None => {
                self.members[place].server_ended();
                Ok(())
            }
        }
    }

    /// Passes received bytes on, to a session before its credentials are judged or to a hub.
    fn receive(&mut self, place: usize, direction: Direction, bytes: Bytes) -> Result<(), String> {
        if direction == Direction::Down {
            let key = self.members[place].client.key;
            self.input(Side::Member(place), Input::Received(key, bytes))?;
            return self.look_at(place);
        }
        let (server, node) = (self.server_of(place), self.members[place].node);
        if !self.is_open(place, server) {
            return Ok(());
        }
        let now = self.time_of(node);
        let member = &mut self.members[place];
        if let Some(key) = member.client.at_server {
            return self.input(server, Input::Received(key, bytes));
        }
        let Some(mut session) = member.client.fresh.take() else { return Ok(()) };
        let mut batch = session.receive(now, bytes);
        let event = session.next_event(now, &mut batch);
        session.keep(&batch);
        match event {
            Some(session::Event::Authenticate(_)) => {
                member.admitted = Some(session);
                // Nothing is read until the database has answered.
                member.client.up.is_paused = true;
                let purpose = Purpose::Admit(place);
                self.send(node, Way::Rest, None, Statement::TakeToken, purpose);
                Ok(())
            }
            Some(session::Event::Ended(error)) => self.on_closed(place, server, error),
            _ => {
                member.client.fresh = Some(session);
                Ok(())
            }
        }
    }

    /// Admits a newcomer whose token the database has accepted.
    pub(super) fn on_token(&mut self, place: usize, answer: &Answer) -> Result<(), String> {
        let (server, node) = (self.server_of(place), self.members[place].node);
        let now = self.time_of(node);
        let session = self.members[place].admitted.take();
        let is_open = self.is_open(place, server);
        self.members[place].client.up.is_paused = false;
        let (Some(session), Answer::TokenTaken, true) = (session, answer, is_open) else {
            self.members[place].server_ended();
            self.wake_all();
            return Ok(());
        };
        let user = self.members[place].client.user;
        let role = SLOTS.iter().find(|(slot, _)| *slot == user).map(|(_, role)| *role);
        let user = participant(user, role.unwrap_or(Role::Attendee));
        if let Some(meeting) = &mut self.nodes[node].meeting {
            self.members[place].client.at_server = meeting.server.hub.accept(now, session, user);
        }
        self.drive(server)?;
        self.wake(place, Direction::Up);
        Ok(())
    }

    pub(super) fn wake(&mut self, place: usize, direction: Direction) {
        let client = &self.members[place].client;
        // The receiver has noted the end already.
        let is_over = match direction {
            Direction::Up => client.server_ended,
            Direction::Down => client.ended.is_some(),
        };
        let pipe = self.pipe(place, direction);
        let has_work = pipe.has_work() || (pipe.has_ended() && !is_over);
        if pipe.is_scheduled || !has_work {
            return;
        }
        pipe.is_scheduled = true;
        let delay = Duration::from_micros(self.rng.u64(..=self.members[place].client.up.delay_us));
        self.schedule(self.now + delay, Event::Move(place, direction));
    }

    pub(super) fn wake_all(&mut self) {
        for place in 0..self.members.len() {
            self.wake(place, Direction::Up);
            self.wake(place, Direction::Down);
        }
    }

    pub(super) fn pipe(&mut self, place: usize, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::Up => &mut self.members[place].client.up,
            Direction::Down => &mut self.members[place].client.down,
        }
    }

    /// Returns the member and the direction in which a side sends on a connection.
    pub(super) fn outgoing(
        &self,
        side: Side,
        generation: Generation,
        key: ConnectionKey,
    ) -> Option<(usize, Direction)> {
        match side {
            Side::Member(place) => Some((place, Direction::Up)),
            Side::Node(_) => {
                let find = |member: &Member| {
                    member.client.at_server == Some(key)
                        && member.generation == generation
                        && !member.client.server_ended
                };
                Some((self.members.iter().rposition(find)?, Direction::Down))
            }
        }
    }
}
