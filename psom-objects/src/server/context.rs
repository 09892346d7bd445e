use std::{
    fmt,
    sync::Arc,
    time::{Instant, SystemTime},
};

use psom::{Handle, Scope};

use super::{
    clock::{Clock, TimeOfDay},
    limits::MeetingLimits,
    policy::Policy,
    services::Services,
    users::ContentUserManager,
};
use crate::{
    store::{FileStore, StoredFile},
    types::{EncryptedFile, Role},
};

/// The meeting around an object: roles, rules, limits, time and files. It is cheap to clone.
#[derive(Debug, Clone)]
pub struct MeetingContext {
    shared: Arc<Shared>,
    users: Handle<ContentUserManager>,
}

struct Shared {
    url_base: String,
    files: Arc<dyn FileStore>,
    policy: Arc<dyn Policy>,
    limits: MeetingLimits,
    clock: Clock,
    services: Services,
}

impl MeetingContext {
    /// Returns the context of a meeting. `started` is the time of day at `now`.
    pub(super) fn new(
        url_base: String,
        files: Arc<dyn FileStore>,
        (policy, limits): (Arc<dyn Policy>, MeetingLimits),
        services: Services,
        (started, now, time_of_day): (SystemTime, Instant, Option<TimeOfDay>),
        users: Handle<ContentUserManager>,
    ) -> Self {
        let clock = Clock::new(started, now, time_of_day);
        Self {
            shared: Arc::new(Shared { url_base, files, policy, limits, clock, services }),
            users,
        }
    }

    /// Returns the user's role, or [`Role::Attendee`] if they are not connected.
    pub fn role(&self, scope: &Scope, user: i64) -> Role {
        scope.get(self.users).map_or(Role::Attendee, |users| users.role(user))
    }

    /// Returns the address and the display name of a connected user.
    pub fn user(&self, scope: &Scope, user: i64) -> Option<(String, String)> {
        let (uri, name) = scope.get(self.users).ok()?.user(user)?;
        Some((uri.to_owned(), name.to_owned()))
    }

    /// Returns a value that was registered with
    /// [`ContentTypes::with_service`](super::ContentTypes::with_service).
    pub fn service<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.shared.services.get()
    }

    /// Returns the store of the meeting's files, which futures outside the space can use.
    pub fn file_store(&self) -> Arc<dyn FileStore> {
        Arc::clone(&self.shared.files)
    }

    /// Returns the rules of the meeting.
    pub fn policy(&self) -> &dyn Policy {
        &*self.shared.policy
    }

    /// Returns the limits of the meeting.
    pub fn limits(&self) -> &MeetingLimits {
        &self.shared.limits
    }

    /// Formats a time of the space as a time of day in UTC: `2026-11-22T13:05:00`.
    pub fn utc(&self, now: Instant) -> String {
        self.shared.clock.utc(now)
    }

    /// Returns the URL at which clients download a file.
    pub fn url(&self, file: &StoredFile) -> String {
        format!("{}{}", self.shared.url_base, file.name)
    }

    /// Returns a file as it is announced to clients, with its complete URL.
    pub fn encrypted_file(&self, file: &StoredFile) -> EncryptedFile {
        file.at_url(self.url(file))
    }

    /// Returns the prefix of the URLs of all files.
    pub(super) fn url_base(&self) -> &str {
        &self.shared.url_base
    }

    /// Returns the object that keeps the roster.
    pub(super) fn users(&self) -> Handle<ContentUserManager> {
        self.users
    }

    /// Removes a file once the state that no longer names it is safe.
    pub(super) fn remove_file(&self, scope: &mut Scope, file: &StoredFile) {
        let (files, name) = (Arc::clone(&self.shared.files), file.name.clone());
        scope.when_safe(move || files.remove(&name));
    }

    /// Returns the file store of the meeting.
    pub(super) fn files(&self) -> &dyn FileStore {
        &*self.shared.files
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("url_base", &self.url_base).finish_non_exhaustive()
    }
}
