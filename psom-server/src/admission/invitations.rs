//! Invitations. An invitation is valid until its meeting ends, and any number of people can use it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
};

use psom::Write;
use psom_objects::types::Role;
use serde::{Deserialize, Serialize};

use crate::{
    shared::{identifiers::random_name, lock::lock},
    store::INVITATION_PREFIX as KEY_PREFIX,
};

/// An invitation to a meeting.
#[derive(Clone)]
struct Invitation {
    meeting: String,
    terms: InvitationTerms,
}

/// The saved part of an invitation: the role, and for a named invitation the user, of its holder.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvitationTerms {
    pub(crate) role: Role,
    /// The URI of the invited user. Everybody who uses the invitation becomes this user. If this is
    /// `None`, the invitation is open, and each person who uses it becomes a separate guest.
    pub(crate) uri: Option<String>,
    /// The display name of the invited user. It overrides the name that the client gives.
    pub(crate) display_name: Option<String>,
}

/// The invitations to the meetings of this server, by their secrets. A meeting that is not in memory keeps its
/// invitations here; a meeting that has ended, or that another server runs, has none.
pub(crate) struct Invitations {
    by_secret: Mutex<HashMap<String, Invitation>>,
    max_per_meeting: usize,
}

impl Invitations {
    pub(crate) fn new(max_per_meeting: usize) -> Self {
        Self { by_secret: Mutex::default(), max_per_meeting }
    }

    fn by_secret(&self) -> MutexGuard<'_, HashMap<String, Invitation>> {
        lock(&self.by_secret)
    }

    /// Adds an invitation to a meeting and returns its secret, or `None` if the meeting has too many.
    pub(crate) fn add(&self, meeting: &str, terms: InvitationTerms) -> Option<String> {
        let mut by_secret = self.by_secret();
        if by_secret.values().filter(|other| other.meeting == meeting).count()
            >= self.max_per_meeting
        {
            return None;
        }
        let secret = random_name();
        by_secret.insert(secret.clone(), Invitation { meeting: meeting.into(), terms });
        Some(secret)
    }

    /// Restores the invitations in the saved state of a meeting. The limit does not apply, because
    /// people already have the links.
    ///
    /// # Errors
    /// Returns the key of an invitation that cannot be read.
    pub(crate) fn restore(
        &self,
        meeting: &str,
        state: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        let saved = saved_invitations(state)?;
        let mut by_secret = self.by_secret();
        for (secret, terms) in saved {
            by_secret.insert(secret, Invitation { meeting: meeting.into(), terms });
        }
        Ok(())
    }

    /// Forgets the invitations to a meeting that has ended or moved.
    pub(crate) fn forget(&self, meeting: &str) {
        self.by_secret().retain(|_, invitation| invitation.meeting != meeting);
    }

    /// Returns the secret of an open invitation to a meeting with this role, if there is one.
    pub(crate) fn open_invitation(&self, meeting: &str, role: Role) -> Option<String> {
        let matches = |Invitation { meeting: other, terms }: &Invitation| {
            let is_open = terms.uri.is_none() && terms.display_name.is_none();
            is_open && terms.role == role && other == meeting
        };
        let by_secret = self.by_secret();
        let found = by_secret.iter().find(|(_, invitation)| matches(invitation));
        found.map(|(secret, _)| secret.clone())
    }

    /// Removes an invitation of a meeting. Returns `false` if there is none with this secret.
    pub(crate) fn remove(&self, meeting: &str, secret: &str) -> bool {
        let mut by_secret = self.by_secret();
        by_secret.get(secret).is_some_and(|invitation| invitation.meeting == meeting)
            && by_secret.remove(secret).is_some()
    }

    /// Returns the invitations to a meeting, with their secrets.
    pub(crate) fn of_meeting(&self, meeting: &str) -> Vec<(String, InvitationTerms)> {
        let by_secret = self.by_secret();
        let found = by_secret.iter().filter(|(_, invitation)| invitation.meeting == meeting);
        let mut found: Vec<_> =
            found.map(|(secret, invitation)| (secret.clone(), invitation.terms.clone())).collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    /// Returns the terms of the invitation with this secret, and the ID of its meeting.
    pub(crate) fn get(&self, secret: &str) -> Option<(InvitationTerms, String)> {
        let Invitation { meeting, terms } = self.by_secret().get(secret)?.clone();
        Some((terms, meeting))
    }
}

/// Returns the write that removes a revoked invitation from its meeting's state.
pub(crate) fn removal(secret: &str) -> Write {
    Write { key: format!("{KEY_PREFIX}{secret}"), value: None }
}

impl InvitationTerms {
    /// Returns the write that saves this invitation in its meeting's state.
    pub(crate) fn write(&self, secret: &str) -> Write {
        // This cannot fail, because JSON can represent every string.
        Write { key: format!("{KEY_PREFIX}{secret}"), value: serde_json::to_string(self).ok() }
    }

    /// Reads the saved form of an invitation.
    ///
    /// # Errors
    /// The text is not a saved invitation.
    pub(crate) fn read(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

/// Reads the invitations in the saved state of a meeting, with their secrets.
///
/// # Errors
/// Returns the key of an invitation that cannot be read.
pub(crate) fn saved_invitations(
    state: &BTreeMap<String, String>,
) -> Result<Vec<(String, InvitationTerms)>, String> {
    let below = state.range(KEY_PREFIX.to_owned()..);
    let entries = below.map_while(|(key, text)| Some((key, key.strip_prefix(KEY_PREFIX)?, text)));
    entries
        .map(|(key, secret, text)| {
            let terms = InvitationTerms::read(text).map_err(|_| key.clone())?;
            Ok((secret.to_owned(), terms))
        })
        .collect()
}
