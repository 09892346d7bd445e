use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use psom::Journal;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    config::ClusterConfig,
    database::Database,
    lease::{self, Clock, Lease},
    node::Node,
    statements::{
        AllMeetings, AllNodes, FindInvitation, Load, Locate, Meeting, NodeKey, Owners, Ownership,
        TakeOver,
    },
    tokens::{AddToken, FindToken, RevokeTokens, TakeToken},
    writer::PostgresWriter,
};
use crate::store::{
    error::Error,
    journal::{MeetingJournal, wait},
    meeting_store::{
        Claim, Durability, Health, MeetingStore, NodeState, Owner, StoreAnswer, StoredInvitation,
        StoredMeeting, StoredToken,
    },
    queue::Done,
};

/// A store in a PostgreSQL database that several servers use at the same time.
///
/// While the database cannot be reached, commits wait. If the lease ends meanwhile and another node takes
/// meetings over, their commits fail with [`JournalError::Moved`](psom::JournalError::Moved), and the
/// node continues with a new lease. Any other failure ends the store.
pub struct PostgresStore {
    pub(super) node: Arc<Node>,
    health: watch::Receiver<Health>,
    keeper: JoinHandle<()>,
}

impl PostgresStore {
    /// Opens the store as a node of the cluster, and creates the tables if there are none. The node owns no
    /// meetings at first.
    ///
    /// # Errors
    /// The URL is invalid, the database cannot be reached, refuses access, or is not configured for
    /// the durability.
    pub async fn open(config: ClusterConfig, durability: Durability) -> Result<Self, Error> {
        Self::open_at(config, durability, Arc::new(Instant::now)).await
    }

    /// Opens the store with another clock.
    pub(crate) async fn open_at(
        config: ClusterConfig,
        durability: Durability,
        clock: Clock,
    ) -> Result<Self, Error> {
        let database = Database::new(&config.url, &config.node, durability)?;
        database.prepare(durability).await?;
        let lease = Lease::register(&database, &config, clock).await?;
        let node = Arc::new(Node::new(config, database, lease));
        let (health, watched_health) = watch::channel(Health::Good);
        let writer = PostgresWriter { node: Arc::clone(&node), session: None, health };
        tokio::spawn(writer.run());
        let keeper = tokio::spawn(keep_lease(Arc::clone(&node)));
        Ok(Self { node, health: watched_health, keeper })
    }

    /// Stops renewing the lease, which tests use in place of a cut network. No renewal is under way
    /// afterwards.
    #[cfg(test)]
    pub(super) async fn stop_renewing(&mut self) {
        // The keeper sleeps after a renewal that has succeeded.
        self.node.lease.changed().await;
        self.keeper.abort();
        // An aborted task ends with an error.
        let _ = (&mut self.keeper).await;
    }

    /// Renews the lease again.
    #[cfg(test)]
    pub(super) fn resume_renewing(&mut self) {
        self.keeper = tokio::spawn(keep_lease(Arc::clone(&self.node)));
    }

    async fn claim_now(&self, meeting: &str) -> Result<Claim, Error> {
        let Node { config, database, lease, metrics, .. } = &*self.node;
        let incarnation = lease.incarnation();
        let by = NodeKey { node: &config.node, incarnation };
        let take_over = TakeOver { by, meeting };
        let (taken, found) = database.run("take a meeting over", &take_over).await?;
        if taken {
            metrics.take_overs.fetch_add(1, Ordering::Relaxed);
        }
        match found {
            Ownership::NoMeeting => Err(Error::NoMeeting(meeting.into())),
            Ownership::Node { owner, incarnation: of, epoch } if owner.node == config.node => {
                if of != lease.incarnation() {
                    return Err(Error::Moved(meeting.into()));
                }
                self.node.adopt(meeting, epoch);
                Ok(Claim::Owned)
            }
            Ownership::Node { owner, .. } => Ok(Claim::Elsewhere(owner)),
            // The node that was the owner has died meanwhile, or this one has.
            Ownership::Free => Err(Error::Moved(meeting.into())),
        }
    }
}

/// Renews the lease of a node. If another process takes the node's name, the store ends.
async fn keep_lease(node: Arc<Node>) {
    let error = node.lease.keep(&node.database, &node.config, || node.lose_all()).await;
    tracing::error!(%error, "the store has failed");
    node.queue.fail(&error);
}

