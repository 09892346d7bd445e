//! Opens the database, and defines its tables.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

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

/// The number of statements that a connection keeps compiled: all that the writer uses.
const CACHED_STATEMENTS: usize = 8;

/// Opens the database for writing, and creates it if there never was one.
pub(crate) fn open(path: &Path, durability: Durability) -> Result<Connection, Error> {
    missing_database::check(path)?;
    let may_create = missing_database::evidence(path).is_none();
    open_or_create(path, durability, may_create)
}

/// Creates a database beside the one of the server.
pub(crate) fn create(path: &Path) -> Result<Connection, Error> {
    open_or_create(path, Durability::Full, true)
}

fn open_or_create(
    path: &Path,
    durability: Durability,
    may_create: bool,
) -> Result<Connection, Error> {
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
    let absolute = absolute(path)?;
    let open = || {
        let connection = connect(&absolute, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Check the kind before anything in the file is changed.
        let empty = match database_kind(&connection)? {
            DatabaseKind::Store => false,
            DatabaseKind::Empty if may_create => true,
            other => return Ok(Err(other)),
        };
        // Truncates a large log after it is copied to the database.
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = ON; \
             PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216;"
        ))?;
        if empty {
            create_tables(&connection, synchronous)?;
        }
        Ok(Ok(connection))
    };
    open().map_err(|source| error(path, source))?.map_err(|kind| kind.error(path))
}

/// Opens an existing database for reading.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, Error> {
    missing_database::check(path)?;
    let absolute = absolute(path)?;
    let open = || {
        let connection = connect(&absolute, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let kind = database_kind(&connection)?;
        Ok((connection, kind))
    };
    match open().map_err(|source| error(path, source))? {
        (connection, DatabaseKind::Store) => Ok(connection),
        (_, other) => Err(other.error(path)),
    }
}

/// Returns the problems that SQLite finds in the file, at most 100.
pub(crate) fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = connection.prepare("PRAGMA integrity_check(100)")?;
    let lines: Vec<String> =
        check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Converts an error of the database at a path.
pub(crate) fn error(path: &Path, error: rusqlite::Error) -> Error {
    let (path, reason) = (path.into(), reason(&error));
    if is_damage(&error) {
        Error::File { path, reason, source: Some(error.into()) }
    } else {
        Error::Database { path, reason, source: error.into() }
    }
}

/// Reports whether an error means that the file is damaged.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Returns SQLite's own message of an error, without additions of other layers.
pub(crate) fn reason(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        _ => error.to_string(),
    }
}

/// Returns an absolute path. SQLite interprets a relative path that begins with `file:` as a URI.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|source| Error::io("open", path, source))
}

/// Connects to an existing file. A connection is used by one thread at a time, so SQLite needs no lock for it.
fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.execute_batch("PRAGMA cell_size_check = ON")?;
    Ok(connection)
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

fn database_kind(connection: &Connection) -> rusqlite::Result<DatabaseKind> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    Ok(match (application, version) {
        (APPLICATION_ID, 1..=FORMAT_VERSION) => DatabaseKind::Store,
        (APPLICATION_ID, version) => DatabaseKind::Newer(version),
        (0, 0) if tables == 0 => DatabaseKind::Empty,
        _ => DatabaseKind::Foreign,
    })
}

/// Creates all tables in one transaction. It is synced for every durability, because the tables
/// must exist whenever other files show that a server ran here.
fn create_tables(connection: &Connection, synchronous: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; {TABLES_SQL} \
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION}; COMMIT; \
         PRAGMA synchronous = {synchronous};"
    ))
}
