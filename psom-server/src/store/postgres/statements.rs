//! The statements that create, take over, change and delete meetings. Each is one autocommitted statement:
//! a server that freezes between two statements of a transaction would keep its locks.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row as _, postgres::PgRow, query};

use super::{
    database::Statement,
    group::GroupArrays,
    lease::bury,
    lease_rules::Incarnation,
    text::{escape, unescape},
};
use crate::store::{
    checksum,
    meeting_store::{NodeState, Owner, StoredInvitation, StoredMeeting},
};

/// A node in one incarnation.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeKey<'a> {
    pub(super) node: &'a str,
    pub(super) incarnation: Incarnation,
}

/// The epoch of a meeting that was just created.
pub(super) const FIRST_EPOCH: i64 = 1;

/// Adds a meeting that the node owns. Returns `false` if there is another meeting with the same ID.
pub(super) struct Create<'a> {
    pub(super) by: NodeKey<'a>,
    pub(super) meeting: &'a StoredMeeting,
}

impl Statement for Create<'_> {
    type Answer = bool;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        let Self { by, meeting } = *self;
        let created = query(
            "INSERT INTO meetings (id, title, created, sum, owner, incarnation, epoch) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (id) DO UPDATE SET epoch = meetings.epoch \
             WHERE meetings.owner = excluded.owner AND meetings.incarnation = excluded.incarnation \
               AND meetings.sum = excluded.sum AND meetings.created = excluded.created",
        )
        .bind(&meeting.id)
        .bind(meeting.title.as_deref().map(escape))
        .bind(meeting.created)
        .bind(checksum::meeting(meeting))
        .bind(by.node)
        .bind(by.incarnation)
        .bind(FIRST_EPOCH)
        .execute(connection)
        .await?;
        Ok(created.rows_affected() == 1)
    }
}

/// Deletes a meeting that the node owns, with its state. Returns `false` if another node owns it.
pub(super) struct Delete<'a> {
    pub(super) by: NodeKey<'a>,
    pub(super) meeting: &'a str,
    pub(super) epoch: i64,
}

impl Statement for Delete<'_> {
    type Answer = bool;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        let Self { by, meeting, epoch } = *self;
        let deleted = query(
            "WITH gone AS ( \
                 DELETE FROM meetings \
                 WHERE id = $1 AND owner = $2 AND incarnation = $3 AND epoch = $4 RETURNING id \
             ), rest AS ( \
                 DELETE FROM state USING gone WHERE state.meeting = gone.id \
             ) \
             SELECT id FROM gone",
        )
        .bind(meeting)
        .bind(by.node)
        .bind(by.incarnation)
        .bind(epoch)
        .fetch_optional(&mut *connection)
        .await?;
        // An earlier try can have deleted it although its answer was lost.
        Ok(deleted.is_some() || find_owner(connection, meeting).await? == Ownership::NoMeeting)
    }
}

/// The fence and the writes of a group of commits.
///
/// `passed` locks the meetings that the node still owns in the same epoch. A take-over changes that row, so
/// it comes either before this statement, which then does not select the meeting, or after it. The rows to
/// erase exclude those to save, because a statement can change a row only once.
const COMMIT_SQL: &str = "
    WITH given AS MATERIALIZED (
        SELECT id, epoch FROM unnest($3::text[], $4::bigint[]) AS given (id, epoch)
    ), passed AS MATERIALIZED (
        SELECT meetings.id FROM meetings JOIN given ON meetings.id = given.id
        WHERE meetings.owner = $1 AND meetings.incarnation = $2 AND meetings.epoch = given.epoch
        FOR SHARE OF meetings
    ), saving AS MATERIALIZED (
        SELECT saving.* FROM unnest($8::text[], $9::text[], $10::text[], $11::bigint[])
            AS saving (meeting, key, value, sum)
        JOIN passed ON passed.id = saving.meeting
    ), erased AS (
        DELETE FROM state
        USING passed, unnest($5::text[], $6::text[], $7::text[]) AS erasing (meeting, first, after)
        WHERE erasing.meeting = passed.id AND state.meeting = passed.id
          AND state.key >= erasing.first AND state.key < erasing.after
          AND NOT EXISTS (
              SELECT FROM saving WHERE saving.meeting = state.meeting AND saving.key = state.key
          )
    ), saved AS (
        INSERT INTO state (meeting, key, value, sum)
        SELECT meeting, key, value, sum FROM saving
        ON CONFLICT (meeting, key) DO UPDATE SET value = excluded.value, sum = excluded.sum
    )
    SELECT id FROM passed";

/// Commits a group of writes, and returns the meetings that passed the fence. Nothing of the others is
/// written.
pub(super) struct Commit<'a> {
    pub(super) by: NodeKey<'a>,
    pub(super) arrays: &'a GroupArrays,
}

