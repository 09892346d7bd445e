//! Connections to the database of a cluster, its tables, and the settings that it must have.

use std::{
    sync::{Mutex, Once},
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, Row as _, postgres::PgConnectOptions,
    query, raw_sql,
};
use tokio::{sync::Semaphore, time::timeout};

use super::failure;
use crate::{
    shared::lock::lock,
    store::{error::Error, meeting_store::Durability},
};

/// The schema that has the tables.
const SCHEMA: &str = "psom";

/// The version of the tables.
const FORMAT_VERSION: i32 = 2;

/// The lowest version of PostgreSQL that is tested, in the form of its setting `server_version_num`.
const MIN_SERVER_VERSION: i32 = 150_000;

/// The first key of this program's advisory locks: `psom` in ASCII. The second is an incarnation, or 0
/// while the tables are created.
pub(super) const ADVISORY_LOCK_CLASS: i32 = 0x7073_6f6d;

/// The statements that create the tables. The columns that the SQLite store has too are the same as
/// there.
const TABLES_SQL: &str = "
    CREATE TABLE meetings (
        id TEXT COLLATE \"C\" NOT NULL PRIMARY KEY, title TEXT, created BIGINT NOT NULL,
        sum BIGINT NOT NULL,
        owner TEXT COLLATE \"C\", incarnation INTEGER, epoch BIGINT NOT NULL
    );
    CREATE TABLE state (
        meeting TEXT COLLATE \"C\" NOT NULL, key TEXT COLLATE \"C\" NOT NULL, value TEXT NOT NULL,
        sum BIGINT NOT NULL,
        PRIMARY KEY (meeting, key)
    );
    CREATE TABLE nodes (
        id TEXT COLLATE \"C\" NOT NULL PRIMARY KEY, incarnation INTEGER NOT NULL,
        address TEXT NOT NULL, http TEXT NOT NULL, expires TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX invitations ON state (key) WHERE key LIKE 'invitation/%';
    CREATE TABLE settings (name TEXT COLLATE \"C\" NOT NULL PRIMARY KEY, value TEXT NOT NULL);
    CREATE SEQUENCE incarnations AS INTEGER;
    CREATE TABLE format (version INTEGER NOT NULL);";

/// The statements that change the tables of version 1 to version 2. A new database gets both.
const VERSION_2_SQL: &str = "
    ALTER TABLE nodes ADD COLUMN draining BOOLEAN NOT NULL DEFAULT false;
    CREATE INDEX owners ON meetings (owner);
    CREATE TABLE tokens (
        token TEXT COLLATE \"C\" NOT NULL PRIMARY KEY, meeting TEXT COLLATE \"C\" NOT NULL,
        invitation TEXT COLLATE \"C\", value TEXT NOT NULL, expires TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX tokens_expire ON tokens (expires);
    CREATE INDEX tokens_of_invitations ON tokens (invitation) WHERE invitation IS NOT NULL;";

/// The settings of each connection.
///
/// The time limits end every statement and every transaction long before a lease expires, so that a
/// server that freezes cannot block the others. All statements look rows up by their keys.
/// Sequential scans are disabled, because PostgreSQL could choose them when its statistics are old.
/// This gives an enormous cost to a statement that must scan a table, such as the short list of nodes. PostgreSQL would
/// compile a statement with such a cost each time, which took 30 ms instead of 0.1 ms, so `jit` is off.
/// TCP notices a dead server in 4 s.
const SESSION_SETTINGS: [(&str, &str); 12] = [
    ("search_path", SCHEMA),
    ("default_transaction_isolation", "read committed"),
    ("lock_timeout", "1s"),
    ("statement_timeout", "3s"),
    ("idle_in_transaction_session_timeout", "2s"),
    ("tcp_keepalives_idle", "1"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "4s"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
    ("client_min_messages", "warning"),
];

/// The time in which a connection must be established, and in which a statement must be answered: a
/// little more than `statement_timeout`.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// The time after which [`Database::run`] does not try again. It is the duration of a lease, after
/// which the node has lost its meetings anyway.
const RETRY_TIME: Duration = Duration::from_secs(5);

/// The time between two tries.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// The connections of a node for everything but its lease and the writes of meetings. PostgreSQL flushes the commits of
/// different connections together. With one connection, a client that joins would wait for the round trips and the
/// flush of each client before it.
const MAX_CONNECTIONS: u32 = 8;

/// A statement, or several, that can be repeated.
pub(super) trait Statement: Sync {
    type Answer: Send;

    fn run(
        &self,
        connection: &mut PgConnection,
    ) -> impl Future<Output = sqlx::Result<Self::Answer>> + Send;
}

/// The database of a cluster, with connections for everything but the lease and the writes of meetings.
pub(super) struct Database {
    options: PgConnectOptions,
    /// A permit for each connection that may be in use.
    permits: Semaphore,
    idle: Mutex<Vec<PgConnection>>,
}

impl Database {
    /// Parses the URL of a database. Nothing is connected yet.
    pub(super) fn new(url: &str, node: &str, durability: Durability) -> Result<Self, Error> {
        let invalid = "the cluster's URL is not valid; write postgres://USER@HOST/DATABASE";
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(Error::ClusterSettings(invalid.into()));
        }
        // The text of the error can contain a part of the URL, and thereby a password.
        let options = url.parse::<PgConnectOptions>();
        let options = options.map_err(|_| Error::ClusterSettings(invalid.into()))?;
        let synchronous = match durability {
            Durability::Full => None,
            Durability::Process => Some(("synchronous_commit", "off")),
        };
        let options = options
            .application_name(&format!("psom {node}"))
            .options(SESSION_SETTINGS)
            .options(synchronous)
            .disable_statement_logging();
        let permits = Semaphore::new(MAX_CONNECTIONS as usize);
        Ok(Self { options, permits, idle: Mutex::default() })
    }

    /// Opens a new connection.
    pub(super) async fn connect(&self) -> sqlx::Result<PgConnection> {
        let connecting = timeout(ANSWER_TIMEOUT, self.options.connect());
        connecting.await.unwrap_or_else(|_| Err(failure::timed_out()))
    }

    /// Runs a statement. If it meets an obstacle that can pass, it is tried again for [`RETRY_TIME`].
    pub(super) async fn run<S: Statement>(
        &self,
        action: &'static str,
        statement: &S,
    ) -> Result<S::Answer, Error> {
        // Cannot fail: nothing closes the semaphore.
        let _permit = self.permits.acquire().await;
        let deadline = Instant::now() + RETRY_TIME;
        loop {
            // A connection whose statement was dropped or has failed is not used again.
            let attempt = async {
                let idle = lock(&self.idle).pop();
                let mut connection = match idle {
                    Some(connection) => connection,
                    None => self.connect().await?,
                };
                let result = timeout(ANSWER_TIMEOUT, statement.run(&mut connection)).await;
                let value = result.unwrap_or_else(|_| Err(failure::timed_out()))?;
                lock(&self.idle).push(connection);
                Ok(value)
            };
            match attempt.await {
                Ok(value) => return Ok(value),
                Err(error) if Instant::now() < deadline && failure::obstacle(&error).is_some() => {
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                Err(error) => return Err(failure::error(action, error)),
            }
        }
    }

    /// Waits for the statements that run, and closes the connections.
    pub(super) async fn close(&self) {
        let _permits = self.permits.acquire_many(MAX_CONNECTIONS).await;
        let idle = std::mem::take(&mut *lock(&self.idle));
        for connection in idle {
            // Nothing is lost, so a failure does not matter.
            let _ = connection.close().await;
        }
    }

    /// Checks the settings of the server, and creates the tables unless they exist.
    pub(super) async fn prepare(&self, durability: Durability) -> Result<(), Error> {
        self.run("read the settings of the database", &ReadSettings).await?.check(durability)?;
        let version = self.run("create the tables of the cluster", &CreateTables).await?;
        if version != FORMAT_VERSION {
            return Err(Error::ClusterSettings(format!(
                "the cluster's database has the format {version} and this psom knows only \
                 {FORMAT_VERSION}; run the same psom on every server"
            )));
        }
        Ok(())
    }
}

/// Creates the tables unless they exist, and returns their version.
struct CreateTables;

impl Statement for CreateTables {
    type Answer = i32;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<i32> {
        create_tables(connection).await
    }
}

async fn create_tables(connection: &mut PgConnection) -> sqlx::Result<i32> {
    let mut transaction = connection.begin().await?;
    // Servers that start at the same time wait for each other.
    query("SELECT pg_advisory_xact_lock($1, 0)")
        .bind(ADVISORY_LOCK_CLASS)
        .execute(&mut *transaction)
        .await?;
    let exists: bool = query("SELECT to_regclass($1) IS NOT NULL")
        .bind(format!("{SCHEMA}.format"))
        .fetch_one(&mut *transaction)
        .await?
        .try_get(0)?;
    if !exists {
        let sql = format!(
            "CREATE SCHEMA IF NOT EXISTS {SCHEMA}; {TABLES_SQL} INSERT INTO format VALUES (1);"
        );
        raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    }
    let version = query("SELECT version FROM format").fetch_one(&mut *transaction).await?;
    let mut version: i32 = version.try_get(0)?;
    if version == 1 {
        let sql = format!("{VERSION_2_SQL} UPDATE format SET version = 2;");
        raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        version = 2;
    }
    transaction.commit().await?;
    Ok(version)
}

/// The settings of a server that decide whether a commit is durable.
#[derive(Debug, Clone)]
struct Settings {
    version: i32,
    is_standby: bool,
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    synchronous_standbys: String,
}

struct ReadSettings;

impl Statement for ReadSettings {
    type Answer = Settings;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Settings> {
        let row = query(
            "SELECT current_setting('server_version_num')::integer, pg_is_in_recovery(), \
             current_setting('fsync'), current_setting('full_page_writes'), \
             current_setting('synchronous_commit'), current_setting('synchronous_standby_names')",
        )
        .fetch_one(connection)
        .await?;
        Ok(Settings {
            version: row.try_get(0)?,
            is_standby: row.try_get(1)?,
            fsync: row.try_get(2)?,
            full_page_writes: row.try_get(3)?,
            synchronous_commit: row.try_get(4)?,
            synchronous_standbys: row.try_get(5)?,
        })
    }
}

impl Settings {
    fn check(&self, durability: Durability) -> Result<(), Error> {
        let refuse = |text: &str| Err(Error::ClusterSettings(text.into()));
        if self.version < MIN_SERVER_VERSION {
            return refuse("the cluster needs PostgreSQL 15 or later");
        }
        if self.is_standby {
            return refuse("the database is a standby; name the primary in the cluster's URL");
        }
        if durability == Durability::Process {
            return Ok(());
        }
        for (name, value) in [("fsync", &self.fsync), ("full_page_writes", &self.full_page_writes)]
        {
            if value == "off" {
                return refuse(&format!(
                    "the database has {name} = off and can lose commits; set it to on, or serve with \
                     --durability process"
                ));
            }
        }
        if self.synchronous_commit == "off" {
            return refuse(
                "the database has synchronous_commit = off and can lose commits; set it to on, or \
                 serve with --durability process",
            );
        }
        if self.synchronous_standbys.is_empty() {
            // A command can open the database several times.
            static WARNED: Once = Once::new();
            WARNED.call_once(|| {
                tracing::warn!(
                    "the database has no synchronous standby (synchronous_standby_names is empty): if \
                     its disk fails, the meetings are lost"
                );
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            version: 150_018,
            is_standby: false,
            fsync: "on".into(),
            full_page_writes: "on".into(),
            synchronous_commit: "on".into(),
            synchronous_standbys: String::new(),
        }
    }

    #[test]
    fn full_durability_needs_a_primary_that_syncs() {
        let full = |settings: Settings| settings.check(Durability::Full).map_err(|e| e.to_string());
        assert_eq!(full(settings()), Ok(()));
        let refused = |settings: Settings, text: &str| {
            let error = full(settings).expect_err("it is refused");
            assert!(error.contains(text), "{error}");
        };
        let off = || "off".to_owned();
        refused(Settings { fsync: off(), ..settings() }, "fsync = off");
        refused(Settings { full_page_writes: off(), ..settings() }, "full_page_writes = off");
        refused(Settings { synchronous_commit: off(), ..settings() }, "synchronous_commit = off");
        refused(Settings { is_standby: true, ..settings() }, "standby");
        refused(Settings { version: 140_000, ..settings() }, "PostgreSQL 15");
    }

    #[test]
    fn process_durability_needs_a_primary() {
        let lax = Settings { fsync: "off".into(), ..settings() };
        assert_eq!(lax.check(Durability::Process), Ok(()));
        let standby = Settings { is_standby: true, ..settings() };
        assert!(standby.check(Durability::Process).is_err());
    }

    #[test]
    fn url_without_a_database_server_is_refused() {
        assert!(Database::new("postgres://db.example.com/psom", "a", Durability::Full).is_ok());
        for bad in ["", "db.example.com", "mysql://db/psom", "postgres://db:port/psom"] {
            let refused = Database::new(bad, "a", Durability::Full).err();
            assert!(matches!(refused, Some(Error::ClusterSettings(_))), "{bad}");
        }
    }
}
