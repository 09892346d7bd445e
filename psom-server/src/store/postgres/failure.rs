//! Errors of PostgreSQL: which of them can pass, and what they mean.

use std::io;

use psom::error::Shared;

use crate::store::error::Error;

/// Returns the obstacle behind an error, if it can pass. The statement is then repeated on a new
/// connection.
pub(super) fn obstacle(error: &sqlx::Error) -> Option<&'static str> {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => {
            Some("the database cannot be reached")
        }
        sqlx::Error::Database(error) => obstacle_of_code(&error.code()?),
        _ => None,
    }
}

/// Returns the obstacle behind an SQLSTATE
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn obstacle_of_code(code: &str) -> Option<&'static str> {
    match code {
        "53100" => Some("the disk of the database is full"),
        "25006" => Some("the database accepts no changes"),
        // Lock and statement timeouts, deadlocks, and serialization failures.
        "55P03" | "57014" | "40P01" | "40001" => Some("the database is too slow"),
        // Shutdown, crash, start, and the end of a connection.
        "57P01" | "57P02" | "57P03" | "57P05" => Some("the database restarts"),
        _ if code.starts_with("08") || code.starts_with("53") => {
            Some("the database cannot be reached")
        }
        _ => None,
    }
}

/// Returns the error of a statement that took too long to answer.
pub(super) fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"))
}

/// Converts an error of the database.
pub(super) fn error(action: &'static str, source: sqlx::Error) -> Error {
    let reason = match source.as_database_error() {
        Some(error) => error.message().into(),
        None => source.to_string(),
    };
    Error::Cluster { action, reason, source: Shared::from(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_pass_and_mistakes_do_not() {
        for passing in ["08006", "57P01", "57P03", "53300", "53100", "25006", "55P03", "57014"] {
            assert!(obstacle_of_code(passing).is_some(), "{passing}");
        }
        for lasting in ["42P01", "42501", "28P01", "3D000", "22021"] {
            assert!(obstacle_of_code(lasting).is_none(), "{lasting}");
        }
        assert!(obstacle(&timed_out()).is_some());
        assert!(obstacle(&sqlx::Error::RowNotFound).is_none());
    }
}
