//! Who was admitted to a meeting, and as what.

use std::collections::{BTreeMap, HashMap};

use psom::Write;
use psom_objects::types::{Participant, Role};
use serde::{Deserialize, Serialize};

use crate::admission::GUEST;

/// The users of a meeting. A user keeps the number that the user's address was first given.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    numbers: HashMap<String, i64>,
    people: BTreeMap<i64, Person>,
    /// The last number that was given.
    last: i64,
    /// How many of them are guests, whom an invitation alone lets in.
    guests: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Person {
    uri: String,
    name: String,
    #[serde(with = "RoleName")]
    role: Role,
}

/// A role as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Role", rename_all = "lowercase")]
pub(crate) enum RoleName {
    Attendee,
    Presenter,
    Organizer,
}

/// What an admission changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) id: i64,
    /// Whether the user was there before and was something else.
    pub(crate) role_changed: bool,
    /// What is to be saved before anybody is told.
    pub(crate) saved: Write,
}

impl Roster {
    /// Admits a user, or says with `None` that there are too many.
    pub(crate) fn admit(
        &mut self,
        uri: &str,
        name: &str,
        role: Role,
        limit: usize,
    ) -> Option<Admitted> {
        if let Some(&id) = self.numbers.get(uri) {
            let person = self.person(id)?;
            let role_changed = std::mem::replace(&mut person.role, role) != role;
            name.clone_into(&mut person.name);
            let saved = save(id, person);
            return Some(Admitted { id, role_changed, saved });
        }
        // However many guests there are, there is room for as many who were named.
        let is_guest = uri.starts_with(GUEST);
        if self.people.len() >= limit || (is_guest && self.guests >= limit.div_ceil(2)) {
            return None;
        }
        let person = Person { uri: uri.into(), name: name.into(), role };
        let id = self.last + 1;
        self.put(id, person.clone());
        Some(Admitted { id, role_changed: false, saved: save(id, &person) })
    }

    fn put(&mut self, id: i64, person: Person) {
        self.guests += usize::from(person.uri.starts_with(GUEST));
        self.last = self.last.max(id);
        self.numbers.insert(person.uri.clone(), id);
        self.people.insert(id, person);
    }

    /// The roster as it was saved; or the key that cannot be read.
    pub(crate) fn restore(state: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut roster = Self::default();
        let below = state.range("user/".to_owned()..);
        for (key, text) in below.take_while(|(key, _)| key.starts_with("user/")) {
            let id = key["user/".len()..].parse().ok();
            let person = serde_json::from_str(text).ok();
            let (id, person) = id.zip(person).ok_or_else(|| key.clone())?;
            roster.put(id, person);
        }
        Ok(roster)
    }

    /// The user of this number as the conference wants to know one.
    pub(crate) fn user(&mut self, id: i64) -> Option<psom::User> {
        let Person { uri, name, role } = self.person(id)?.clone();
        Some(Participant { uri, role }.user(id, &name))
    }

    fn person(&mut self, id: i64) -> Option<&mut Person> {
        self.people.get_mut(&id)
    }
}

fn save(id: i64, person: &Person) -> Write {
    // Two texts and a word: there is nothing in it that JSON cannot say.
    Write { key: format!("user/{id}"), value: serde_json::to_string(person).ok() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_number() {
        let mut roster = Roster::default();
        let admit = |roster: &mut Roster, uri, role| {
            roster.admit(uri, "Ada", role, 2).map(|admitted| (admitted.id, admitted.role_changed))
        };
        let new = |id| Some((id, false));
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        assert_eq!(admit(&mut roster, "sip:b", Role::Attendee), new(2));
        assert_eq!(admit(&mut roster, "sip:c", Role::Attendee), None, "there is room for two");
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        assert_eq!(admit(&mut roster, "sip:a", Role::Presenter), Some((1, true)));
        let (mut full, guest) = (Roster::default(), Role::Attendee);
        assert!(full.admit("guest:a", "A", guest, 2).is_some());
        assert!(full.admit("guest:b", "B", guest, 2).is_none(), "guests leave room");
        assert!(full.admit("sip:c", "C", guest, 2).is_some());
        let user = roster.user(1).unwrap();
        assert_eq!(user.data::<Participant>().unwrap().role, Role::Presenter);
        assert!(roster.user(0).is_none() && roster.user(3).is_none() && roster.user(-1).is_none());
    }
    #[test]
    fn a_roster_is_restored_as_it_was_saved() {
        let mut roster = Roster::default();
        let mut state = BTreeMap::new();
        let mut admit = |roster: &mut Roster, uri: &str, name: &str, role| {
            let saved = roster.admit(uri, name, role, 9).unwrap().saved;
            state.insert(saved.key, saved.value.unwrap());
        };
        for id in 1..=11 {
            admit(&mut roster, &format!("sip:{id}"), "A", Role::Attendee);
            if id == 8 {
                break;
            }
        }
        admit(&mut roster, "sip:2", "B", Role::Organizer);
        let mut again = Roster::restore(&state).unwrap();
        assert_eq!(again.admit("sip:7", "A", Role::Attendee, 9).unwrap().id, 7);
        assert_eq!(again.user(2).unwrap().data::<Participant>().unwrap().role, Role::Organizer);
        assert_eq!(again.admit("sip:new", "N", Role::Attendee, 9).unwrap().id, 9);
        // The number of a user who is lost is not given again.
        state.remove("user/4");
        let mut gap = Roster::restore(&state).unwrap();
        assert!(gap.user(4).is_none());
        assert_eq!(gap.admit("sip:new", "N", Role::Attendee, 9).unwrap().id, 9);
        state.insert("user/4".into(), "{".into());
        assert_eq!(Roster::restore(&state).unwrap_err(), "user/4");
    }
}
