//! Locks and the session of co-authors in virtual time (MS-FSSHTTP 3.1.4.3 to 3.1.4.5).
//!
//! A document has at most one lock: a schema lock, which clients with the same identifier share, or
//! an exclusive lock. Each client's part of a lock ends at its timeout.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{editors::Editors, types::User};
use crate::{
    error::ErrorName,
    soap::{CellCall, CoauthVerb, ExclusiveVerb, LockCall, SchemaVerb},
};

/// The rules of locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockRules {
    /// Whether several clients may edit a document at once.
    pub coauthoring: bool,
    /// The maximum number of co-authors of a document: 2 to 99.
    pub max_coauthors: usize,
}

impl Default for LockRules {
    /// Permits the 99 co-authors that the protocol allows at most.
    fn default() -> Self {
        Self { coauthoring: true, max_coauthors: 99 }
    }
}

/// The kind of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockType {
    /// No lock.
    None,
    /// The lock that co-authors share.
    Schema,
    /// The lock of one client.
    Exclusive,
}

impl LockType {
    /// Returns the name in an answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Schema => "SchemaLock",
            Self::Exclusive => "ExclusiveLock",
        }
    }
}

/// A client's part of the schema lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The user.
    pub user: User,
    /// The time at which the lease ends.
    pub until: SystemTime,
}

/// The lock that co-authors share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaLock {
    /// The identifier, which all co-authors name.
    pub id: String,
    /// The co-authors by their client identifiers.
    pub clients: BTreeMap<String, Lease>,
}

/// The lock of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusiveLock {
    /// The identifier.
    pub id: String,
    /// The user.
    pub user: User,
    /// The time at which the lock ends.
    pub until: SystemTime,
}

/// The locks and the editors of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// The lock that co-authors share.
    pub schema: Option<SchemaLock>,
    /// The lock of one client.
    pub exclusive: Option<ExclusiveLock>,
    /// The editors table.
    pub editors: Editors,
}

/// A lock operation that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) lock: LockType,
    /// The number of co-authors, if the operation reports it.
    pub(super) coauthors: Option<usize>,
    /// The reason for an exclusive lock if a schema lock was requested.
    pub(super) reason: Option<&'static str>,
}

impl Granted {
    fn plain(lock: LockType) -> Self {
        Self { lock, coauthors: None, reason: None }
    }
}

type Outcome = Result<Granted, ErrorName>;

/// Reports whether two identifiers are equal and not empty. They are GUIDs, whose letters may be in
/// either case.
fn same(left: &str, right: &str) -> bool {
    !left.is_empty() && left.eq_ignore_ascii_case(right)
}

fn until(now: SystemTime, seconds: u64) -> SystemTime {
    now + Duration::from_secs(seconds)
}

impl Sharing {
    /// Removes everything that has timed out.
    pub fn expire(&mut self, now: SystemTime) {
        if let Some(schema) = &mut self.schema {
            schema.clients.retain(|_, lease| lease.until > now);
        }
        self.schema = self.schema.take().filter(|schema| !schema.clients.is_empty());
        self.exclusive = self.exclusive.take().filter(|lock| lock.until > now);
        self.editors.0.retain(|_, editor| editor.until > now);
    }

    /// Returns the kind, the identifier and the holder of the lock.
    pub fn lock(&self) -> (LockType, Option<&str>, Option<&User>) {
        match (&self.exclusive, &self.schema) {
            (Some(lock), _) => (LockType::Exclusive, Some(&lock.id), Some(&lock.user)),
            (None, Some(lock)) => {
                let first = lock.clients.values().next().map(|lease| &lease.user);
                (LockType::Schema, Some(&lock.id), first)
            }
            (None, None) => (LockType::None, None, None),
        }
    }

    fn clients(&self) -> usize {
        self.schema.as_ref().map_or(0, |schema| schema.clients.len())
    }

    /// Reports whether at most one client edits the document.
    pub(super) fn is_alone(&self) -> bool {
        self.clients() <= 1
    }

    fn has_client(&self, call: &LockCall) -> bool {
        self.schema.as_ref().is_some_and(|schema| {
            same(&schema.id, &call.schema_lock)
                && schema.clients.contains_key(&call.client.to_ascii_uppercase())
        })
    }

