//! The roster: the users who were admitted to a meeting, and their roles.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use psom::Write;
use psom_objects::{
    server::FormerUser,
    types::{Participant, Role},
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::shared::identifiers::GUEST_URI_PREFIX;

/// The part of the key in front of a user's ID in the saved state of a meeting.
const KEY_PREFIX: &str = "user/";

/// The time after their last admission for which guests stay in the roster: longer than a connection
/// takes from its admission to its first call.
const GUEST_GRACE_PERIOD: Duration = Duration::from_secs(120);

/// The users of a meeting. A URI keeps the user ID that it was first assigned.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    id_by_uri: HashMap<String, i64>,
    by_id: BTreeMap<i64, RosterEntry>,
    /// The last ID that was assigned.
    last_id: i64,
    /// The number of guests among the users.
    guests: usize,
    /// The number of the last change that was requested.
    last_change: u64,
}

#[derive(Debug)]
struct RosterEntry {
    /// The durable state of the user. Only this is visible outside the roster.
    user: Option<RosterUser>,
    /// The number of the last requested change of this user.
    requested: u64,
    /// The number of the last durable change of this user.
    durable: u64,
    /// The time of the last admission in this run of the server.
    admitted: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RosterUser {
    uri: String,
    name: String,
    role: Role,
}

/// The result of a request to admit a user.
#[derive(Debug)]
pub(crate) enum Admission {
    /// The user with this ID exists with the same name and role.
    Unchanged(i64),
    /// The change has to be saved, and then confirmed.
    Change(RosterChange),
}

/// A requested change that is not durable yet.
#[derive(Debug)]
pub(crate) struct RosterChange {
    pub(crate) id: i64,
    number: u64,
    user: RosterUser,
}

/// A limit of the roster that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RosterFull {
    #[error("the meeting has had {0} users, which is its limit")]
    Users(usize),
    #[error("the meeting has had {0} guests, which is its limit")]
    Guests(usize),
}

impl Roster {
    /// Requests that a user is admitted with this name and role.
    pub(crate) fn admit(
        &mut self,
        uri: &str,
        name: &str,
        role: Role,
        max_users: usize,
    ) -> Result<Admission, RosterFull> {
        let user = RosterUser { uri: uri.into(), name: name.into(), role };
        let id = if let Some(id) = self.id_by_uri.get(uri) {
            *id
        } else {
            self.check_limits(uri, max_users)?;
            let id = self.last_id + 1;
            self.insert(id, uri, None);
            id
        };
        let number = self.last_change + 1;
        let Some(entry) = self.by_id.get_mut(&id) else { return Err(RosterFull::Users(max_users)) };
        entry.admitted = Some(Instant::now());
        if entry.requested == entry.durable && entry.user.as_ref() == Some(&user) {
            return Ok(Admission::Unchanged(id));
        }
        (entry.requested, self.last_change) = (number, number);
        Ok(Admission::Change(RosterChange { id, number, user }))
    }

    /// Applies a change that is durable now. Returns `true` if the user existed and the role changed.
    pub(crate) fn confirm(&mut self, change: RosterChange) -> bool {
        let Some(entry) = self.by_id.get_mut(&change.id) else { return false };
        if change.number <= entry.durable {
            // A later change was confirmed first.
            return false;
        }
        entry.durable = change.number;
        let role = change.user.role;
        entry.user.replace(change.user).is_some_and(|before| before.role != role)
    }

    /// Returns the ID of a URI if it is durable; otherwise checks that the URI can be admitted.
    pub(crate) fn check(&self, uri: &str, max_users: usize) -> Result<Option<i64>, RosterFull> {
        match self.id_by_uri.get(uri) {
            Some(id) => Ok(self.get(*id).map(|_| *id)),
            None => self.check_limits(uri, max_users).map(|()| None),
        }
    }

    /// Checks the limits of the roster. Guests can fill at most half of it, so that users can still
    /// be admitted by name.
    fn check_limits(&self, uri: &str, max_users: usize) -> Result<(), RosterFull> {
        let max_guests = max_users.div_ceil(2);
        if uri.starts_with(GUEST_URI_PREFIX) && self.guests >= max_guests {
            return Err(RosterFull::Guests(max_guests));
        }
        if self.by_id.len() >= max_users { Err(RosterFull::Users(max_users)) } else { Ok(()) }
    }

    fn insert(&mut self, id: i64, uri: &str, user: Option<RosterUser>) {
        self.guests += usize::from(uri.starts_with(GUEST_URI_PREFIX));
        self.last_id = self.last_id.max(id);
        self.id_by_uri.insert(uri.into(), id);
        self.by_id.insert(id, RosterEntry { user, requested: 0, durable: 0, admitted: None });
    }

