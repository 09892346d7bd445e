use std::time::{Duration, Instant};

use super::{
    database::Weakness,
    node::{Change, Link, Way},
    world::{Event, NODES, World},
};

/// The faults and the other occurrences in a cluster that a run counts.
pub const CLUSTER_FAULTS: [&str; 21] = [
    "answers without a way from the database",
    "ended sessions",
    "fenced commits",
    "killed nodes",
    "late answers at the end of a lease",
    "lost answers",
    "lost leases",
    "meetings handed over",
    "nodes without the database",
    "nodes without their renewals",
    "owners that acknowledged",
    "restarts of the database",
    "results that wait for the lease",
    "slow answers",
    "slow statements",
    "slow ways from the database",
    "slow ways to the database",
    "statements without a way to the database",
    "suspended nodes",
    "take-overs",
    "ways that lose answers",
];

impl World<'_> {
    /// Injects a fault, mostly on the owner of the meeting.
    pub(super) fn inject(&mut self) -> Result<(), String> {
        if self.database.weakness == Some(Weakness::ClockJumps) {
            let now = self.database_clock.at(self.now);
            (0..NODES).for_each(|node| self.database.expire(node, now));
        }
        let owner = (0..NODES).find(|node| self.nodes[*node].is_usable());
        let node = match owner {
            Some(owner) if self.rng.u8(..3) > 0 => owner,
            _ => self.rng.usize(..NODES),
        };
        let ways = [Way::Renewals, Way::Writes, Way::Rest];
        let way = ways[self.rng.usize(..ways.len())];
        match self.rng.u8(..12) {
            0 => self.kill(node),
            1 | 2 => {
                let until = self.later_ms(200, 15_000);
                self.suspend(node, until);
            }
            3 => {
                self.count("nodes without the database");
                let until = self.later_ms(300, 12_000);
                ways.iter().for_each(|way| self.link(node, *way).cut_until = until);
            }
            4 => {
                self.count("nodes without their renewals");
                self.link(node, Way::Renewals).cut_until = self.later_ms(2_000, 12_000);
            }
            5 => {
                self.count("slow ways to the database");
                self.link(node, way).slow_until = self.later_ms(500, 6_000);
            }
            6 => {
                self.count("slow ways from the database");
                self.link(node, way).slow_answers_until = self.later_ms(500, 6_000);
            }
            7 => {
                self.count("ways that lose answers");
                self.link(node, way).loses_answers_until = self.later_ms(500, 6_000);
            }
            8 => {
                self.count("ended sessions");
                self.database.end_all_sessions();
            }
            9 => {
                self.count("restarts of the database");
                self.database.end_all_sessions();
                self.database_down_until = self.later_ms(100, 8_000);
            }
            10 => return self.hand_over(node),
            _ => {
                self.count("late answers at the end of a lease");
                let until = self.later_ms(5_000, 10_000);
                self.link(node, Way::Renewals).cut_until = until;
                self.link(node, Way::Writes).slow_answers_until = until;
            }
        }
        Ok(())
    }

    fn later_ms(&mut self, least: u64, most: u64) -> Instant {
        self.now + Duration::from_millis(self.rng.u64(least..=most))
    }

    /// Gives the meeting to another node, as a node that is drained does.
    fn hand_over(&mut self, node: usize) -> Result<(), String> {
        let is_awake = self.nodes[node].suspended_until.is_none();
        let Some(owned) = self.nodes[node].owned.filter(|_| is_awake) else { return Ok(()) };
        if !self.nodes[node].is_usable() {
            return Ok(());
        }
        let to = (node + self.rng.usize(1..NODES)) % NODES;
        self.nodes[node].is_handing_over = true;
        self.nodes[node].writer.queue.push_back(Change::HandOver(owned.generation, to));
        self.write(node)
    }

    /// Kills the process of a node.
    fn kill(&mut self, node: usize) {
        if !self.nodes[node].is_running {
            return;
        }
        self.count("killed nodes");
        self.tell(|| format!("node {node} is killed"));
        let awaited = self.awaited.values().filter(|awaited| awaited.node == node);
        let mut sessions: Vec<_> = awaited.map(|awaited| awaited.session).collect();
        sessions.extend(self.nodes[node].writer.session.map(|(session, _)| session));
        for session in sessions {
            self.schedule_ms(0, 3_000, Event::EndSession(session));
        }
        for member in self.members.iter_mut().filter(|member| member.node == node) {
            if !member.client.server_ended {
                member.client.down.sender_died();
                member.server_ended();
            }
            (member.client.up.is_receiver_awake, member.client.down.is_sender_awake) = (true, true);
        }
        self.nodes[node].end();
        self.wake_all();
        self.schedule_ms(300, 8_000, Event::Start(node));
    }

    /// Suspends the process of a node.
    fn suspend(&mut self, node: usize, until: Instant) {
        if !self.nodes[node].is_running || self.nodes[node].suspended_until.is_some() {
            return;
        }
        self.count("suspended nodes");
        self.tell(|| format!("node {node} is suspended"));
        self.nodes[node].suspended_until = Some(until);
        self.set_awake(node, false);
        self.schedule(until, Event::Resume(node));
    }

    /// Resumes the process of a node that is still suspended.
    pub(super) fn resume(&mut self, node: usize) {
        // A process that was killed meanwhile has been replaced, and can be suspended again.
        if self.nodes[node].suspended_until.is_none_or(|until| until > self.now) {
            return;
        }
        self.tell(|| format!("node {node} resumes"));
        self.nodes[node].suspended_until = None;
        self.set_awake(node, true);
        self.wake_all();
    }

    fn set_awake(&mut self, node: usize, is_awake: bool) {
        for member in self.members.iter_mut().filter(|member| member.node == node) {
            member.client.up.is_receiver_awake = is_awake;
            member.client.down.is_sender_awake = is_awake;
        }
    }

    /// Ends all faults.
    pub(super) fn end_faults(&mut self) {
        self.tell(|| "the faults end".to_owned());
        let now = self.now;
        self.database_down_until = now;
        for node in 0..NODES {
            self.nodes[node].links = [Link::good(now); 3];
            if let Some(until) = &mut self.nodes[node].suspended_until {
                *until = now;
                self.schedule(now, Event::Resume(node));
            }
        }
    }
}