    /// Refuses a client that does not share the current lock.
    fn check_available(&self, call: &LockCall) -> Result<(), ErrorName> {
        let excluded =
            self.exclusive.as_ref().is_some_and(|lock| !same(&lock.id, &call.exclusive_lock));
        let other = self.schema.as_ref().is_some_and(|lock| !same(&lock.id, &call.schema_lock));
        if excluded || other { Err(ErrorName::FileAlreadyLockedOnServer) } else { Ok(()) }
    }

    fn join(&mut self, call: &LockCall, user: &User, now: SystemTime, rules: LockRules) -> Outcome {
        self.check_available(call)?;
        if self.exclusive.is_some() {
            let reason = Some("CurrentUserHasExclusiveLock");
            return Ok(Granted { lock: LockType::Exclusive, coauthors: None, reason });
        }
        if !rules.coauthoring {
            if !call.allows_exclusive || call.exclusive_lock.is_empty() {
                return Err(ErrorName::FileNotLockedOnServerAsCoauthDisabled);
            }
            self.lock_exclusively(call, user, now);
            let reason = Some("CoauthoringDisabled");
            return Ok(Granted { lock: LockType::Exclusive, coauthors: None, reason });
        }
        if !self.has_client(call) && self.clients() >= rules.max_coauthors {
            return Err(ErrorName::NumberOfCoauthorsReachedMax);
        }
        let id = call.schema_lock.clone();
        let schema = self.schema.get_or_insert_with(|| SchemaLock { id, clients: BTreeMap::new() });
        let lease = Lease { user: user.clone(), until: until(now, call.timeout_seconds) };
        schema.clients.insert(call.client.to_ascii_uppercase(), lease);
        Ok(Granted { coauthors: Some(self.clients()), ..Granted::plain(LockType::Schema) })
    }

    fn exit(&mut self, call: &LockCall) -> Outcome {
        let Some(schema) = &mut self.schema else { return Err(ErrorName::InvalidCoauthSession) };
        if !same(&schema.id, &call.schema_lock) {
            return Err(ErrorName::InvalidCoauthSession);
        }
        // Leaving twice succeeds while others are present, as with current servers.
        schema.clients.remove(&call.client.to_ascii_uppercase());
        if schema.clients.is_empty() {
            self.schema = None;
        }
        Ok(Granted::plain(LockType::None))
    }

    fn lock_exclusively(&mut self, call: &LockCall, user: &User, now: SystemTime) {
        self.schema = None;
        self.exclusive = Some(ExclusiveLock {
            id: call.exclusive_lock.clone(),
            user: user.clone(),
            until: until(now, call.timeout_seconds),
        });
    }

    fn convert_to_exclusive(&mut self, call: &LockCall, user: &User, now: SystemTime) -> Outcome {
        if !self.has_client(call) {
            return Err(ErrorName::InvalidCoauthSession);
        }
        if call.exclusive_lock.is_empty() {
            return Err(ErrorName::InvalidArgument);
        }
        if self.clients() > 1 {
            if !call.release_on_failure {
                return Err(ErrorName::MultipleClientsInCoauthSession);
            }
            self.exit(call)?;
            return Err(ErrorName::ExitCoauthSessionAsConvertToExclusiveFailed);
        }
        self.lock_exclusively(call, user, now);
        Ok(Granted::plain(LockType::Exclusive))
    }

    fn refresh(
        &mut self,
        call: &LockCall,
        user: &User,
        now: SystemTime,
        rules: LockRules,
    ) -> Outcome {
        // A client whose lease has ended joins again unless another client holds a lock.
        if !self.has_client(call) && (self.schema.is_some() || self.exclusive.is_some()) {
            self.check_available(call)?;
            return Err(ErrorName::InvalidCoauthSession);
        }
        self.join(call, user, now, rules)
    }

