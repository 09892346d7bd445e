//! The writer of a node: the only task that changes the meetings of the node in the database.
//!
//! Every statement can be repeated. After an obstacle, the writer repeats the statement on a new session,
//! which must become the only writer of the node first. It acknowledges only while the lease allows it;
//! otherwise it waits until the lease is renewed and then repeats the statement, because another node can
//! have taken the meetings over meanwhile.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use sqlx::{Connection as _, PgConnection};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    database::{ANSWER_TIMEOUT, Statement},
    failure,
    group::WriteGroup,
    lease::become_writer,
    lease_rules::{Attempts, Incarnation},
    node::Node,
    statements::{Commit, Create, Delete, FIRST_EPOCH, HandOver, NodeKey},
};
use crate::store::{
    error::Error,
    meeting_store::{Health, StoredMeeting},
    queue::{Generation, QueuedChange, StoreChange},
};

pub(super) struct PostgresWriter {
    pub(super) node: Arc<Node>,
    /// The session, and the incarnation for which it is the writer.
    pub(super) session: Option<(PgConnection, Incarnation)>,
    /// The end of this channel shows that the writer has ended.
    pub(super) health: watch::Sender<Health>,
}

impl PostgresWriter {
    /// Writes until the queue ends.
    pub(super) async fn run(mut self) {
        while let Some(group) = self.node.queue.take().await {
            if let Err(error) = self.write(group).await {
                tracing::error!(%error, "the store has failed");
                self.node.queue.fail(&error);
            }
        }
        if let error @ (Error::NodeTaken(_) | Error::Cluster { .. }) =
            self.node.queue.end(Error::Closed)
        {
            self.health.send_replace(Health::Failed(error));
        }
        if let Some((connection, _)) = self.session.take() {
            // Everything is committed, so a failure does not matter.
            let _ = connection.close().await;
        }
    }

    /// Writes a group of changes in their order, and answers each of them. Commits that follow each other
    /// are one statement.
    async fn write(&mut self, group: Vec<QueuedChange>) -> Result<(), Error> {
        let mut failure = None;
        let mut commits = Vec::new();
        for queued in group {
            if matches!(queued.change, StoreChange::Commit(..)) {
                commits.push(queued);
                continue;
            }
            self.write_commits(&mut commits, &mut failure).await;
            let result = match (&failure, &queued.change) {
                (Some(error), _) => Err(Error::clone(error)),
                (None, StoreChange::Create(meeting, generation)) => {
                    self.create(meeting, *generation).await
                }
                (None, StoreChange::Delete(meeting, generation)) => {
                    self.delete(meeting, *generation).await
                }
                (None, StoreChange::HandOver(meeting, generation, to)) => {
                    self.hand_over(meeting, *generation, to.as_deref()).await
                }
                (None, _) => Ok(()),
            };
            if let Err(error @ Error::Cluster { .. }) = &result {
                failure.get_or_insert_with(|| error.clone());
            }
            // Sending fails if the caller has stopped waiting.
            let _ = queued.done.send(result);
        }
        self.write_commits(&mut commits, &mut failure).await;
        failure.map_or(Ok(()), Err)
    }

    /// Commits writes in one statement, and answers them.
    async fn write_commits(
        &mut self,
        commits: &mut Vec<QueuedChange>,
        failure: &mut Option<Error>,
    ) {
        if commits.is_empty() {
            return;
        }
        let result = match failure {
            Some(error) => Err(error.clone()),
            None => self.commit(commits).await,
        };
        if let Err(error) = &result {
            failure.get_or_insert_with(|| error.clone());
        }
        for queued in commits.drain(..) {
            let StoreChange::Commit(meeting, generation, _) = &queued.change else { continue };
            let result = match &result {
                Ok(passed) if passed.contains(&(meeting.to_string(), *generation)) => Ok(()),
                Ok(_) => {
                    self.node.lose(meeting, *generation);
                    Err(Error::Moved(meeting.to_string()))
                }
                Err(error) => Err(error.clone()),
            };
            // Sending fails if the caller has stopped waiting.
            let _ = queued.done.send(result);
        }
    }

    /// Commits writes in one statement, and returns the meetings that passed the fence.
    async fn commit(
        &mut self,
        commits: &[QueuedChange],
    ) -> Result<HashSet<(String, Generation)>, Error> {
        let (mut group, mut sent) = (WriteGroup::default(), HashSet::new());
        for queued in commits {
            let StoreChange::Commit(meeting, generation, writes) = &queued.change else { continue };
            let Some(epoch) = self.node.epoch(meeting, *generation) else { continue };
            group.add(meeting, epoch, writes);
            sent.insert((meeting.to_string(), *generation));
        }
        if group.is_empty() {
            return Ok(HashSet::new());
        }
        let (arrays, started) = (group.arrays(), Instant::now());
        let node = Arc::clone(&self.node);
        let commit = Commit { by: node.key(), arrays: &arrays };
        let action = "save the changes of meetings";
        let Some(passed) = self.fenced(action, commit.by, &commit).await? else {
            return Ok(HashSet::new());
        };
        if !passed.is_empty() {
            node.metrics.count_commit(started.elapsed());
        }
        let passed: HashSet<String> = passed.into_iter().collect();
        let fenced = arrays.meetings.len().saturating_sub(passed.len()) as u64;
        node.metrics.fenced.fetch_add(fenced, Ordering::Relaxed);
        sent.retain(|(meeting, _)| passed.contains(meeting));
        Ok(sent)
    }

