//! The state of a node that its writer, its lease and its store share.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{config::ClusterConfig, database::Database, lease::Lease, statements::NodeKey};
use crate::{
    shared::lock::lock,
    store::queue::{Generation, WriteQueue},
};

/// A node of a cluster.
pub(super) struct Node {
    pub(super) config: ClusterConfig,
    pub(super) database: Database,
    pub(super) lease: Lease,
    pub(super) queue: Arc<WriteQueue>,
    owned: Mutex<HashMap<String, Owned>>,
    pub(super) metrics: ClusterMetrics,
    /// Counts the occasions on which the node lost meetings.
    pub(super) losses: watch::Sender<u64>,
}

/// A meeting that the node owns. The epoch changes with each take-over. The generation
/// distinguishes the journals of this process.
#[derive(Debug, Clone, Copy)]
struct Owned {
    generation: Generation,
    epoch: i64,
}

/// The counters of a node.
#[derive(Debug, Default)]
pub(super) struct ClusterMetrics {
    pub(super) commits: AtomicU64,
    pub(super) commit_micros: AtomicU64,
    pub(super) fenced: AtomicU64,
    pub(super) take_overs: AtomicU64,
    pub(super) hand_overs: AtomicU64,
    pub(super) lost_leases: AtomicU64,
}

impl ClusterMetrics {
    /// Returns the names, descriptions and values of the counters.
    pub(super) fn read(&self) -> Vec<(&'static str, &'static str, u64)> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            ("commits_total", "Groups of commits that were saved.", read(&self.commits)),
            (
                "commit_microseconds_total",
                "Time that the groups of commits took, in microseconds.",
                read(&self.commit_micros),
            ),
            (
                "fenced_commits_total",
                "Commits that were refused because another node owns the meeting.",
                read(&self.fenced),
            ),
            ("take_overs_total", "Meetings that this node has taken over.", read(&self.take_overs)),
            ("hand_overs_total", "Meetings that this node has given away.", read(&self.hand_overs)),
            ("lost_leases_total", "Leases that this node has lost.", read(&self.lost_leases)),
        ]
    }

    pub(super) fn count_commit(&self, duration: Duration) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Node {
    pub(super) fn new(config: ClusterConfig, database: Database, lease: Lease) -> Self {
        let (owned, metrics) = (Mutex::default(), ClusterMetrics::default());
        let losses = watch::Sender::new(0);
        Self {
            config,
            database,
            lease,
            queue: Arc::new(WriteQueue::shared()),
            owned,
            metrics,
            losses,
        }
    }

    /// Returns the node in its current incarnation.
    pub(super) fn key(&self) -> NodeKey<'_> {
        NodeKey { node: &self.config.node, incarnation: self.lease.incarnation() }
    }

    /// Returns the epoch of a meeting, if the node still owns it in this generation.
    pub(super) fn epoch(&self, meeting: &str, generation: Generation) -> Option<i64> {
        let owned = lock(&self.owned).get(meeting).copied()?;
        (owned.generation == generation).then_some(owned.epoch)
    }

    /// Records that the node owns a meeting.
    pub(super) fn own(&self, meeting: &str, generation: Generation, epoch: i64) {
        lock(&self.owned).insert(meeting.into(), Owned { generation, epoch });
    }

    /// Records that the node has taken a meeting over, unless it knew that already.
    pub(super) fn adopt(&self, meeting: &str, epoch: i64) {
        let mut owned = lock(&self.owned);
        if owned.get(meeting).is_some_and(|owned| owned.epoch == epoch) {
            return;
        }
        let generation = self.queue.adopt(meeting);
        owned.insert(meeting.into(), Owned { generation, epoch });
    }

    /// Records that the node does not own a meeting any more.
    pub(super) fn lose(&self, meeting: &str, generation: Generation) {
        self.queue.forget(meeting, generation);
        let mut owned = lock(&self.owned);
        if owned.get(meeting).is_some_and(|owned| owned.generation == generation) {
            owned.remove(meeting);
            self.losses.send_modify(|losses| *losses += 1);
        }
    }

    /// Records that the node has given a meeting away, which is no loss.
    pub(super) fn disown(&self, meeting: &str, generation: Generation) {
        self.queue.forget(meeting, generation);
        let mut owned = lock(&self.owned);
        if owned.get(meeting).is_some_and(|owned| owned.generation == generation) {
            owned.remove(meeting);
        }
    }

    /// Returns the number of meetings that the node owns.
    fn owned(&self) -> u64 {
        lock(&self.owned).len() as u64
    }

    /// Returns the names, descriptions and values of the node's numbers. The second list goes up and down.
    pub(super) fn numbers(&self) -> [Vec<(&'static str, &'static str, u64)>; 2] {
        let lease_left = self.lease.time_left().as_millis();
        let gauges = vec![
            ("owned_meetings", "Meetings that this node owns.", self.owned()),
            (
                "lease_milliseconds",
                "Time for which this node may acknowledge without another renewal of its lease.",
                u64::try_from(lease_left).unwrap_or(u64::MAX),
            ),
        ];
        [self.metrics.read(), gauges]
    }

    /// Records that the node has lost its lease, and with it all of its meetings.
    pub(super) fn lose_all(&self) {
        self.metrics.lost_leases.fetch_add(1, Ordering::Relaxed);
        let owned: Vec<_> = lock(&self.owned).drain().collect();
        for (meeting, Owned { generation, .. }) in owned {
            self.queue.forget(&meeting, generation);
        }
        self.losses.send_modify(|losses| *losses += 1);
    }
}
