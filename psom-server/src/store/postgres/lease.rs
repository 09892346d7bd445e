//! The lease of a node: a row that the node renews. A node is dead when its row is gone.
//!
//! - A lease lasts [`LEASE_DURATION`] by the clock of the database. A node that claims a meeting of another
//!   node first deletes the rows of all expired leases. The deletion waits for a renewal that is
//!   under way and then reads the row again. So a lease is either renewed or lost, and a lost lease
//!   never becomes valid again.
//! - The node acknowledges nothing from [`ACKNOWLEDGE_TIME`] after the start of its last renewal that
//!   succeeded, by its own monotonic clock (`lease_rules`). This is not later than the end of the lease by the
//!   clock of the database, unless the clock of the node is slower than 70 % of the database's.
//! - A process that starts gets a new incarnation in its row. That ends the leases of the earlier process,
//!   which the lock on the data directory has shown to be gone.
//!
//! After an outage of the database, a node whose row still exists continues with all of its meetings.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{PgConnection, Row as _, query};
use tokio::{sync::watch, time::sleep};

use super::{
    config::ClusterConfig,
    database::{ADVISORY_LOCK_CLASS, Database, Statement},
    lease_rules::{ACKNOWLEDGE_TIME, Incarnation, LEASE_DURATION, LeaseState, RENEWAL_RETRY_DELAY},
};
use crate::store::error::Error;

/// The monotonic clock of a node. Tests replace it.
pub(crate) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// A node's knowledge about its own lease.
pub(super) struct Lease {
    state: watch::Sender<LeaseState>,
    clock: Clock,
    is_draining: AtomicBool,
}

impl Lease {
    /// Registers a node, and returns its lease.
    pub(super) async fn register(
        database: &Database,
        config: &ClusterConfig,
        clock: Clock,
    ) -> Result<Self, Error> {
        let renewed = clock();
        let incarnation = database.run("register this node", &Register(config, false)).await?;
        let state = watch::Sender::new(renewed_lease(incarnation, renewed));
        Ok(Self { state, clock, is_draining: AtomicBool::new(false) })
    }

    /// Returns what the node knows about its lease now.
    pub(super) fn state(&self) -> LeaseState {
        *self.state.borrow()
    }

    pub(super) fn incarnation(&self) -> Incarnation {
        self.state().incarnation()
    }

    /// Returns the time by the monotonic clock of the node.
    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Returns the time for which the node may acknowledge without another renewal.
    pub(super) fn time_left(&self) -> Duration {
        self.state().time_left(self.now())
    }

    /// Announces whether the node hands its meetings over. A later lease announces the same.
    pub(super) async fn set_draining(
        &self,
        database: &Database,
        node: &str,
        is_draining: bool,
    ) -> Result<(), Error> {
        self.is_draining.store(is_draining, Ordering::Relaxed);
        let statement = SetDraining(node, self.incarnation(), is_draining);
        database.run("announce that this node is draining", &statement).await
    }

    /// Waits until the lease has been renewed or lost.
    pub(super) async fn changed(&self) {
        // The sender is a part of this value, so this does not fail.
        let _ = self.state.subscribe().changed().await;
    }

    /// Renews the lease until another process takes the node's name, and then returns that error.
    /// `lost` is called after a lease was lost, before the node registers again.
    pub(super) async fn keep(
        &self,
        database: &Database,
        config: &ClusterConfig,
        mut lost: impl FnMut(),
    ) -> Error {
        let mut connection = None;
        loop {
            let renewed = self.now();
            let incarnation = self.incarnation();
            match renew(database, &mut connection, config, incarnation).await {
                Ok(true) => {
                    self.state.send_replace(renewed_lease(incarnation, renewed));
                    sleep(self.state().until_next_renewal(self.now())).await;
                }
                Ok(false) => match self.replace(database, config, &mut lost).await {
                    Ok(()) => {}
                    Err(error @ Error::NodeTaken(_)) => return error,
                    Err(error) => {
                        tracing::warn!(%error, "could not register this node again");
                        sleep(RENEWAL_RETRY_DELAY).await;
                    }
                },
                Err(error) => {
                    tracing::warn!(%error, "could not renew the lease of this node");
                    sleep(RENEWAL_RETRY_DELAY).await;
                }
            }
        }
    }

    /// Registers the node again after its lease was lost.
    async fn replace(
        &self,
        database: &Database,
        config: &ClusterConfig,
        lost: &mut impl FnMut(),
    ) -> Result<(), Error> {
        if database.run("look for this node", &Exists(&config.node)).await? {
            return Err(Error::NodeTaken(config.node.clone()));
        }
        tracing::warn!(node = config.node, "lost the lease of this node, and with it its meetings");
        lost();
        let renewed = self.now();
        let register = Register(config, self.is_draining.load(Ordering::Relaxed));
        let incarnation = database.run("register this node", &register).await?;
        self.state.send_replace(renewed_lease(incarnation, renewed));
        Ok(())
    }
}

fn renewed_lease(incarnation: Incarnation, renewed: Instant) -> LeaseState {
    LeaseState::new(incarnation, renewed, ACKNOWLEDGE_TIME)
}

