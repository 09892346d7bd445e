//! Invitations: good for as long as their meeting, and for as many people as follow them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use psom_objects::types::Role;

use crate::{files::random_name, meetings::Room};

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

    /// What a secret is good for, and the meeting.
    pub(crate) fn get(&self, secret: &str) -> Option<(Invitation, Arc<Room>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let invitation = known.get(secret)?.clone();
        let room = invitation.room.upgrade()?;
        Some((invitation, room))
    }
}
