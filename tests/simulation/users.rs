//! The users: how they connect and act.

use std::sync::Arc;

use psom::{Session, hub::Input};

use super::{
    action::{self, Action},
    client::Client,
    rights::mark,
    slots::SLOTS,
    wire::Pipe,
    world::{Event, MINUTES_MS, Side, World},
};

/// The number and the length of long drawings: together more bytes than a server receives from a client
/// that it does not read, and the client's transport takes.
const LONG_DRAWINGS: u32 = 60;
const LONG_DRAWING_BYTES: usize = 8 * 1024;

impl World<'_> {
    /// Connects a participant again, unless the participant is connected.
    pub(super) fn connect_slot(&mut self, slot: usize) -> Result<(), String> {
        let (user, _) = SLOTS[slot];
        let is_connected =
            self.clients.iter().any(|client| client.slot == Some(slot) && client.is_live());
        if is_connected || self.server.is_none() || !self.is_meeting() {
            return Ok(());
        }
        self.is_opened |= self
            .clients
            .iter()
            .any(|client| client.slot == Some(0) && client.is_live() && client.is_complete());
        if slot > 0 && !self.is_opened {
            self.schedule_ms(100, 1_000, Event::Connect(slot));
            return Ok(());
        }
        let mut delay_us = 1 << self.rng.u32(4..15);
        let mut piece = 1 << self.rng.u32(6..17);
        if self.is_greedy {
            // A client that is slower than the output that greedy peers cause is a slow reader.
            (piece, delay_us) = (piece.max(4096), delay_us.min(1_000));
        }
        let client = self.connect(user, (piece, delay_us))?;
        self.clients[client].slot = Some(slot);
        if slot == 0 {
            for slot in 1..SLOTS.len() {
                self.schedule_ms(10, 5_000, Event::Connect(slot));
            }
        } else {
            self.schedule_ms(10, 2_000, Event::Act(client, true));
        }
        Ok(())
    }

    /// Begins a connection of a user, with the size of its pieces in bytes, and the longest time
    /// between two of them in microseconds.
    pub(super) fn connect(
        &mut self,
        user: i64,
        (piece, delay_us): (usize, u64),
    ) -> Result<usize, String> {
        let place = self.clients.len();
        let config = self.traced(place);
        let session = Session::server(config, self.clock(Side::Server));
        let pipes = (Pipe::new(piece, delay_us), Pipe::new(piece, delay_us));
        let mut client = Client::new(self.now, &self.config, user, pipes, session)?;
        client.epoch = self.epoch;
        if self.server.as_ref().is_some_and(|server| server.suspended_until.is_some()) {
            client.up.is_receiver_awake = false;
            client.down.is_sender_awake = false;
        }
        self.clients.push(client);
        self.active.push(place);
        self.schedule(self.now + self.config.authentication_timeout, Event::GiveUp(place, false));
        self.tell(|| format!("client {place} of user {user} connects"));
        self.drive(Side::Client(place))?;
        Ok(place)
    }

    /// Performs one or several actions of a user.
    pub(super) fn act(&mut self, place: usize, goes_on: bool) -> Result<(), String> {
        let client = &self.clients[place];
        if client.ended.is_some() || !self.is_meeting() {
            return Ok(());
        }
        let (user, root, seen) = (client.user, client.root, Arc::clone(&client.seen));
        // Occasionally, a user performs many actions at once.
        let count = if self.rng.u8(..30) == 0 { self.rng.u32(10..80) } else { 1 };
        for _ in 0..count {
            let sender = self.facts.rights.sender(user);
            let action = {
                let Ok(seen) = seen.lock() else { return Ok(()) };
                if !seen.model.ready {
                    break;
                }
                let number = self.facts.rights.number(sender);
                action::choose(&mut self.rng, &seen.model, sender, number)
            };
            self.summary.actions += 1;
            self.facts.note_action(sender, &action);
            self.tell(|| format!("client {place}: {action:?}"));
            let run = move |conference: &mut _, cx: &mut _| drop(action.perform(conference, cx));
            self.input(Side::Client(place), Input::run(root, run))?;
        }
        if goes_on {
            self.schedule_ms(1, 1_500, Event::Act(place, true));
        }
        Ok(())
    }

    /// The journal becomes slow, and a user draws much when the server no longer reads.
    pub(super) fn begin_long_drawings(&mut self) {
        if self.is_meeting() {
            self.commit_delay_ms = MINUTES_MS;
            self.armed.insert("commits delayed by minutes");
            self.schedule_ms(5_000, 20_000, Event::DrawMuch);
        }
    }

    /// A user draws many long drawings at once.
    pub(super) fn draw_much(&mut self) -> Result<(), String> {
        if !self.is_meeting() {
            return Ok(());
        }
        let boards = self.active.iter().filter_map(|place| {
            let client = &self.clients[*place];
            let may_draw = self.facts.rights.sender(client.user).is_presenter;
            let follows_rules = client.excuse.is_none() && client.suspended_until.is_none();
            let seen = client.seen.lock().ok().filter(|seen| seen.model.ready)?;
            let mut contents = seen.model.contents.iter();
            let board = contents.find(|(_, content)| content.board.is_some());
            board.filter(|_| may_draw && follows_rules).map(|(id, _)| (*place, *id))
        });
        let boards: Vec<_> = boards.collect();
        if boards.is_empty() {
            self.schedule_ms(1_000, 2_000, Event::DrawMuch);
            return Ok(());
        }
        let (place, board) = boards[self.rng.usize(..boards.len())];
        let (user, root) = (self.clients[place].user, self.clients[place].root);
        self.tell(|| format!("client {place} draws much on content {board}"));
        for _ in 0..LONG_DRAWINGS {
            let sender = self.facts.rights.sender(user);
            let number = self.facts.rights.number(sender);
            let action = Action::Draw(board, mark(number), LONG_DRAWING_BYTES);
            self.summary.actions += 1;
            let run = move |conference: &mut _, cx: &mut _| drop(action.perform(conference, cx));
            self.input(Side::Client(place), Input::run(root, run))?;
        }
        self.count("long drawings");
        Ok(())
    }
}
