//! Invitations: good for as long as their meeting, and for as many people as follow them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use psom::Write;
use psom_objects::types::Role;
use serde::{Deserialize, Serialize};

use crate::{files::random_name, room::Room, roster::RoleName};

/// What an invitation is good for.
#[derive(Clone)]
pub(crate) struct Invitation {
    pub(crate) room: Weak<Room>,
    pub(crate) role: Role,
    /// Whose invitation it is: everybody who follows it is this user. Without it, everybody is
    /// another guest.
    pub(crate) uri: Option<String>,
    /// The name of whoever follows it, whatever they say.
    pub(crate) display_name: Option<String>,
}

/// The invitations by their secrets.
pub(crate) struct Invitations {
    known: Mutex<HashMap<String, Invitation>>,
    /// To one meeting.
    limit: usize,
}

impl Invitations {
    pub(crate) fn new(limit: usize) -> Self {
        Self { known: Mutex::default(), limit }
    }

    /// Keeps an invitation and returns its secret, unless its meeting has too many.
    pub(crate) fn add(&self, invitation: Invitation) -> Option<String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, invitation| invitation.room.strong_count() > 0);
        let same = |other: &&Invitation| other.room.ptr_eq(&invitation.room);
        if known.values().filter(same).count() >= self.limit {
            return None;
        }
        let secret = random_name();
        known.insert(secret.clone(), invitation);
        Some(secret)
    }

    /// Keeps an invitation of an earlier run, whatever the limit is now: people hold the link.
    pub(crate) fn restore(&self, secret: String, invitation: Invitation) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(secret, invitation);
    }

    /// The secret of an invitation to a meeting for anybody, with this role, if there is one.
    pub(crate) fn open_to_all(&self, room: &Arc<Room>, role: Role) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |invitation: &Invitation| {
            let anybody = invitation.uri.is_none() && invitation.display_name.is_none();
            anybody && invitation.role == role && std::ptr::eq(invitation.room.as_ptr(), &**room)
        };
        known.iter().find(|(_, invitation)| is_it(invitation)).map(|(secret, _)| secret.clone())
    }

    /// What a secret is good for, and the meeting.
    pub(crate) fn get(&self, secret: &str) -> Option<(Invitation, Arc<Room>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let invitation = known.get(secret)?.clone();
        let room = invitation.room.upgrade()?;
        Some((invitation, room))
    }
}

/// An invitation as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    #[serde(with = "RoleName")]
    role: Role,
    uri: Option<String>,
    display_name: Option<String>,
}

/// Invitations to a meeting that were saved, by their secrets.
pub(crate) type Invited = Vec<(String, Role, Option<String>, Option<String>)>;

/// What is to be saved of an invitation.
pub(crate) fn save(secret: &str, invitation: &Invitation) -> Write {
    let Invitation { role, uri, display_name, .. } = invitation.clone();
    let saved = Saved { role, uri, display_name };
    // Texts and a word: there is nothing in it that JSON cannot say.
    Write { key: format!("invitation/{secret}"), value: serde_json::to_string(&saved).ok() }
}

/// The invitations that were saved; or the key that cannot be read.
pub(crate) fn saved(state: &BTreeMap<String, String>) -> Result<Invited, String> {
    let below = state.range("invitation/".to_owned()..);
    let below = below.take_while(|(key, _)| key.starts_with("invitation/"));
    let read = |(key, text): (&String, &String)| {
        let saved: Saved = serde_json::from_str(text).map_err(|_| key.clone())?;
        let secret = key["invitation/".len()..].to_owned();
        Ok((secret, saved.role, saved.uri, saved.display_name))
    };
    below.map(read).collect()
}
