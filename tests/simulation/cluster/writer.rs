//! The writer of a node: `PostgresWriter` of the real store.

use psom::{error::JournalError, hub::Input};

use super::{
    database::Weakness,
    lease_rules::Attempts,
    node::{Change, Generation, Group, GroupKind, Owned, Way},
    statement::{Answer, Purpose, Statement},
    world::{Event, Side, World},
};

impl World<'_> {
    /// Begins the next statement of a node's writer, unless one is under way.
    pub(super) fn write(&mut self, node: usize) -> Result<(), String> {
        while self.nodes[node].writer.group.is_none() {
            let Some(change) = self.nodes[node].writer.queue.pop_front() else { return Ok(()) };
            match change {
                Change::Commit(generation, writes) => {
                    self.begin_commits(node, generation, writes)?;
                }
                Change::HandOver(generation, to) => {
                    match self.nodes[node].owned.filter(|owned| owned.generation == generation) {
                        Some(owned) => {
                            self.begin(node, owned, GroupKind::HandOver(Some(to)))?;
                        }
                        None => self.nodes[node].is_handing_over = false,
                    }
                }
                Change::Claim => self.send_claim(node),
                Change::Load => self.send_load(node),
            }
        }
        Ok(())
    }

    /// Begins the statement of a commit, and of those of the same run of the meeting that follow it.
    fn begin_commits(
        &mut self,
        node: usize,
        generation: Generation,
        mut writes: Vec<psom::Write>,
    ) -> Result<(), String> {
        let Some(owned) = self.nodes[node].owned.filter(|owned| owned.generation == generation)
        else {
            return self.answer_commits(node, generation, 1, false);
        };
        let queue = &mut self.nodes[node].writer.queue;
        let mut count = 1;
        while let Some(Change::Commit(_, more)) = queue
            .front_mut()
            .filter(|next| matches!(next, Change::Commit(of, _) if *of == generation))
        {
            writes.append(more);
            queue.pop_front();
            count += 1;
        }
        self.begin(node, owned, GroupKind::Commits(count, writes))
    }

    fn begin(&mut self, node: usize, owned: Owned, kind: GroupKind) -> Result<(), String> {
        let Some(by) = self.nodes[node].key(node) else { return Ok(()) };
        self.nodes[node].writer.group = Some(Group {
            attempts: Attempts::new(by.1),
            by,
            owned,
            kind: kind.clone(),
            waits_for_lease: false,
            is_acknowledged: false,
        });
        if let GroupKind::Commits(count, _) = kind
            && self.database.weakness == Some(Weakness::EarlyAcknowledgement)
        {
            if let Some(group) = &mut self.nodes[node].writer.group {
                group.is_acknowledged = true;
            }
            self.answer_commits(node, owned.generation, count, true)?;
        }
        self.attempt(node)
    }

    /// Sends the statement of the group, on a session that is the only writer.
    pub(super) fn attempt(&mut self, node: usize) -> Result<(), String> {
        let Some(lease) = self.nodes[node].lease else { return Ok(()) };
        let Some(group) = &self.nodes[node].writer.group else { return Ok(()) };
        if !group.attempts.may_run(lease) {
            return self.finish_group(node, false);
        }
        let incarnation = group.by.1;
        let session = self.nodes[node].writer.session.filter(|(_, of)| *of == incarnation);
        let (session, statement) = match session {
            None => (None, Statement::BecomeWriter(incarnation)),
            Some((session, _)) => {
                let (by, epoch) = (group.by, group.owned.epoch);
                let statement = match &group.kind {
                    GroupKind::Commits(_, writes) => Statement::Commit(by, epoch, writes.clone()),
                    GroupKind::HandOver(to) => Statement::HandOver(by, epoch, *to),
                };
                (Some(session), statement)
            }
        };
        let request = self.send(node, Way::Writes, session, statement, Purpose::Write);
        self.nodes[node].writer.request = Some(request);
        Ok(())
    }

    pub(super) fn on_written(
        &mut self,
        node: usize,
        request: u64,
        session: u64,
        answer: &Answer,
    ) -> Result<(), String> {
        let (now, process) = (self.time_of(node), self.nodes[node].process);
        let Some(lease) = self.nodes[node].lease else { return Ok(()) };
        let writer = &mut self.nodes[node].writer;
        if writer.request != Some(request) {
            return Ok(());
        }
        writer.request = None;
        let Some(group) = &mut writer.group else { return Ok(()) };
        match answer {
            Answer::IsWriter(true) => {
                writer.session = Some((session, group.by.1));
                self.attempt(node)
            }
            Answer::Written(has_passed) => {
                if group.attempts.may_acknowledge(lease, now) {
                    self.finish_group(node, *has_passed)
                } else {
                    group.waits_for_lease = true;
                    self.count("results that wait for the lease");
                    Ok(())
                }
            }
            _ => {
                // The statement can have run, and its session is not used again.
                writer.session = None;
                let delay = group.attempts.retry_delay();
                self.schedule_by(node, delay, Event::RetryWrite(node, process));
                Ok(())
            }
        }
    }

    /// Handles the final result of a statement.
    fn finish_group(&mut self, node: usize, has_passed: bool) -> Result<(), String> {
        let Some(group) = self.nodes[node].writer.group.take() else { return Ok(()) };
        let owns = |owned: Option<Owned>| owned == Some(group.owned);
        match group.kind {
            GroupKind::Commits(count, _) => {
                if !has_passed && owns(self.nodes[node].owned) {
                    self.nodes[node].owned = None;
                }
                if has_passed && self.acknowledgements.note(node, group.owned.epoch)? {
                    self.count("owners that acknowledged");
                }
                if !group.is_acknowledged {
                    self.answer_commits(node, group.owned.generation, count, has_passed)?;
                }
            }
            // Without a living successor, the meeting is free.
            GroupKind::HandOver(Some(_))
                if !has_passed
                    && self.nodes[node]
                        .lease
                        .is_some_and(|lease| group.attempts.may_run(lease)) =>
            {
                return self.begin(node, group.owned, GroupKind::HandOver(None));
            }
            GroupKind::HandOver(_) => {
                if owns(self.nodes[node].owned) {
                    self.nodes[node].owned = None;
                }
                self.nodes[node].is_handing_over = false;
                self.end_meeting(node)?;
            }
        }
        self.write(node)
    }

    /// Passes the results of commits to the hub.
    fn answer_commits(
        &mut self,
        node: usize,
        generation: Generation,
        count: usize,
        is_safe: bool,
    ) -> Result<(), String> {
        for _ in 0..count {
            if self.generation(node) != Some(generation) {
                break;
            }
            let result = if is_safe { Ok(()) } else { Err(JournalError::Moved) };
            self.input(Side::Node(node), Input::Committed(result))?;
        }
        Ok(())
    }
}
