//! How a node finds, takes over and starts the meeting: `Meetings::obtain` of the real server.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::super::{
    server::{Server, restore},
    slots::SLOTS,
};
use super::{
    database::Ownership,
    node::{Asking, Change, Owned, Running, Way},
    statement::{Answer, Purpose, Statement},
    world::{Event, Side, World},
};

impl World<'_> {
    /// A participant who is not connected asks a node for the meeting.
    pub(super) fn ask(&mut self, slot: usize) -> Result<(), String> {
        // An earlier time has replaced the time of another event.
        if self.next_ask[slot] != Some(self.now) {
            return Ok(());
        }
        self.next_ask[slot] = None;
        if self.is_connected(slot) {
            return Ok(());
        }
        // The participant does not wait longer for an answer.
        self.ask_in_ms(slot, 2_000, 4_000);
        let reachable: Vec<_> =
            (0..self.nodes.len()).filter(|node| self.is_reachable(*node)).collect();
        if reachable.is_empty() {
            self.ask_again(slot);
            return Ok(());
        }
        let node = reachable[self.rng.usize(..reachable.len())];
        let user = SLOTS[slot].0;
        self.ask_node(node, Asking { user, slot: Some(slot), is_forwarded: false })
    }

    pub(super) fn is_connected(&self, slot: usize) -> bool {
        let mut members = self.members.iter();
        members.any(|member| member.client.slot == Some(slot) && member.client.is_live())
    }

    fn is_reachable(&self, node: usize) -> bool {
        let node = &self.nodes[node];
        node.is_running && node.suspended_until.is_none() && node.lease.is_some()
    }

    /// A participant asks after a delay, or earlier if that is planned already.
    pub(super) fn ask_in_ms(&mut self, slot: usize, from: u64, to: u64) {
        let delay = Duration::from_micros(self.rng.u64(from * 1000..=to * 1000));
        self.ask_at(slot, self.now + delay);
    }

    fn ask_at(&mut self, slot: usize, at: Instant) {
        if self.next_ask[slot].is_none_or(|planned| planned > at) {
            self.next_ask[slot] = Some(at);
            self.schedule(at, Event::Ask(slot));
        }
    }

    /// A participant asks again, often at the moment at which the lease of the owner ends.
    fn ask_again(&mut self, slot: usize) {
        let expires = self.database.owner_expires().map(|at| self.database_clock.when(at));
        match expires.filter(|at| *at > self.now && self.rng.bool()) {
            Some(at) => {
                let delay = Duration::from_micros(self.rng.u64(..1_000));
                self.ask_at(slot, at + delay);
            }
            None => self.ask_in_ms(slot, 20, 300),
        }
    }

    fn refuse(&mut self, asking: Asking) {
        if let Some(slot) = asking.slot {
            self.ask_again(slot);
        }
    }

    pub(super) fn ask_node(&mut self, node: usize, asking: Asking) -> Result<(), String> {
        if self.nodes[node].is_usable() {
            // The participant can have asked several nodes.
            let is_connected = asking.slot.is_some_and(|slot| self.is_connected(slot));
            return if is_connected { Ok(()) } else { self.connect(node, asking) };
        }
        self.nodes[node].waiting.push(asking);
        if !std::mem::replace(&mut self.nodes[node].is_taking, true) {
            self.end_meeting(node)?;
            self.nodes[node].writer.queue.push_back(Change::Claim);
            self.write(node)?;
        }
        Ok(())
    }

    /// All participants who wait for a node ask again.
    fn refuse_waiting(&mut self, node: usize) {
        self.nodes[node].is_taking = false;
        for asking in std::mem::take(&mut self.nodes[node].waiting) {
            self.refuse(asking);
        }
    }

    pub(super) fn send_claim(&mut self, node: usize) {
        match self.nodes[node].key(node) {
            Some(key) => {
                self.send(node, Way::Rest, None, Statement::Claim(key), Purpose::Claim);
            }
            None => self.refuse_waiting(node),
        }
    }

    pub(super) fn on_claimed(&mut self, node: usize, answer: &Answer) -> Result<(), String> {
        match *answer {
            Answer::Claimed(Ownership::Node { owner, epoch })
                if Some(owner) == self.nodes[node].key(node) =>
            {
                // The node can know already that it owns the meeting.
                if self.nodes[node].owned.is_none_or(|owned| owned.epoch != epoch) {
                    self.last_generation += 1;
                    let generation = self.last_generation;
                    self.nodes[node].owned = Some(Owned { epoch, generation });
                }
                self.nodes[node].writer.queue.push_back(Change::Load);
                self.write(node)
            }
            Answer::Claimed(Ownership::Node { owner: (owner, _), .. }) if owner != node => {
                self.nodes[node].is_taking = false;
                for asking in std::mem::take(&mut self.nodes[node].waiting) {
                    if asking.is_forwarded || !self.is_reachable(owner) {
                        self.refuse(asking);
                    } else {
                        self.ask_node(owner, Asking { is_forwarded: true, ..asking })?;
                    }
                }
                Ok(())
            }
            _ => {
                self.refuse_waiting(node);
                Ok(())
            }
        }
    }

    pub(super) fn send_load(&mut self, node: usize) {
        let owned = self.nodes[node].owned;
        if owned.is_some() {
            self.send(node, Way::Rest, None, Statement::Load, Purpose::Load(owned));
        } else {
            self.refuse_waiting(node);
        }
    }

    pub(super) fn on_loaded(
        &mut self,
        node: usize,
        owned: Option<Owned>,
        answer: &Answer,
    ) -> Result<(), String> {
        let now = self.time_of(node);
        let owned = owned.filter(|owned| self.nodes[node].owned == Some(*owned));
        let (Answer::Loaded(state), Some(Owned { epoch, generation })) = (answer, owned) else {
            self.refuse_waiting(node);
            return Ok(());
        };
        let server = Server::start(now, &Arc::clone(&self.config), &self.store, state)?;
        self.tell(|| format!("the meeting starts on node {node} in epoch {epoch}"));
        self.nodes[node].meeting = Some(Running { server, generation });
        self.nodes[node].is_taking = false;
        self.drive(Side::Node(node))?;
        for asking in std::mem::take(&mut self.nodes[node].waiting) {
            self.ask_node(node, asking)?;
        }
        Ok(())
    }

    /// Ends the connections of a run of the meeting that has ended.
    pub(super) fn forget_meeting(&mut self, node: usize) {
        let Some(meeting) = self.nodes[node].meeting.take() else { return };
        let members = self.members.iter_mut().filter(|member| !member.client.server_ended);
        for member in members.filter(|member| member.generation == meeting.generation) {
            member.server_ended();
        }
        self.wake_all();
    }

    /// Checks that a state of the database has everything that a client has seen.
    pub(super) fn check_saved(&mut self, state: &BTreeMap<String, String>) -> Result<(), String> {
        for place in &self.active {
            self.facts.note_model(&self.members[*place].client.model());
        }
        self.facts.check_saved(&restore(&self.store, state)?.model)
    }
}