    /// Removes the guests who have left, except those for whom `keep` returns `true`. Returns the
    /// writes that remove them from the saved state.
    pub(crate) fn remove_guests(&mut self, keep: impl Fn(i64) -> bool) -> Vec<Write> {
        let is_gone = |id: &i64, entry: &RosterEntry| {
            let guest = entry.user.as_ref().filter(|user| user.uri.starts_with(GUEST_URI_PREFIX));
            let is_settled = entry.requested == entry.durable
                && entry.admitted.is_none_or(|at| at.elapsed() >= GUEST_GRACE_PERIOD);
            guest.is_some() && is_settled && !keep(*id)
        };
        let gone: Vec<_> = self.by_id.extract_if(.., |id, entry| is_gone(id, entry)).collect();
        self.guests -= gone.len();
        for (_, entry) in &gone {
            entry.user.as_ref().map(|user| self.id_by_uri.remove(&user.uri));
        }
        let removal = |(id, _)| Write { key: format!("{KEY_PREFIX}{id}"), value: None };
        gone.into_iter().map(removal).collect()
    }

    /// Restores the roster in the saved state of a meeting.
    ///
    /// # Errors
    /// Returns the key of a user that cannot be read.
    pub(crate) fn restore(state: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut roster = Self::default();
        for (key, text) in state.range(KEY_PREFIX.to_owned()..) {
            let Some(id) = key.strip_prefix(KEY_PREFIX) else { break };
            let user: Option<RosterUser> = serde_json::from_str(text).ok();
            let (id, user) = id.parse().ok().zip(user).ok_or_else(|| key.clone())?;
            roster.insert(id, &user.uri.clone(), Some(user));
        }
        Ok(roster)
    }

    /// Returns a user in the form that the session layer needs.
    pub(crate) fn user(&self, id: i64) -> Option<psom::User> {
        let RosterUser { uri, name, role } = self.get(id)?.clone();
        Some(Participant { uri, role }.user(id, &name))
    }

    /// Returns the display name of the user with this URI.
    pub(crate) fn name(&self, uri: &str) -> Option<String> {
        Some(self.get(*self.id_by_uri.get(uri)?)?.name.clone())
    }

    /// Returns the ID of the user with this URI.
    pub(crate) fn id(&self, uri: &str) -> Option<i64> {
        self.id_by_uri.get(uri).copied()
    }

    /// Returns the URI of a user.
    pub(crate) fn uri(&self, id: i64) -> Option<String> {
        Some(self.get(id)?.uri.clone())
    }

    /// Returns a user's role.
    pub(crate) fn role(&self, id: i64) -> Option<Role> {
        Some(self.get(id)?.role)
    }

    fn get(&self, id: i64) -> Option<&RosterUser> {
        self.by_id.get(&id)?.user.as_ref()
    }
}

/// Returns all numbers in the saved state of a meeting, except those in its roster. They include
/// the ID of every user who has left something behind, such as a vote or a drawing.
pub(crate) fn saved_numbers(state: &BTreeMap<String, String>) -> HashSet<i64> {
    let entries = state.iter().filter(|(key, _)| !key.starts_with(KEY_PREFIX));
    let texts = entries.flat_map(|(key, value)| [key, value]);
    let numbers = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_digit()));
    numbers.filter_map(|number| number.parse().ok()).collect()
}

/// Returns the users in the saved state of a meeting. A user who cannot be read is left out.
pub(super) fn saved_users(state: &BTreeMap<String, String>) -> Vec<FormerUser> {
    let below = state.range(KEY_PREFIX.to_owned()..);
    let entries = below.map_while(|(key, text)| Some((key.strip_prefix(KEY_PREFIX)?, text)));
    let user = |(id, text): (&str, &String)| {
        let RosterUser { uri, name, .. } = serde_json::from_str(text).ok()?;
        Some(FormerUser { id: id.parse().ok()?, uri, display_name: name })
    };
    let mut users: Vec<_> = entries.filter_map(user).collect();
    // The keys are sorted as texts. Users with higher IDs were admitted later.
    users.sort_by_key(|user| user.id);
    users
}