impl MeetingStore for PostgresStore {
    fn meetings(&self) -> StoreAnswer<'_, Vec<StoredMeeting>> {
        Box::pin(async move {
            wait(self.node.queue.barrier()?).await?;
            let meetings = self.node.database.run("read the meetings", &AllMeetings).await?;
            meetings.into_iter().map(|read| read.map_err(Error::Meeting)).collect()
        })
    }

    fn create(&self, meeting: StoredMeeting) -> StoreAnswer<'_, ()> {
        answer(self.node.queue.create(meeting))
    }

    fn delete(&self, meeting: &str) -> StoreAnswer<'_, ()> {
        answer(self.node.queue.delete(meeting))
    }

    fn claim(&self, meeting: &str) -> StoreAnswer<'_, Claim> {
        let meeting = meeting.to_owned();
        Box::pin(async move {
            wait(self.node.queue.barrier()?).await?;
            self.claim_now(&meeting).await
        })
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn owns(&self, meeting: &str) -> bool {
        self.node.queue.generation(meeting).is_some()
    }

    fn losses(&self) -> watch::Receiver<u64> {
        self.node.losses.subscribe()
    }

    fn find_invitation(&self, key: &str) -> StoreAnswer<'_, Option<StoredInvitation>> {
        let key = key.to_owned();
        Box::pin(async move {
            let find = FindInvitation { key: &key };
            self.node.database.run("look for an invitation", &find).await
        })
    }

    fn add_token(&self, token: StoredToken, replaced: Option<String>) -> StoreAnswer<'_, ()> {
        Box::pin(async move {
            let add = AddToken { token: &token, replaced: replaced.as_deref() };
            self.node.database.run("save a join token", &add).await
        })
    }

    fn find_token(&self, token: &str) -> StoreAnswer<'_, Option<String>> {
        let token = token.to_owned();
        Box::pin(async move {
            self.node.database.run("look for a join token", &FindToken(&token)).await
        })
    }

    fn take_token(&self, token: &str) -> StoreAnswer<'_, Option<String>> {
        let token = token.to_owned();
        Box::pin(
            async move { self.node.database.run("take a join token", &TakeToken(&token)).await },
        )
    }

    fn revoke_tokens(&self, invitation: &str) -> StoreAnswer<'_, ()> {
        let revoke = RevokeTokens(invitation.to_owned());
        Box::pin(async move { self.node.database.run("revoke join tokens", &revoke).await })
    }

    fn owners(&self, meetings: Vec<String>) -> StoreAnswer<'_, BTreeMap<String, String>> {
        Box::pin(async move {
            self.node.database.run("look for the owners of meetings", &Owners(&meetings)).await
        })
    }

    fn hand_over(&self, meeting: &str, to: Option<&str>) -> StoreAnswer<'_, ()> {
        answer(self.node.queue.hand_over(meeting, to.map(str::to_owned)))
    }

    fn locate(&self, meeting: &str) -> StoreAnswer<'_, Option<Owner>> {
        let meeting = meeting.to_owned();
        Box::pin(async move {
            let locate = Locate(&meeting);
            match self.node.database.run("look for the owner of a meeting", &locate).await? {
                Ownership::NoMeeting => Err(Error::NoMeeting(meeting)),
                // This node does not know its meetings of an earlier start.
                Ownership::Node { owner, .. } if owner.node != self.node.config.node => {
                    Ok(Some(owner))
                }
                Ownership::Node { .. } | Ownership::Free => Ok(None),
            }
        })
    }

    fn other_node(&self) -> StoreAnswer<'_, Option<Owner>> {
        Box::pin(async move {
            let nodes = self.nodes().await?.into_iter();
            let others = nodes
                .filter(|other| !other.is_draining && other.node.node != self.node.config.node);
            Ok(others.min_by_key(|other| other.meetings).map(|other| other.node))
        })
    }

    fn set_draining(&self, is_draining: bool) -> StoreAnswer<'_, ()> {
        let Node { config, database, lease, .. } = &*self.node;
        Box::pin(lease.set_draining(database, &config.node, is_draining))
    }

    fn nodes(&self) -> StoreAnswer<'_, Vec<NodeState>> {
        Box::pin(async move { self.node.database.run("read the nodes", &AllNodes).await })
    }

    fn node_name(&self) -> Option<&str> {
        Some(&self.node.config.node)
    }

    fn counters(&self) -> [Vec<(&'static str, &'static str, u64)>; 2] {
        self.node.numbers()
    }

    fn meeting(&self, id: &str) -> StoreAnswer<'_, StoredMeeting> {
        let id = id.to_owned();
        Box::pin(async move {
            let found = self.node.database.run("read a meeting", &Meeting { id: &id }).await?;
            found.ok_or(Error::NoMeeting(id))?.map_err(Error::Meeting)
        })
    }

    fn load(&self, meeting: &str) -> StoreAnswer<'_, BTreeMap<String, String>> {
        let meeting = meeting.to_owned();
        Box::pin(async move {
            if self.node.queue.generation(&meeting).is_none() {
                return Err(Error::NoMeeting(meeting));
            }
            wait(self.node.queue.barrier()?).await?;
            let load = Load { meeting: &meeting };
            let rows = self.node.database.run("read a meeting", &load).await?;
            let damaged = |key| Error::Entry { meeting: meeting.clone(), key };
            rows.into_iter().map(|read| read.map_err(damaged)).collect()
        })
    }

    fn journal(&self, meeting: &str) -> Arc<dyn Journal> {
        Arc::new(MeetingJournal::new(Arc::clone(&self.node.queue), meeting))
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    fn close(&self) -> StoreAnswer<'_, ()> {
        Box::pin(async move {
            self.node.queue.end(Error::Closed);
            let mut writer = self.health.clone();
            while writer.changed().await.is_ok() {}
            // Stop renewing only after the last commit, which needs the lease.
            self.keeper.abort();
            let Node { config, database, lease, .. } = &*self.node;
            let end = lease::End(&config.node, lease.incarnation());
            let ended = database.run("end the lease of this node", &end).await;
            database.close().await;
            match self.node.queue.end(Error::Closed) {
                Error::Closed => ended,
                failure => Err(failure),
            }
        })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.node.queue.end(Error::Closed);
        self.keeper.abort();
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("node", &self.node.config.node)
            .finish_non_exhaustive()
    }
}

/// Waits for a change that is in the queue already.
fn answer(queued: Result<Done, Error>) -> StoreAnswer<'static, ()> {
    Box::pin(async move { wait(queued?).await })
}
