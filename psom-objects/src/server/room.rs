use std::{sync::Arc, time::Instant};

use psom::{Handle, Scope};

use super::{Limits, Policy, Shared, content::Content, users::ContentUserManager};
use crate::{
    store::{FileStore, StoredFile},
    types::Role,
};

/// What an object of a meeting knows of the meeting around it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Room {
    pub(super) shared: Arc<Shared>,
    pub(super) users: Handle<ContentUserManager>,
}

impl Room {
    /// What a user is at present; somebody who is not there is an attendee.
    pub fn role(&self, scope: &Scope, user: i64) -> Role {
        scope.get(self.users).map_or(Role::Attendee, |users| users.role(user))
    }

    /// Who may do what.
    pub fn policy(&self) -> &dyn Policy {
        &*self.shared.config.policy
    }

    /// How much the meeting holds.
    pub fn limits(&self) -> &Limits {
        &self.shared.config.limits
    }

    /// A time of the space as the time of day, in UTC: `2026-11-22T13:05:00`.
    pub fn utc(&self, now: Instant) -> String {
        self.shared.clock.utc(now)
    }

    /// Where clients find a file.
    pub fn url(&self, file: &StoredFile) -> String {
        format!("{}{}", self.shared.config.url_base, file.name)
    }

    /// Removes a file once it is safe that nothing names it any more.
    pub(super) fn remove_file(&self, scope: &mut Scope, file: &StoredFile) {
        let (files, name) = (self.shared.config.files.clone(), file.name.clone());
        scope.when_safe(move || files.remove(&name));
    }

    pub(super) fn files(&self) -> &dyn FileStore {
        &*self.shared.config.files
    }
}

/// The content that an extended content belongs to: what all contents have in common.
#[derive(Debug, Clone, Copy)]
pub struct ContentRef(pub(super) Handle<Content>);

// A content that is gone has taken its extended content along, so that it has nobody left to tell.
impl ContentRef {
    /// Gives the content the file that participants download, in the place of the one before.
    pub fn set_native_file(self, scope: &mut Scope, file: StoredFile) {
        let _ = scope.tell(self.0, move |content, cx| content.set_native_file(cx, file));
    }

    /// Says where the original of the content is.
    pub fn set_original_file_url(self, scope: &mut Scope, url: String) {
        let _ = scope.tell(self.0, move |content, cx| content.set_original_file_url(cx, url));
    }

    /// Says where the content can be viewed.
    pub fn set_viewing_url(self, scope: &mut Scope, url: String) {
        let _ = scope.tell(self.0, move |content, cx| content.set_viewing_url(cx, url));
    }

    /// Removes a file that a package brought and that nothing needs any more.
    pub fn discard(self, scope: &mut Scope, file: &StoredFile) {
        self.discard_all(scope, vec![file.name.clone()]);
    }

    /// Removes several, by their names on the file server: the content is saved once.
    pub(super) fn discard_all(self, scope: &mut Scope, names: Vec<String>) {
        if !names.is_empty() {
            let _ = scope.tell(self.0, move |content, cx| content.discard(cx, &names));
        }
    }
}