    async fn create(
        &mut self,
        meeting: &StoredMeeting,
        generation: Generation,
    ) -> Result<(), Error> {
        let node = Arc::clone(&self.node);
        let create = Create { by: node.key(), meeting };
        match self.fenced("create a meeting", create.by, &create).await {
            Ok(Some(true)) => {
                self.node.own(&meeting.id, generation, FIRST_EPOCH);
                Ok(())
            }
            refused => {
                self.node.queue.forget(&meeting.id, generation);
                refused?;
                Err(Error::Exists(meeting.id.clone()))
            }
        }
    }

    async fn delete(&mut self, meeting: &str, generation: Generation) -> Result<(), Error> {
        let Some(epoch) = self.node.epoch(meeting, generation) else {
            return Err(Error::Moved(meeting.into()));
        };
        let node = Arc::clone(&self.node);
        let delete = Delete { by: node.key(), meeting, epoch };
        let deleted = self.fenced("delete a meeting", delete.by, &delete).await?;
        self.node.lose(meeting, generation);
        if deleted == Some(true) { Ok(()) } else { Err(Error::Moved(meeting.into())) }
    }

    /// Gives a meeting to another node, or to none.
    async fn hand_over(
        &mut self,
        meeting: &str,
        generation: Generation,
        to: Option<&str>,
    ) -> Result<(), Error> {
        let Some(epoch) = self.node.epoch(meeting, generation) else {
            return Err(Error::Moved(meeting.into()));
        };
        let node = Arc::clone(&self.node);
        let by = node.key();
        let mut handed_over = false;
        // Without a living successor, the meeting is free.
        for to in to.map(Some).into_iter().chain([None]) {
            let statement = HandOver { by, meeting, epoch, to };
            match self.fenced("hand a meeting over", by, &statement).await? {
                Some(false) => {}
                handed => {
                    handed_over = handed.is_some();
                    break;
                }
            }
        }
        // Before the node disowns the meeting, so that a reader of the metrics never misses the meeting.
        node.metrics.hand_overs.fetch_add(u64::from(handed_over), Ordering::Relaxed);
        node.disown(meeting, generation);
        if handed_over { Ok(()) } else { Err(Error::Moved(meeting.into())) }
    }

    /// Runs a statement until it has succeeded and the lease allows acknowledging it, or the lease is lost.
    /// Returns `None` if it is lost.
    async fn fenced<S: Statement>(
        &mut self,
        action: &'static str,
        NodeKey { incarnation, .. }: NodeKey<'_>,
        statement: &S,
    ) -> Result<Option<S::Answer>, Error> {
        let node = Arc::clone(&self.node);
        let mut attempts = Attempts::new(incarnation);
        loop {
            if !attempts.may_run(node.lease.state()) {
                return Ok(None);
            }
            let result = timeout(ANSWER_TIMEOUT, self.attempt(incarnation, statement)).await;
            match result.unwrap_or_else(|_| Err(failure::timed_out())) {
                Ok(value) if attempts.may_acknowledge(node.lease.state(), node.lease.now()) => {
                    self.health.send_if_modified(|health| {
                        let was_waiting = matches!(health, Health::Waiting(_));
                        *health = Health::Good;
                        was_waiting
                    });
                    return Ok(Some(value));
                }
                Ok(_) => node.lease.changed().await,
                Err(error) => {
                    let Some(obstacle) = failure::obstacle(&error) else {
                        return Err(failure::error(action, error));
                    };
                    if self.health.send_if_modified(|health| {
                        let is_known =
                            matches!(health, Health::Waiting(known) if *known == obstacle);
                        *health = Health::Waiting(obstacle);
                        !is_known
                    }) {
                        tracing::warn!(%error, "the store and its meetings wait: {obstacle}");
                    }
                    sleep(attempts.retry_delay()).await;
                }
            }
        }
    }

    /// Runs a statement once. A session whose statement has failed or was dropped is not used again.
    async fn attempt<S: Statement>(
        &mut self,
        incarnation: Incarnation,
        statement: &S,
    ) -> sqlx::Result<S::Answer> {
        let session = self.session.take().filter(|(_, of)| *of == incarnation);
        let mut connection = match session {
            Some((connection, _)) => connection,
            None => {
                let mut connection = self.node.database.connect().await?;
                if !become_writer(&mut connection, incarnation).await? {
                    return Err(failure::timed_out());
                }
                connection
            }
        };
        let value = statement.run(&mut connection).await?;
        self.session = Some((connection, incarnation));
        Ok(value)
    }
}
