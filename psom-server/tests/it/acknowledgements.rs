//! When the owners of a meeting acknowledge, by the clock of the database.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{Connection as _, PgConnection, Row as _, query};

/// A node that owns the meeting in an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ownership {
    node: String,
    epoch: i64,
}

/// The acknowledgements of a meeting.
pub(crate) struct Acknowledgements {
    connection: PgConnection,
    /// For each epoch its node, and the period in which it acknowledged.
    periods: BTreeMap<i64, (String, [Duration; 2])>,
}

impl Acknowledgements {
    pub(crate) async fn connect(url: &str) -> Self {
        Self { connection: PgConnection::connect(url).await.unwrap(), periods: BTreeMap::new() }
    }

    /// Returns the owner of the only meeting.
    pub(crate) async fn owner(&mut self) -> Ownership {
        let row = query("SELECT owner, epoch FROM psom.meetings").fetch_one(&mut self.connection);
        let row = row.await.unwrap();
        Ownership { node: row.get(0), epoch: row.get(1) }
    }

    /// Returns the time of the database, since 1970.
    pub(crate) async fn now(&mut self) -> Duration {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let row = query(sql).fetch_one(&mut self.connection).await.unwrap();
        Duration::from_micros(u64::try_from(row.get::<i64, _>(0)).unwrap())
    }

    /// Notes an acknowledgement that came after a time, and before now.
    pub(crate) async fn note(&mut self, owner: &Ownership, sent: Duration) {
        let now = self.now().await;
        let first = || (owner.node.clone(), [sent, now]);
        let (node, period) = self.periods.entry(owner.epoch).or_insert_with(first);
        assert_eq!(*node, owner.node, "two nodes acknowledge in epoch {}", owner.epoch);
        *period = [period[0].min(sent), now];
    }

    /// Checks that the periods of different owners do not overlap, and returns their number.
    pub(crate) fn check(&self) -> usize {
        let periods: Vec<_> = self.periods.iter().collect();
        for pair in periods.windows(2) {
            let [(_, (_, [_, end])), (_, (_, [begin, _]))] = pair else { continue };
            assert!(end < begin, "acknowledgements overlap: {pair:?}");
        }
        periods.len()
    }
}
