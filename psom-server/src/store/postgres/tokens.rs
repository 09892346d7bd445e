//! Join tokens. A token is a row, and the statement that takes it deletes the row.

use sqlx::{PgConnection, Row as _, query};

use super::database::Statement;
use crate::store::meeting_store::StoredToken;

/// Adds a token, and removes the one that it has replaced and those that have expired.
pub(super) struct AddToken<'a> {
    pub(super) token: &'a StoredToken,
    pub(super) replaced: Option<&'a str>,
}

impl Statement for AddToken<'_> {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let StoredToken { token, meeting, invitation, value, lifetime } = self.token;
        // An earlier try can have added it although its answer was lost. The answer does not wait until the token is
        // on the disk: a client whose token was lost asks for another.
        query(
            "WITH unflushed AS (SELECT set_config('synchronous_commit', 'off', true)), \
             expired AS (DELETE FROM tokens WHERE token IN ( \
                 SELECT token FROM tokens WHERE expires <= clock_timestamp() \
                 FOR UPDATE SKIP LOCKED)), \
             replaced AS (DELETE FROM tokens WHERE token = $5) \
             INSERT INTO tokens (token, meeting, invitation, value, expires) \
             SELECT $1, $2, $3, $4, clock_timestamp() + make_interval(secs => $6) FROM unflushed \
             ON CONFLICT (token) DO NOTHING",
        )
        .bind(token)
        .bind(meeting)
        .bind(invitation)
        .bind(value)
        .bind(self.replaced)
        .bind(lifetime.as_secs_f64())
        .execute(connection)
        .await
        .map(drop)
    }
}

/// Returns the meeting that a token is for.
pub(super) struct FindToken<'a>(pub(super) &'a str);

impl Statement for FindToken<'_> {
    type Answer = Option<String>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
        let sql = "SELECT meeting FROM tokens WHERE token = $1 AND expires > clock_timestamp()";
        let row = query(sql).bind(self.0).fetch_optional(connection).await?;
        row.map(|row| row.try_get(0)).transpose()
    }
}

/// Takes a token, and returns its value. If the answer is lost, so is the token: its user asks for another.
pub(super) struct TakeToken<'a>(pub(super) &'a str);

impl Statement for TakeToken<'_> {
    type Answer = Option<String>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
        let sql = "DELETE FROM tokens WHERE token = $1 AND expires > clock_timestamp() \
                   RETURNING value";
        let row = query(sql).bind(self.0).fetch_optional(connection).await?;
        row.map(|row| row.try_get(0)).transpose()
    }
}

/// Removes the tokens of an invitation.
pub(super) struct RevokeTokens(pub(super) String);

impl Statement for RevokeTokens {
    type Answer = ();

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let sql = "DELETE FROM tokens WHERE invitation = $1";
        query(sql).bind(&self.0).execute(connection).await.map(drop)
    }
}