impl RosterChange {
    /// Returns the write that saves this change in the meeting's state.
    pub(crate) fn write(&self) -> Write {
        // This cannot fail, because JSON can represent every string.
        let value = serde_json::to_string(&self.user).ok();
        Write { key: format!("{KEY_PREFIX}{}", self.id), value }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn uri_keeps_its_user_id() {
        let mut roster = Roster::default();
        let admit = |roster: &mut Roster, uri, role| match roster.admit(uri, "Ada", role, 2)? {
            Admission::Unchanged(id) => Ok((id, false)),
            Admission::Change(change) => Ok((change.id, roster.confirm(change))),
        };
        let new = |id| Ok((id, false));
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        assert_eq!(admit(&mut roster, "sip:b", Role::Attendee), new(2));
        assert_eq!(admit(&mut roster, "sip:c", Role::Attendee), Err(RosterFull::Users(2)));
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        assert_eq!(admit(&mut roster, "sip:a", Role::Presenter), Ok((1, true)));
        let (mut full, guest) = (Roster::default(), Role::Attendee);
        assert_eq!(admit(&mut full, "guest:a", guest), new(1));
        assert_eq!(
            admit(&mut full, "guest:b", guest),
            Err(RosterFull::Guests(1)),
            "guests leave places for others"
        );
        assert_eq!(full.check("guest:b", 2), Err(RosterFull::Guests(1)));
        assert_eq!(full.check("guest:a", 2), Ok(Some(1)));
        assert_eq!(admit(&mut full, "sip:c", guest), new(2));
        let user = roster.user(1).unwrap();
        assert_eq!(user.data::<Participant>().unwrap().role, Role::Presenter);
        assert!(roster.user(0).is_none() && roster.user(3).is_none() && roster.user(-1).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn guests_who_left_nothing_behind_make_room() {
        let mut roster = Roster::default();
        let admit = |roster: &mut Roster, uri| match roster.admit(uri, "A", Role::Attendee, 8) {
            Ok(Admission::Change(change)) => {
                let id = change.id;
                roster.confirm(change);
                Ok(id)
            }
            Ok(Admission::Unchanged(id)) => Ok(id),
            Err(full) => Err(full),
        };
        for uri in ["sip:named", "guest:voter", "guest:connected", "guest:left", "guest:new"] {
            admit(&mut roster, uri).unwrap();
        }
        assert_eq!(admit(&mut roster, "guest:more"), Err(RosterFull::Guests(4)));
        assert_eq!(roster.remove_guests(|_| false), [], "they were admitted just now");
        tokio::time::advance(GUEST_GRACE_PERIOD).await;
        assert_eq!(admit(&mut roster, "guest:new"), Ok(5), "this one is back");
        let state = [
            ("user/4".to_owned(), "{\"uri\":\"guest:left\"}".to_owned()),
            ("content/1/poll".to_owned(), "{\"votes\":{\"2\":1}}".to_owned()),
        ];
        let numbers = saved_numbers(&state.into());
        let removed = roster.remove_guests(|id| id == 3 || numbers.contains(&id));
        assert_eq!(removed, [Write { key: "user/4".into(), value: None }]);
        assert_eq!(roster.check("guest:left", 8), Ok(None), "forgotten");
        assert_eq!(admit(&mut roster, "guest:more"), Ok(6), "no ID is assigned twice");
        assert_eq!(roster.check("guest:voter", 8), Ok(Some(2)));
    }

    #[test]
    fn change_is_visible_when_it_is_durable() {
        let mut roster = Roster::default();
        let request = |roster: &mut Roster, name, role| match roster.admit("sip:b", name, role, 9) {
            Ok(Admission::Change(change)) => change,
            other => panic!("{other:?}"),
        };
        let first = request(&mut roster, "Bob", Role::Attendee);
        assert!(roster.user(1).is_none() && roster.role(1).is_none());
        assert_eq!(roster.check("sip:b", 9), Ok(None));
        let again = request(&mut roster, "Bob", Role::Attendee);
        assert!(!roster.confirm(first));
        let second = request(&mut roster, "Robert", Role::Organizer);
        assert_eq!(&*roster.user(1).unwrap().name, "Bob");
        assert_eq!(roster.role(1), Some(Role::Attendee));
        // The later change wins even if it is confirmed first.
        assert!(roster.confirm(second));
        assert!(!roster.confirm(again));
        assert_eq!(&*roster.user(1).unwrap().name, "Robert");
        let known = roster.admit("sip:b", "Robert", Role::Organizer, 9);
        assert!(matches!(known, Ok(Admission::Unchanged(1))), "nothing has to be saved: {known:?}");
    }

    #[test]
    fn roster_is_restored_as_it_was_saved() {
        let mut roster = Roster::default();
        let mut state = BTreeMap::new();
        let mut admit = |roster: &mut Roster, uri: &str, name: &str, role| {
            let Ok(Admission::Change(change)) = roster.admit(uri, name, role, 9) else {
                panic!("nothing has to be saved");
            };
            let saved = change.write();
            state.insert(saved.key, saved.value.unwrap());
        };
        for id in 1..=11 {
            admit(&mut roster, &format!("sip:{id}"), "A", Role::Attendee);
            if id == 8 {
                break;
            }
        }
        admit(&mut roster, "sip:2", "B", Role::Organizer);
        let names: Vec<_> = saved_users(&state).into_iter().map(|it| it.display_name).collect();
        assert_eq!(names, ["A", "B", "A", "A", "A", "A", "A", "A"]);
        let mut again = Roster::restore(&state).unwrap();
        let admit = |roster: &mut Roster, uri| match roster.admit(uri, "A", Role::Attendee, 9) {
            Ok(Admission::Unchanged(id) | Admission::Change(RosterChange { id, .. })) => id,
            Err(full) => panic!("{full:?}"),
        };
        assert_eq!(admit(&mut again, "sip:7"), 7);
        assert_eq!(again.user(2).unwrap().data::<Participant>().unwrap().role, Role::Organizer);
        assert_eq!(admit(&mut again, "sip:new"), 9);
        // The ID of a lost user is not assigned again.
        state.remove("user/4");
        let mut gap = Roster::restore(&state).unwrap();
        assert!(gap.user(4).is_none());
        assert_eq!(admit(&mut gap, "sip:new"), 9);
        state.insert("user/4".into(), "{".into());
        assert_eq!(Roster::restore(&state).unwrap_err(), "user/4");
    }
}