impl Statement for Commit<'_> {
    type Answer = Vec<String>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
        let Self { by, arrays } = *self;
        let [erased_meetings, erased_first, erased_after] = &arrays.erased;
        let [saved_meetings, saved_keys, saved_values] = &arrays.saved;
        let rows = query(COMMIT_SQL)
            .bind(by.node)
            .bind(by.incarnation)
            .bind(&arrays.meetings)
            .bind(&arrays.epochs)
            .bind(erased_meetings)
            .bind(erased_first)
            .bind(erased_after)
            .bind(saved_meetings)
            .bind(saved_keys)
            .bind(saved_values)
            .bind(&arrays.sums)
            .fetch_all(connection)
            .await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }
}

/// Takes a meeting over if its owner is dead. Returns whether the meeting was taken over, and its
/// owner.
///
/// `free` reads the owner as of the start of the statement. The update applies only to that epoch, so of
/// two nodes that take a meeting over at the same time, exactly one gets it.
pub(super) struct TakeOver<'a> {
    pub(super) by: NodeKey<'a>,
    pub(super) meeting: &'a str,
}

impl Statement for TakeOver<'_> {
    type Answer = (bool, Ownership);

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<(bool, Ownership)> {
        let Self { by, meeting } = *self;
        bury(connection).await?;
        let row = query(
            "WITH free AS MATERIALIZED ( \
                 SELECT id, epoch FROM meetings \
                 WHERE id = $1 AND NOT EXISTS ( \
                     SELECT FROM nodes WHERE nodes.id = meetings.owner \
                         AND nodes.incarnation = meetings.incarnation \
                 ) AND EXISTS (SELECT FROM nodes WHERE nodes.id = $2 AND nodes.incarnation = $3) \
             ) \
             UPDATE meetings SET owner = $2, incarnation = $3, epoch = meetings.epoch + 1 FROM free \
             WHERE meetings.id = free.id AND meetings.epoch = free.epoch RETURNING meetings.epoch",
        )
        .bind(meeting)
        .bind(by.node)
        .bind(by.incarnation)
        .fetch_optional(&mut *connection)
        .await?;
        Ok((row.is_some(), find_owner(connection, meeting).await?))
    }
}

/// Gives a meeting that a node owns to another living node that is not draining, or to none. Returns `false`
/// if there is no such node, or if the meeting has moved already.
pub(super) struct HandOver<'a> {
    pub(super) by: NodeKey<'a>,
    pub(super) meeting: &'a str,
    pub(super) epoch: i64,
    pub(super) to: Option<&'a str>,
}

impl Statement for HandOver<'_> {
    type Answer = bool;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        let Self { by, meeting, epoch, to } = *self;
        let sql = match to {
            Some(_) => {
                "UPDATE meetings SET owner = nodes.id, incarnation = nodes.incarnation, \
                     epoch = meetings.epoch + 1 FROM nodes \
                 WHERE meetings.id = $1 AND owner = $2 AND meetings.incarnation = $3 AND epoch = $4 \
                   AND nodes.id = $5 AND NOT nodes.draining AND nodes.expires > clock_timestamp()"
            }
            None => {
                "UPDATE meetings SET owner = $5, incarnation = NULL, epoch = epoch + 1 \
                 WHERE id = $1 AND owner = $2 AND incarnation = $3 AND epoch = $4"
            }
        };
        let handing = query(sql).bind(meeting).bind(by.node).bind(by.incarnation).bind(epoch);
        Ok(handing.bind(to).execute(connection).await?.rows_affected() == 1)
    }
}

/// Finds the owner of a meeting.
pub(super) struct Locate<'a>(pub(super) &'a str);

impl Statement for Locate<'_> {
    type Answer = Ownership;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Ownership> {
        find_owner(connection, self.0).await
    }
}

/// Reads the living nodes and the numbers of their meetings.
pub(super) struct AllNodes;

impl Statement for AllNodes {
    type Answer = Vec<NodeState>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<NodeState>> {
        let rows = query(
            "SELECT id, address, http, draining, ( \
                 SELECT count(*) FROM meetings \
                 WHERE meetings.owner = nodes.id AND meetings.incarnation = nodes.incarnation \
             ) FROM nodes WHERE expires > clock_timestamp() ORDER BY id",
        )
        .fetch_all(connection)
        .await?;
        let read = |row: &PgRow| {
            let node =
                Owner { node: row.try_get(0)?, address: row.try_get(1)?, http: row.try_get(2)? };
            let meetings: i64 = row.try_get(4)?;
            let meetings = u64::try_from(meetings).unwrap_or_default();
            Ok(NodeState { node, is_draining: row.try_get(3)?, meetings })
        };
        rows.iter().map(read).collect()
    }
}

