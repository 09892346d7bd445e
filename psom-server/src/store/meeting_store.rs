use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc, time::Duration};

use psom::Journal;
use tokio::sync::watch;

use super::error::Error;

/// The part of the key in front of an invitation's secret in the state of a meeting.
pub const INVITATION_PREFIX: &str = "invitation/";

/// The pending answer of a store.
pub type StoreAnswer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Keeps the state of meetings across restarts of the server.
///
/// The order of the calls matters: each call acts on the result of the earlier ones, whether or not
/// their answers were awaited or dropped. Keys are ordered by their bytes.
pub trait MeetingStore: Send + Sync + 'static {
    /// Returns the meetings, ordered by their IDs.
    ///
    /// # Errors
    /// The store is damaged, or has failed.
    fn meetings(&self) -> StoreAnswer<'_, Vec<StoredMeeting>>;

    /// Returns the meetings like [`meetings`](Self::meetings), and an error for each whose own entry is
    /// damaged.
    ///
    /// # Errors
    /// The store has failed.
    fn readable_meetings(&self) -> StoreAnswer<'_, (Vec<StoredMeeting>, Vec<Error>)> {
        Box::pin(async { Ok((self.meetings().await?, Vec::new())) })
    }

    /// Adds a meeting without state. It is durable when this answers.
    ///
    /// # Errors
    /// [`Error::Exists`], or the store has failed.
    fn create(&self, meeting: StoredMeeting) -> StoreAnswer<'_, ()>;

    /// Deletes a meeting with all its state. Its journals accept no more writes.
    ///
    /// # Errors
    /// [`Error::NoMeeting`], or the store has failed.
    fn delete(&self, meeting: &str) -> StoreAnswer<'_, ()>;

    /// Makes this server the owner of a meeting, unless another server of the cluster is. Only the
    /// owner can load, change and delete it. The server that creates a meeting owns it. If the
    /// store is not shared, its only server owns all meetings.
    ///
    /// # Errors
    /// [`Error::NoMeeting`], or the store has failed.
    fn claim(&self, meeting: &str) -> StoreAnswer<'_, Claim>;

    /// Reports whether other servers use the store at the same time, so that meetings have to be
    /// [claimed](Self::claim).
    fn is_shared(&self) -> bool {
        false
    }

    /// Reports whether this server owns a meeting, as far as it knows.
    fn owns(&self, _meeting: &str) -> bool {
        true
    }

    /// Watches a counter that changes when this server has lost meetings to other servers, or may
    /// have lost them.
    fn losses(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }

    /// Returns the invitation under this key of a meeting's state, which begins with
    /// [`INVITATION_PREFIX`]. A store that is not shared need not find any: its server knows all meetings.
    ///
    /// # Errors
    /// The store has failed.
    fn find_invitation(&self, _key: &str) -> StoreAnswer<'_, Option<StoredInvitation>> {
        Box::pin(async { Ok(None) })
    }

    /// Saves a join token that every server of a cluster can redeem, and removes the token that it has
    /// replaced. A store that is not shared keeps none: the server that issues a token redeems it.
    ///
    /// # Errors
    /// The store has failed.
    fn add_token(&self, _token: StoredToken, _replaced: Option<String>) -> StoreAnswer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Returns the meeting that a join token is for, if the token is valid.
    ///
    /// # Errors
    /// The store has failed.
    fn find_token(&self, _token: &str) -> StoreAnswer<'_, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    /// Removes a join token and returns its value, if the token is valid. Of several servers that take a
    /// token, one gets it.
    ///
    /// # Errors
    /// The store has failed.
    fn take_token(&self, _token: &str) -> StoreAnswer<'_, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    /// Removes the join tokens of an invitation.
    ///
    /// # Errors
    /// The store has failed.
    fn revoke_tokens(&self, _invitation: &str) -> StoreAnswer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Returns the names of the nodes that own these meetings. A meeting without a living owner is missing.
    ///
    /// # Errors
    /// The store has failed.
    fn owners(&self, _meetings: Vec<String>) -> StoreAnswer<'_, BTreeMap<String, String>> {
        Box::pin(async { Ok(BTreeMap::new()) })
    }

    /// Gives a meeting that this server owns to another node, or to none, after everything that was accepted
    /// for it is durable. Its journals accept nothing any more. If the other node is gone meanwhile, the
    /// meeting has no owner.
    ///
    /// # Errors
    /// [`Error::NoMeeting`] or [`Error::Moved`] if this server does not own it, or the store has failed.
    fn hand_over(&self, meeting: &str, _to: Option<&str>) -> StoreAnswer<'_, ()> {
        let meeting = meeting.to_owned();
        Box::pin(async { Err(Error::Moved(meeting)) })
    }

    /// Returns the living owner of a meeting, without taking the meeting over.
    ///
    /// # Errors
    /// [`Error::NoMeeting`], or the store has failed.
    fn locate(&self, _meeting: &str) -> StoreAnswer<'_, Option<Owner>> {
        Box::pin(async { Ok(None) })
    }

    /// Returns the other node with the fewest meetings, of those that do not hand theirs over.
    ///
    /// # Errors
    /// The store has failed.
    fn other_node(&self) -> StoreAnswer<'_, Option<Owner>> {
        Box::pin(async { Ok(None) })
    }

    /// Announces whether this node hands its meetings over, so that no other node gives it any.
    ///
    /// # Errors
    /// The store has failed.
    fn set_draining(&self, _is_draining: bool) -> StoreAnswer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Returns the living nodes of the cluster.
    ///
    /// # Errors
    /// The store has failed.
    fn nodes(&self) -> StoreAnswer<'_, Vec<NodeState>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Returns the name of this node, if it is one.
    fn node_name(&self) -> Option<&str> {
        None
    }

    /// Returns the numbers of a node of a cluster: their names, descriptions and values. Those in the second
    /// list go up and down.
    fn counters(&self) -> [Vec<(&'static str, &'static str, u64)>; 2] {
        Default::default()
    }

    /// Returns a meeting.
    ///
    /// # Errors
    /// [`Error::NoMeeting`], its entry is damaged, or the store has failed.
    fn meeting(&self, id: &str) -> StoreAnswer<'_, StoredMeeting> {
        let id = id.to_owned();
        Box::pin(async move {
            let meetings = self.meetings().await?.into_iter();
            meetings.into_iter().find(|meeting| meeting.id == id).ok_or(Error::NoMeeting(id))
        })
    }

    /// Returns the state of a meeting: values by key.
    ///
    /// # Errors
    /// [`Error::NoMeeting`]; [`Error::Moved`] if this server does not own it; the meeting's state is damaged; or the store has failed.
    fn load(&self, meeting: &str) -> StoreAnswer<'_, BTreeMap<String, String>>;

    /// Returns a journal for the meeting that has this ID now. It accepts no writes if there is no
    /// such meeting, or once the meeting is deleted, even if a later meeting has the same ID.
    fn journal(&self, meeting: &str) -> Arc<dyn Journal>;

    /// Watches the health of the store.
    fn health(&self) -> watch::Receiver<Health>;

    /// Stops accepting changes, and answers when all accepted changes are durable. It waits while
    /// the disk is full.
    ///
    /// # Errors
    /// The store has failed, and not all accepted changes are durable.
    fn close(&self) -> StoreAnswer<'_, ()>;
}

