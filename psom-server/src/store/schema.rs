//! The database: how it is opened, and what is in it.
//!
//! All but the way in is SQL that PostgreSQL takes as well.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{ConnectOptions, Row, SqliteConnection, raw_sql, sqlite::SqliteConnectOptions};

use super::{Durability, Error, trace};

/// Whose database it is: `psom`.
const APPLICATION: i64 = 0x7073_6f6d;
/// The format of the tables.
const VERSION: i64 = 1;
const TABLES: &str = "
    CREATE TABLE meetings (
        id TEXT NOT NULL PRIMARY KEY, title TEXT, created BIGINT NOT NULL, sum BIGINT NOT NULL
    );
    CREATE TABLE state (
        meeting TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, sum BIGINT NOT NULL,
        PRIMARY KEY (meeting, key)
    );";

/// How long another program may keep the database to itself before a statement fails.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens the database to write to it, and makes it where there never was one.
pub(super) async fn open(path: &Path, durability: Durability) -> Result<SqliteConnection, Error> {
    trace::look(path)?;
    let trace = trace::of_server(path);
    open_or_make(path, durability, trace).await
}

/// Makes a database, beside the one of the server.
pub(super) async fn make(path: &Path) -> Result<SqliteConnection, Error> {
    open_or_make(path, Durability::Full, None).await
}

async fn open_or_make(
    path: &Path,
    durability: Durability,
    trace: Option<PathBuf>,
) -> Result<SqliteConnection, Error> {
    match crate::private::create_new(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Error::Failed(format!("cannot create {}: {error}", path.display())));
        }
        _ => {}
    }
    // In WAL mode NORMAL syncs only when the log goes into the database, before and after: a
    // commit can get lost with the machine, the order of commits and the database cannot.
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Process => "NORMAL",
    };
    let options = options(path)?.pragma("synchronous", synchronous).pragma("fullfsync", "ON");
    let opened = async {
        let mut connection = options.connect().await?;
        // Before anything is changed in it.
        let empty = match identity(&mut connection).await? {
            Identity::Ours => false,
            Identity::Empty if trace.is_none() => true,
            other => return Ok(Err(other)),
        };
        // A log that has grown is cut when it was written back.
        raw_sql("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216;")
            .execute(&mut connection)
            .await?;
        if empty {
            create(&mut connection, synchronous).await?;
        }
        Ok(Ok(connection))
    };
    let opened = opened.await.map_err(|error| failure(path, &error))?;
    opened.map_err(|identity| identity.refusal(path))
}

/// Opens the database to read only; it must be there.
pub(super) async fn read(path: &Path) -> Result<SqliteConnection, Error> {
    trace::look(path)?;
    let options = options(path)?.read_only(true);
    let opened = async {
        let mut connection = options.connect().await?;
        let identity = identity(&mut connection).await?;
        Ok((connection, identity))
    };
    match opened.await.map_err(|error| failure(path, &error))? {
        (connection, Identity::Ours) => Ok(connection),
        (_, other) => Err(other.refusal(path)),
    }
}

/// What SQLite finds wrong with the database as a whole, at most so many things.
pub(super) async fn integrity(connection: &mut SqliteConnection) -> sqlx::Result<Vec<String>> {
    let rows = raw_sql("PRAGMA integrity_check(100)").fetch_all(connection).await?;
    let lines: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// An error of the database at a path.
pub(super) fn failure(path: &Path, error: &sqlx::Error) -> Error {
    match is_damage(error) {
        true => Error::File { path: path.into(), reason: reason(error) },
        false => Error::Failed(format!("{}: {}", path.display(), reason(error))),
    }
}

/// Whether an error says that the file is no good.
pub(super) fn is_damage(error: &sqlx::Error) -> bool {
    const CORRUPT: u32 = 11;
    const NOT_A_DATABASE: u32 = 26;
    matches!(code(error).map(|code| code & 0xff), Some(CORRUPT | NOT_A_DATABASE))
}

/// SQLite's code of an error, with its details in the higher bytes.
pub(super) fn code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// What SQLite says of an error, without what others add.
pub(super) fn reason(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => error.message().into(),
        None => error.to_string(),
    }
}

fn options(path: &Path) -> Result<SqliteConnectOptions, Error> {
    // What begins with `file:` would be taken for a URI.
    let path = std::path::absolute(path).map_err(|error| Error::Failed(error.to_string()))?;
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .busy_timeout(PATIENCE)
        .pragma("cell_size_check", "ON")
        .thread_name(|id| format!("store-{id}"))
        .disable_statement_logging())
}

/// Whose database a file is.
enum Identity {
    Ours,
    /// Nobody's yet.
    Empty,
    Newer(i64),
    Foreign,
}

impl Identity {
    fn refusal(self, path: &Path) -> Error {
        let path = PathBuf::from(path);
        match self {
            Self::Newer(version) => Error::Newer { path, version, known: VERSION },
            Self::Empty => trace::gone(path),
            Self::Foreign | Self::Ours => Error::Foreign(path),
        }
    }
}

async fn identity(connection: &mut SqliteConnection) -> sqlx::Result<Identity> {
    let application = number(connection, "PRAGMA application_id").await?;
    let version = number(connection, "PRAGMA user_version").await?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_schema").await?;
    Ok(match (application, version) {
        (APPLICATION, 1..=VERSION) => Identity::Ours,
        (APPLICATION, version) => Identity::Newer(version),
        (0, 0) if tables == 0 => Identity::Empty,
        _ => Identity::Foreign,
    })
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<i64> {
    raw_sql(sql).fetch_one(connection).await?.try_get(0)
}

/// Makes the tables, all of them or none. Whatever else waits for the disk or not, this does: where
/// anything says that there was a server, there are tables.
async fn create(connection: &mut SqliteConnection, synchronous: &str) -> sqlx::Result<()> {
    let sql = format!(
        "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; {TABLES} \
         PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT; \
         PRAGMA synchronous = {synchronous};"
    );
    raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
