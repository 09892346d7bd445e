//! The behavior that all stores have in common. Each test runs on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "tests")]

mod contract;

use std::{collections::BTreeMap, sync::Arc};

use psom::Write;

use super::*;
use crate::testing::Directory;

type Table = BTreeMap<String, String>;

/// A place with a store. Opening it again is a restart.
trait Place {
    async fn open(&self) -> Arc<dyn MeetingStore>;
}

impl Place for Directory {
    async fn open(&self) -> Arc<dyn MeetingStore> {
        Arc::new(SqliteStore::open(self, Durability::Process).await.unwrap())
    }
}

/// A database of the tests' server.
#[cfg(feature = "postgres")]
struct Database(String);

#[cfg(feature = "postgres")]
impl Place for Database {
    async fn open(&self) -> Arc<dyn MeetingStore> {
        let config = crate::store::postgres::tests::config(&self.0, "one");
        Arc::new(PostgresStore::open(config, Durability::Full).await.unwrap())
    }
}

fn stored(id: &str) -> StoredMeeting {
    StoredMeeting { id: id.into(), title: Some(format!("The {id}")), created: 1_700_000_000_123 }
}

fn save(key: impl Into<String>, value: impl Into<String>) -> Write {
    Write { key: key.into(), value: Some(value.into()) }
}

fn erase(key: &str) -> Write {
    Write { key: key.into(), value: None }
}

fn table<const N: usize>(entries: [(&str, &str); N]) -> Table {
    entries.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Defines a test for each store.
macro_rules! on_every_store {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::contract::$test(crate::testing::Directory::new()).await;
            })*
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                let Some(server) = crate::store::postgres::tests::server::shared_server() else {
                    return;
                };
                super::contract::$test(super::Database(server.create_database())).await;
            })*
        }
    };
}

on_every_store! {
    turns_are_written_in_the_order_of_the_calls,
    answers_arrive_in_the_order_of_the_calls,
    deleting_a_key_deletes_the_keys_below_it,
    any_text_can_be_saved,
    state_is_complete_after_a_restart,
    large_turn_is_saved_in_one_piece,
    dropped_store_writes_accepted_changes,
    deleted_meeting_leaves_no_state_to_a_later_one,
    meeting_id_can_be_created_once,
    owner_can_claim_its_meeting_again,
}