/// The owner of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ownership {
    /// There is no such meeting.
    NoMeeting,
    /// No living node owns the meeting.
    Free,
    /// A node owns the meeting in this incarnation and epoch.
    Node { owner: Owner, incarnation: Incarnation, epoch: i64 },
}

/// Looks the owner of a meeting up.
async fn find_owner(connection: &mut PgConnection, meeting: &str) -> sqlx::Result<Ownership> {
    let row = query(
        "SELECT nodes.id, nodes.address, nodes.http, nodes.incarnation, meetings.epoch \
         FROM meetings LEFT JOIN nodes ON nodes.id = meetings.owner \
             AND nodes.incarnation = meetings.incarnation \
         WHERE meetings.id = $1",
    )
    .bind(meeting)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Ownership::NoMeeting) };
    let Some(node) = row.try_get(0)? else { return Ok(Ownership::Free) };
    let owner = Owner { node, address: row.try_get(1)?, http: row.try_get(2)? };
    Ok(Ownership::Node { owner, incarnation: row.try_get(3)?, epoch: row.try_get(4)? })
}

/// Looks up the nodes that own meetings. Meetings whose owner is dead are missing.
pub(super) struct Owners<'a>(pub(super) &'a [String]);

impl Statement for Owners<'_> {
    type Answer = BTreeMap<String, String>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Self::Answer> {
        let rows = query(
            "SELECT meetings.id, nodes.id FROM meetings JOIN nodes ON nodes.id = meetings.owner \
                 AND nodes.incarnation = meetings.incarnation \
             WHERE meetings.id = ANY ($1) AND nodes.expires > clock_timestamp()",
        )
        .bind(self.0)
        .fetch_all(connection)
        .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

/// Reads all meetings. The result for a damaged row is the ID of its meeting.
pub(super) struct AllMeetings;

impl Statement for AllMeetings {
    type Answer = Vec<Result<StoredMeeting, String>>;

    async fn run(
        &self,
        connection: &mut PgConnection,
    ) -> sqlx::Result<Vec<Result<StoredMeeting, String>>> {
        let sql = "SELECT id, title, created, sum FROM meetings ORDER BY id";
        let rows = query(sql).fetch_all(connection).await?;
        rows.iter().map(read_meeting).collect()
    }
}

/// Reads one meeting. The result for a damaged row is its ID.
pub(super) struct Meeting<'a> {
    pub(super) id: &'a str,
}

impl Statement for Meeting<'_> {
    type Answer = Option<Result<StoredMeeting, String>>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Self::Answer> {
        let row = query("SELECT id, title, created, sum FROM meetings WHERE id = $1").bind(self.id);
        row.fetch_optional(connection).await?.as_ref().map(read_meeting).transpose()
    }
}

/// Finds the invitation under this key: its meeting and its terms.
pub(super) struct FindInvitation<'a> {
    pub(super) key: &'a str,
}

impl Statement for FindInvitation<'_> {
    type Answer = Option<StoredInvitation>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Option<StoredInvitation>> {
        // The second condition is that of the partial index, so that PostgreSQL uses the index.
        let sql = "SELECT meeting, value FROM state WHERE key = $1 AND key LIKE 'invitation/%'";
        let row = query(sql).bind(escape(self.key)).fetch_optional(connection).await?;
        row.map(|row| {
            let (meeting, terms) = (row.try_get(0)?, unescape(row.try_get(1)?));
            Ok(StoredInvitation { meeting, terms })
        })
        .transpose()
    }
}

fn read_meeting(row: &PgRow) -> sqlx::Result<Result<StoredMeeting, String>> {
    let title: Option<String> = row.try_get(1)?;
    let meeting =
        StoredMeeting { id: row.try_get(0)?, title: title.map(unescape), created: row.try_get(2)? };
    let sum: i64 = row.try_get(3)?;
    Ok(if sum == checksum::meeting(&meeting) { Ok(meeting) } else { Err(meeting.id) })
}

/// Reads the state of a meeting: keys and values. The result for a damaged row is its key.
pub(super) struct Load<'a> {
    pub(super) meeting: &'a str,
}

impl Statement for Load<'_> {
    type Answer = Vec<Result<(String, String), String>>;

    async fn run(
        &self,
        connection: &mut PgConnection,
    ) -> sqlx::Result<Vec<Result<(String, String), String>>> {
        let Self { meeting } = *self;
        let sql = "SELECT key, value, sum FROM state WHERE meeting = $1 ORDER BY key";
        let rows = query(sql).bind(meeting).fetch_all(connection).await?;
        let read = |row: &PgRow| {
            let (key, value) = (unescape(row.try_get(0)?), unescape(row.try_get(1)?));
            let sum: i64 = row.try_get(2)?;
            let is_valid = sum == checksum::entry(meeting, &key, &value);
            Ok(if is_valid { Ok((key, value)) } else { Err(key) })
        };
        rows.iter().map(read).collect()
    }
}