    /// Runs an operation of co-authoring. The editors table follows it.
    pub(super) fn coauthor(
        &mut self,
        verb: CoauthVerb,
        call: &LockCall,
        user: &User,
        now: SystemTime,
        rules: LockRules,
    ) -> Outcome {
        let in_session = |this: &Self| {
            if this.has_client(call) { Ok(()) } else { Err(ErrorName::InvalidCoauthSession) }
        };
        match verb {
            CoauthVerb::JoinCoauthoring | CoauthVerb::RefreshCoauthoring => {
                let granted = match verb {
                    CoauthVerb::JoinCoauthoring => self.join(call, user, now, rules),
                    _ => self.refresh(call, user, now, rules),
                }?;
                if granted.lock == LockType::Schema {
                    self.editors.enter(&call.client, user, until(now, call.timeout_seconds));
                }
                Ok(granted)
            }
            CoauthVerb::ExitCoauthoring => {
                let granted = self.exit(call)?;
                self.editors.leave(&call.client);
                Ok(granted)
            }
            CoauthVerb::ConvertToExclusive => {
                let result = self.convert_to_exclusive(call, user, now);
                if result != Err(ErrorName::MultipleClientsInCoauthSession) {
                    self.editors.leave(&call.client);
                }
                result
            }
            CoauthVerb::CheckLockAvailability => {
                self.check_available(call).map(|()| Granted::plain(LockType::None))
            }
            CoauthVerb::MarkTransitionComplete => {
                in_session(self).map(|()| Granted::plain(LockType::Schema))
            }
            CoauthVerb::GetCoauthoringStatus => {
                in_session(self)?;
                Ok(Granted { coauthors: Some(self.clients()), ..Granted::plain(LockType::Schema) })
            }
        }
    }

    /// Runs an operation on the lock that co-authors share.
    pub(super) fn schema_lock(
        &mut self,
        verb: SchemaVerb,
        call: &LockCall,
        user: &User,
        now: SystemTime,
        rules: LockRules,
    ) -> Outcome {
        let granted = match verb {
            SchemaVerb::GetLock => self.join(call, user, now, rules),
            SchemaVerb::ReleaseLock => self.exit(call),
            SchemaVerb::RefreshLock => self.refresh(call, user, now, rules),
            SchemaVerb::ConvertToExclusive => self.convert_to_exclusive(call, user, now),
            SchemaVerb::CheckLockAvailability => {
                self.check_available(call).map(|()| Granted::plain(LockType::None))
            }
        };
        granted.map(|granted| Granted { coauthors: None, ..granted })
    }

    /// Runs an operation on the lock of one client.
    pub(super) fn exclusive_lock(
        &mut self,
        verb: ExclusiveVerb,
        call: &LockCall,
        user: &User,
        now: SystemTime,
        rules: LockRules,
    ) -> Outcome {
        if self.schema.is_some()
            || self.exclusive.as_ref().is_some_and(|lock| !same(&lock.id, &call.exclusive_lock))
        {
            return Err(ErrorName::FileAlreadyLockedOnServer);
        }
        match verb {
            ExclusiveVerb::GetLock | ExclusiveVerb::RefreshLock => {
                self.lock_exclusively(call, user, now);
                return Ok(Granted::plain(LockType::Exclusive));
            }
            ExclusiveVerb::CheckLockAvailability => return Ok(Granted::plain(LockType::None)),
            _ => {}
        }
        let Some(lock) = self.exclusive.take() else {
            return Err(ErrorName::FileNotLockedOnServer);
        };
        match verb {
            ExclusiveVerb::ConvertToSchema | ExclusiveVerb::ConvertToSchemaJoinCoauth => {
                if !rules.coauthoring {
                    self.exclusive = Some(lock);
                    return Err(ErrorName::LockNotConvertedAsCoauthDisabled);
                }
                if verb == ExclusiveVerb::ConvertToSchema {
                    return self.schema_lock(SchemaVerb::GetLock, call, user, now, rules);
                }
                self.coauthor(CoauthVerb::JoinCoauthoring, call, user, now, rules)
            }
            _ => Ok(Granted::plain(LockType::None)),
        }
    }

    /// Refuses an upload of a client that does not hold the current lock, and extends the lease of
    /// a client that does. A document without a lock accepts all uploads, because the coherency
    /// check protects it.
    pub(super) fn check_write(
        &mut self,
        call: &CellCall,
        now: SystemTime,
    ) -> Result<(), ErrorName> {
        let named = |lock: &str, given: &Option<String>| {
            given.as_deref().is_some_and(|given| same(lock, given))
                || call.bypass_lock.as_deref().is_some_and(|bypassed| same(lock, bypassed))
        };
        if let Some(lock) = &mut self.exclusive {
            if !named(&lock.id, &call.exclusive_lock) {
                return Err(ErrorName::FileAlreadyLockedOnServer);
            }
            if let Some(seconds) = call.timeout_seconds {
                lock.until = lock.until.max(until(now, seconds));
            }
        }
        let schema = self.schema.as_ref();
        if schema.is_some_and(|lock| !named(&lock.id, &call.schema_lock)) {
            return Err(ErrorName::FileAlreadyLockedOnServer);
        }
        Ok(())
    }
}