/// The health of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Health {
    /// The store works.
    #[default]
    Good,
    /// Commits wait for an obstacle that can pass, for example "the disk is full".
    Waiting(&'static str),
    /// The store has failed and accepts no more changes.
    Failed(Error),
}

/// The answer to a [claim](MeetingStore::claim).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// This server owns the meeting.
    Owned,
    /// Another server owns the meeting.
    Elsewhere(Owner),
}

/// A server of a cluster that owns a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The name of the node.
    pub node: String,
    /// The address of its conference, `host:port`.
    pub address: String,
    /// The address of its web server, a URL without a path.
    pub http: String,
}

/// A living node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// The node's name and addresses.
    pub node: Owner,
    /// Whether the node hands its meetings over.
    pub is_draining: bool,
    /// The number of meetings that it owns.
    pub meetings: u64,
}

/// A meeting in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMeeting {
    /// The meeting's ID.
    pub id: String,
    /// The meeting's title for people.
    pub title: Option<String>,
    /// The time of its creation in milliseconds since 1970, UTC.
    pub created: i64,
}

/// An invitation in the store of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvitation {
    /// The meeting that it is for.
    pub meeting: String,
    /// Its role and its user, in a form that the store does not know.
    pub terms: String,
}

/// A join token in the store of a cluster.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The token, a secret.
    pub token: String,
    /// The meeting that it is for.
    pub meeting: String,
    /// The secret of the invitation that issued it, if one did.
    pub invitation: Option<String>,
    /// The user, in a form that the store does not know.
    pub value: String,
    /// The time in which the token is valid.
    pub lifetime: Duration,
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredToken").field("meeting", &self.meeting).finish_non_exhaustive()
    }
}

/// The failures that a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A crash of the machine: every commit waits for the disk.
    #[default]
    Full,
    /// A crash of the process: a commit waits for the operating system. A crash of the machine can lose
    /// the last commits, but neither earlier ones nor the integrity of the store.
    Process,
}