/// Returns [`LEASE_DURATION`] as an interval of SQL.
fn lease_interval() -> String {
    format!("{} seconds", LEASE_DURATION.as_secs_f64())
}

/// Writes the row of a node with a new incarnation.
pub(super) struct Register<'a>(pub(super) &'a ClusterConfig, pub(super) bool);

impl Statement for Register<'_> {
    type Answer = Incarnation;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Incarnation> {
        let ClusterConfig { node, address, http, .. } = self.0;
        let row = query(
            "INSERT INTO nodes (id, incarnation, address, http, expires, draining) \
             VALUES ($1, nextval('incarnations')::integer, $2, $3, \
                     clock_timestamp() + $4::text::interval, $5) \
             ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation, \
                 address = excluded.address, http = excluded.http, expires = excluded.expires, \
                 draining = excluded.draining \
             RETURNING incarnation",
        )
        .bind(node)
        .bind(address)
        .bind(http)
        .bind(lease_interval())
        .bind(self.1)
        .fetch_one(connection)
        .await?;
        row.try_get(0)
    }
}

/// Changes whether a node is draining.
struct SetDraining<'a>(&'a str, Incarnation, bool);

impl Statement for SetDraining<'_> {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let sql = "UPDATE nodes SET draining = $3 WHERE id = $1 AND incarnation = $2";
        let setting = query(sql).bind(self.0).bind(self.1).bind(self.2);
        setting.execute(connection).await.map(drop)
    }
}

/// Reports whether a node with this name has a row.
struct Exists<'a>(&'a str);

impl Statement for Exists<'_> {
    type Answer = bool;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        let row = query("SELECT id FROM nodes WHERE id = $1").bind(self.0);
        Ok(row.fetch_optional(connection).await?.is_some())
    }
}

/// Renews a lease. Returns `false` if it was lost.
async fn renew(
    database: &Database,
    slot: &mut Option<PgConnection>,
    config: &ClusterConfig,
    incarnation: Incarnation,
) -> sqlx::Result<bool> {
    // A connection whose statement has failed is not used again.
    let mut connection = match slot.take() {
        Some(connection) => connection,
        None => database.connect().await?,
    };
    let renewing = renew_on(&mut connection, &config.node, incarnation);
    let renewed = tokio::time::timeout(ACKNOWLEDGE_TIME, renewing).await;
    let renewed = renewed.unwrap_or_else(|_| Err(super::failure::timed_out()))?;
    *slot = Some(connection);
    Ok(renewed)
}

/// Renews a lease on a connection. Returns `false` if it was lost.
pub(super) async fn renew_on(
    connection: &mut PgConnection,
    node: &str,
    incarnation: Incarnation,
) -> sqlx::Result<bool> {
    let sql = "UPDATE nodes SET expires = clock_timestamp() + $3::text::interval \
               WHERE id = $1 AND incarnation = $2";
    let renewing = query(sql).bind(node).bind(incarnation).bind(lease_interval());
    Ok(renewing.execute(connection).await?.rows_affected() == 1)
}

/// Deletes the rows of nodes whose leases have expired, and ends the sessions with which they write: a
/// node that froze in the middle of a statement could keep its locks.
pub(super) async fn bury(connection: &mut PgConnection) -> sqlx::Result<()> {
    let sql = "DELETE FROM nodes WHERE expires <= clock_timestamp() RETURNING id, incarnation";
    for row in query(sql).fetch_all(&mut *connection).await? {
        let (node, incarnation): (String, Incarnation) = (row.try_get(0)?, row.try_get(1)?);
        tracing::warn!(node, "the lease of a node has expired; its meetings can be taken over");
        end_writers(connection, incarnation).await?;
    }
    Ok(())
}

/// Makes a session the only one that writes for a node in this incarnation. If another session
/// already writes, ends that session and returns `false`. A statement of an earlier session could
/// otherwise be applied after later ones.
pub(super) async fn become_writer(
    connection: &mut PgConnection,
    incarnation: Incarnation,
) -> sqlx::Result<bool> {
    let row = query("SELECT pg_try_advisory_lock($1, $2)")
        .bind(ADVISORY_LOCK_CLASS)
        .bind(incarnation)
        .fetch_one(&mut *connection)
        .await?;
    let is_writer: bool = row.try_get(0)?;
    if !is_writer {
        end_writers(connection, incarnation).await?;
    }
    Ok(is_writer)
}

/// Ends the sessions that write for a node in this incarnation.
async fn end_writers(connection: &mut PgConnection, incarnation: Incarnation) -> sqlx::Result<()> {
    query(
        "SELECT pg_terminate_backend(pid) FROM pg_locks \
         WHERE locktype = 'advisory' AND classid::bigint = $1::bigint AND objid::bigint = $2::bigint \
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(ADVISORY_LOCK_CLASS)
    .bind(incarnation)
    .execute(connection)
    .await
    .map(drop)
}

/// Ends the lease of a node that stops, which frees its meetings at once.
pub(super) struct End<'a>(pub(super) &'a str, pub(super) Incarnation);

impl Statement for End<'_> {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let ending = query("DELETE FROM nodes WHERE id = $1 AND incarnation = $2");
        ending.bind(self.0).bind(self.1).execute(connection).await.map(drop)
    }
}
