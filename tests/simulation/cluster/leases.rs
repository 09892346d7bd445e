//! How a node starts and keeps its lease: `Lease` of the real store.

use std::time::Instant;

use psom::{error::JournalError, hub::Input};

use super::{
    lease_rules::{Incarnation, LeaseState, RENEWAL_RETRY_DELAY},
    node::Way,
    statement::{Answer, Purpose, Statement},
    world::{Event, Side, World},
};

impl World<'_> {
    /// Starts the process of a node.
    pub(super) fn start(&mut self, node: usize) -> Result<(), String> {
        self.nodes[node].is_running = true;
        self.tell(|| format!("node {node} starts"));
        self.register(node);
        Ok(())
    }

    fn register(&mut self, node: usize) {
        let started = self.time_of(node);
        let purpose = Purpose::Register(started);
        self.send(node, Way::Renewals, None, Statement::Register, purpose);
    }

    pub(super) fn on_registered(
        &mut self,
        node: usize,
        started: Instant,
        answer: &Answer,
    ) -> Result<(), String> {
        let Answer::Registered(incarnation) = *answer else {
            self.renew_later(node);
            return Ok(());
        };
        self.renewed(node, incarnation, started)
    }

    /// Renews the lease of a node, or registers a node that has none.
    pub(super) fn renew(&mut self, node: usize) -> Result<(), String> {
        let Some(key) = self.nodes[node].key(node) else {
            self.register(node);
            return Ok(());
        };
        let purpose = Purpose::Renew(self.time_of(node), key.1);
        self.send(node, Way::Renewals, None, Statement::Renew(key), purpose);
        Ok(())
    }

    pub(super) fn on_renewed(
        &mut self,
        node: usize,
        started: Instant,
        incarnation: Incarnation,
        answer: &Answer,
    ) -> Result<(), String> {
        match answer {
            Answer::Renewed(true) => self.renewed(node, incarnation, started),
            Answer::Renewed(false) => {
                self.count("lost leases");
                self.tell(|| format!("node {node} has lost its lease"));
                self.nodes[node].owned = None;
                self.end_meeting(node)?;
                self.register(node);
                Ok(())
            }
            _ => {
                self.renew_later(node);
                Ok(())
            }
        }
    }

    fn renewed(
        &mut self,
        node: usize,
        incarnation: Incarnation,
        started: Instant,
    ) -> Result<(), String> {
        let lease = LeaseState::new(incarnation, started, self.acknowledge_time);
        let delay = lease.until_next_renewal(self.time_of(node));
        self.nodes[node].lease = Some(lease);
        self.schedule_by(node, delay, Event::Renew(node, self.nodes[node].process));
        if let Some(group) = &mut self.nodes[node].writer.group
            && std::mem::take(&mut group.waits_for_lease)
        {
            return self.attempt(node);
        }
        Ok(())
    }

    fn renew_later(&mut self, node: usize) {
        let event = Event::Renew(node, self.nodes[node].process);
        self.schedule_by(node, RENEWAL_RETRY_DELAY, event);
    }

    /// Ends the run of the meeting on a node that does not own it any more.
    pub(super) fn end_meeting(&mut self, node: usize) -> Result<(), String> {
        let moved = Input::Committed(Err(JournalError::Moved));
        self.input(Side::Node(node), moved)?;
        self.forget_meeting(node);
        Ok(())
    }
}
