#![expect(clippy::unwrap_used, reason = "tests")]

mod commits;
mod cut;
mod model;
mod nodes;
mod outages;
mod processes;
pub(crate) mod server;

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

use psom::{JournalError, Write};

use super::{ClusterConfig, PostgresStore, lease_rules::ACKNOWLEDGE_TIME};
use crate::{
    shared::lock::lock,
    store::{Claim, Durability, Error, Health, MeetingStore as _, StoredMeeting, StoredToken},
};

/// Returns the configuration of a node.
pub(crate) fn config(url: &str, node: &str) -> ClusterConfig {
    ClusterConfig {
        url: url.into(),
        node: node.into(),
        address: format!("{node}.example.com:8057"),
        http: format!("https://{node}.example.com"),
    }
}

async fn open(url: &str, node: &str) -> PostgresStore {
    PostgresStore::open(config(url, node), Durability::Full).await.unwrap()
}

fn stored(id: &str) -> StoredMeeting {
    StoredMeeting { id: id.into(), title: None, created: 1_700_000_000_123 }
}

fn save(key: impl Into<String>, value: impl Into<String>) -> Write {
    Write { key: key.into(), value: Some(value.into()) }
}

/// A clock that tests move.
#[derive(Clone)]
struct TestClock(Arc<Mutex<Instant>>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn advance(&self, duration: Duration) {
        *lock(&self.0) += duration;
    }

    async fn open(&self, url: &str, node: &str) -> PostgresStore {
        let now = self.clone();
        let clock = Arc::new(move || *lock(&now.0));
        PostgresStore::open_at(config(url, node), Durability::Full, clock).await.unwrap()
    }
}

fn is_moved(result: &Result<(), JournalError>) -> bool {
    matches!(result, Err(JournalError::Moved))
}
