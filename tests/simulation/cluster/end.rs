//! The checks at the end of a run, when nothing happens any more.

use std::time::Duration;

use super::super::{
    facts::{check_order, check_same},
    server::restore,
};
use super::{
    database::Ownership,
    node::Asking,
    world::{USERS, World},
};

impl World<'_> {
    /// Checks that all participants are at the owner of the meeting and see its state, that a newcomer sees
    /// the same, and that the database has it.
    pub(super) fn check_end(&mut self) -> Result<(), String> {
        let Ownership::Node { owner: (owner, _), epoch } = self.database.find_owner() else {
            return Err("no node owns the meeting".into());
        };
        if !self.nodes[owner].is_usable() {
            return Err(format!("node {owner} owns the meeting and does not run it"));
        }
        if self.nodes[owner].owned.is_none_or(|owned| owned.epoch != epoch) {
            return Err(format!("node {owner} does not know its epoch {epoch}"));
        }
        self.check_orders()?;
        for slot in 0..USERS {
            let place = self.active.iter().copied().find(|place| {
                let client = &self.members[*place].client;
                client.slot == Some(slot) && client.is_live()
            });
            let place = place.ok_or_else(|| format!("participant {slot} is not connected"))?;
            if Some(self.members[place].generation) != self.generation(owner) {
                return Err(format!("participant {slot} is not connected to the owner"));
            }
            let newcomer = self.join(owner, self.members[place].client.user)?;
            let model = |at: usize| self.members[at].client.model();
            let (one, other) = (model(place), model(newcomer));
            if !one.is_complete() || !other.is_complete() {
                return Err(format!(
                    "participant {slot} or a newcomer has not received everything"
                ));
            }
            check_same(&one, &other, false)
                .map_err(|error| format!("participant {slot} and a newcomer: {error}"))?;
            self.leave(newcomer)?;
            self.run_for(Duration::from_secs(1))?;
        }
        let state = self.journal.recover();
        self.check_saved(&state)?;
        let restored = restore(&self.store, &state)?;
        let last = self.join(owner, 1)?;
        check_same(&self.members[last].client.model(), &restored.model, true)
            .map_err(|error| format!("the meeting and its saved state: {error}"))
    }

    /// A user joins once more. Returns the connection.
    fn join(&mut self, owner: usize, user: i64) -> Result<usize, String> {
        let newcomer = self.members.len();
        self.ask_node(owner, Asking { user, slot: None, is_forwarded: true })?;
        self.run_for(Duration::from_secs(2))?;
        Ok(newcomer)
    }

    /// Checks that all clients of a run of the meeting see one order of changes.
    fn check_orders(&self) -> Result<(), String> {
        // The organizer sees every content all the time.
        for watcher in self.members.iter().filter(|member| member.client.slot == Some(0)) {
            let same_run =
                |member: &&super::member::Member| member.generation == watcher.generation;
            for other in self.members.iter().filter(same_run) {
                for segment in &other.client.segments {
                    let seen = watcher.client.segments.iter().filter(|seen| seen.0 == segment.0);
                    for seen in seen {
                        check_order(segment, seen)?;
                    }
                }
            }
        }
        Ok(())
    }
}
