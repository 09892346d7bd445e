//! Opens the database, and defines its tables.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Row as _, SqliteConnection, raw_sql, sqlite::SqliteConnectOptions,
};

use super::{error::Error, meeting_store::Durability, missing_database};
use crate::shared::private_files;

/// The application ID in the header of the database: `psom` in ASCII.
const APPLICATION_ID: i64 = 0x7073_6f6d;
/// The version of the tables.
const FORMAT_VERSION: i64 = 1;
/// The statements that create the tables.
const TABLES_SQL: &str = "
    CREATE TABLE meetings (
        id TEXT NOT NULL PRIMARY KEY, title TEXT, created BIGINT NOT NULL, sum BIGINT NOT NULL
    );
    CREATE TABLE state (
        meeting TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, sum BIGINT NOT NULL,
        PRIMARY KEY (meeting, key)
    );";

/// The time that another program may lock the database before a statement fails. The writer then
/// reports the obstacle and tries again.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Opens the database for writing, and creates it if there never was one.
pub(crate) async fn open(path: &Path, durability: Durability) -> Result<SqliteConnection, Error> {
    missing_database::check(path)?;
    let may_create = missing_database::evidence(path).is_none();
    open_or_create(path, durability, may_create).await
}

/// Creates a database beside the one of the server.
pub(crate) async fn create(path: &Path) -> Result<SqliteConnection, Error> {
    open_or_create(path, Durability::Full, true).await
}

async fn open_or_create(
    path: &Path,
    durability: Durability,
    may_create: bool,
) -> Result<SqliteConnection, Error> {
    match private_files::create_new(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Error::io("create", path, error));
        }
        _ => {}
    }
    // In WAL mode, NORMAL syncs only before and after the log is copied to the database. A crash of the
    // machine can lose commits, but neither their order nor the integrity of the database.
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Process => "NORMAL",
    };
    let options = options(path)?.pragma("synchronous", synchronous).pragma("fullfsync", "ON");
    let opened = async {
        let mut connection = options.connect().await?;
        // Check the kind before anything in the file is changed.
        let empty = match database_kind(&mut connection).await? {
            DatabaseKind::Store => false,
            DatabaseKind::Empty if may_create => true,
            other => return Ok(Err(other)),
        };
        // Truncates a large log after it is copied to the database.
        raw_sql("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216;")
            .execute(&mut connection)
            .await?;
        if empty {
            create_tables(&mut connection, synchronous).await?;
        }
        Ok(Ok(connection))
    };
    let opened = opened.await.map_err(|source| error(path, source))?;
    opened.map_err(|kind| kind.error(path))
}

/// Opens an existing database for reading.
pub(crate) async fn open_read_only(path: &Path) -> Result<SqliteConnection, Error> {
    missing_database::check(path)?;
    let options = options(path)?.read_only(true);
    let opened = async {
        let mut connection = options.connect().await?;
        let kind = database_kind(&mut connection).await?;
        Ok((connection, kind))
    };
    match opened.await.map_err(|source| error(path, source))? {
        (connection, DatabaseKind::Store) => Ok(connection),
        (_, other) => Err(other.error(path)),
    }
}

/// Returns the problems that SQLite finds in the file, at most 100.
pub(crate) async fn integrity(connection: &mut SqliteConnection) -> sqlx::Result<Vec<String>> {
    let rows = raw_sql("PRAGMA integrity_check(100)").fetch_all(connection).await?;
    let lines: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Converts an error of the database at a path.
pub(crate) fn error(path: &Path, error: sqlx::Error) -> Error {
    let (path, reason) = (path.into(), reason(&error));
    if is_damage(&error) {
        Error::File { path, reason, source: Some(error.into()) }
    } else {
        Error::Database { path, reason, source: error.into() }
    }
}

/// Reports whether an error means that the file is damaged.
pub(crate) fn is_damage(error: &sqlx::Error) -> bool {
    /// The primary result codes of SQLite: <https://www.sqlite.org/rescode.html>.
    const CORRUPT: u32 = 11;
    const NOT_A_DATABASE: u32 = 26;
    matches!(primary_code(error), Some(CORRUPT | NOT_A_DATABASE))
}

/// Returns SQLite's primary result code of an error: the low byte of the extended code.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Returns SQLite's own message of an error, without additions of other layers.
pub(crate) fn reason(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => error.message().into(),
        None => error.to_string(),
    }
}

fn options(path: &Path) -> Result<SqliteConnectOptions, Error> {
    // SQLite interprets a relative path that begins with `file:` as a URI.
    let path = std::path::absolute(path).map_err(|source| Error::io("open", path, source))?;
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cell_size_check", "ON")
        .thread_name(|id| format!("store-{id}"))
        .disable_statement_logging())
}

/// The kind of a database file.
enum DatabaseKind {
    /// A store of this version.
    Store,
    /// A new file without an owner.
    Empty,
    /// A store of a later version.
    Newer(i64),
    /// The database of another program.
    Foreign,
}

impl DatabaseKind {
    fn error(self, path: &Path) -> Error {
        let path = PathBuf::from(path);
        match self {
            Self::Newer(version) => Error::Newer { path, version, known: FORMAT_VERSION },
            Self::Empty => missing_database::error(path),
            Self::Foreign | Self::Store => Error::Foreign(path),
        }
    }
}

async fn database_kind(connection: &mut SqliteConnection) -> sqlx::Result<DatabaseKind> {
    let application = number(connection, "PRAGMA application_id").await?;
    let version = number(connection, "PRAGMA user_version").await?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_schema").await?;
    Ok(match (application, version) {
        (APPLICATION_ID, 1..=FORMAT_VERSION) => DatabaseKind::Store,
        (APPLICATION_ID, version) => DatabaseKind::Newer(version),
        (0, 0) if tables == 0 => DatabaseKind::Empty,
        _ => DatabaseKind::Foreign,
    })
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<i64> {
    raw_sql(sql).fetch_one(connection).await?.try_get(0)
}

/// Creates all tables in one transaction. It is synced for every durability, because the tables
/// must exist whenever other files show that a server ran here.
async fn create_tables(connection: &mut SqliteConnection, synchronous: &str) -> sqlx::Result<()> {
    let sql = format!(
        "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; {TABLES_SQL} \
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION}; COMMIT; \
         PRAGMA synchronous = {synchronous};"
    );
    raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
