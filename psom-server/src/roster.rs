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
    people: BTreeMap<i64, Entry>,
    /// The last number that was given.
    last: i64,
    /// How many of them are guests, whom an invitation alone lets in.
    guests: usize,
    /// How many changes were asked for.
    asked: u64,
}

/// A user, or one who is about to be.
#[derive(Debug)]
struct Entry {
    /// What is safe. Nobody is told anything else.
    person: Option<Person>,
    /// The last change that was asked for, and the last that is safe.
    asked: u64,
    safe: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What an admission comes to.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// Nothing changes: this is the number.
    Known(i64),
    /// Something is to be saved, and then to be settled, before anybody is told.
    Asked(Asked),
}

/// A change that is not safe yet.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: i64,
    change: u64,
    person: Person,
}

/// There are as many as are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Users(usize),
    Guests(usize),
}

impl Roster {
    /// Asks for a user to be admitted.
    pub(crate) fn admit(
        &mut self,
        uri: &str,
        name: &str,
        role: Role,
        limit: usize,
    ) -> Result<Admitted, Full> {
        let person = Person { uri: uri.into(), name: name.into(), role };
        let id = match self.numbers.get(uri) {
            Some(id) => *id,
            None => {
                self.check_room(uri, limit)?;
                let id = self.last + 1;
                self.put(id, uri, None);
                id
            }
        };
        let change = self.asked + 1;
        let Some(entry) = self.people.get_mut(&id) else { return Err(Full::Users(limit)) };
        if entry.asked == entry.safe && entry.person.as_ref() == Some(&person) {
            return Ok(Admitted::Known(id));
        }
        (entry.asked, self.asked) = (change, change);
        Ok(Admitted::Asked(Asked { id, change, person }))
    }

    /// A change is safe. Whether a user was there before and was something else.
    pub(crate) fn settle(&mut self, asked: Asked) -> bool {
        let Some(entry) = self.people.get_mut(&asked.id) else { return false };
        if asked.change <= entry.safe {
            // A later one is safe already.
            return false;
        }
        entry.safe = asked.change;
        let role = asked.person.role;
        entry.person.replace(asked.person).is_some_and(|before| before.role != role)
    }

    /// The number of an address, where that is safe; or whether there is room for it.
    pub(crate) fn expect(&self, uri: &str, limit: usize) -> Result<Option<i64>, Full> {
        match self.numbers.get(uri) {
            Some(id) => Ok(self.person(*id).map(|_| *id)),
            None => self.check_room(uri, limit).map(|()| None),
        }
    }

    /// However many guests there are, there is room for as many who were named.
    fn check_room(&self, uri: &str, limit: usize) -> Result<(), Full> {
        let guests = limit.div_ceil(2);
        if uri.starts_with(GUEST) && self.guests >= guests {
            return Err(Full::Guests(guests));
        }
        if self.people.len() >= limit { Err(Full::Users(limit)) } else { Ok(()) }
    }

    fn put(&mut self, id: i64, uri: &str, person: Option<Person>) {
        self.guests += usize::from(uri.starts_with(GUEST));
        self.last = self.last.max(id);
        self.numbers.insert(uri.into(), id);
        self.people.insert(id, Entry { person, asked: 0, safe: 0 });
    }

    /// The roster as it was saved; or the key that cannot be read.
    pub(crate) fn restore(state: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut roster = Self::default();
        let below = state.range("user/".to_owned()..);
        for (key, text) in below.take_while(|(key, _)| key.starts_with("user/")) {
            let id = key["user/".len()..].parse().ok();
            let person: Option<Person> = serde_json::from_str(text).ok();
            let (id, person) = id.zip(person).ok_or_else(|| key.clone())?;
            roster.put(id, &person.uri.clone(), Some(person));
        }
        Ok(roster)
    }

    /// The user of this number as the conference wants to know one.
    pub(crate) fn user(&self, id: i64) -> Option<psom::User> {
        let Person { uri, name, role } = self.person(id)?.clone();
        Some(Participant { uri, role }.user(id, &name))
    }

    /// What a user is.
    pub(crate) fn role(&self, id: i64) -> Option<Role> {
        Some(self.person(id)?.role)
    }

    fn person(&self, id: i64) -> Option<&Person> {
        self.people.get(&id)?.person.as_ref()
    }
}

impl Asked {
    /// What is to be saved.
    pub(crate) fn save(&self) -> Write {
        // Two texts and a word: there is nothing in it that JSON cannot say.
        let value = serde_json::to_string(&self.person).ok();
        Write { key: format!("user/{}", self.id), value }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_number() {
        let mut roster = Roster::default();
        let admit = |roster: &mut Roster, uri, role| match roster.admit(uri, "Ada", role, 2)? {
            Admitted::Known(id) => Ok((id, false)),
            Admitted::Asked(asked) => Ok((asked.id, roster.settle(asked))),
        };
        let new = |id| Ok((id, false));
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        assert_eq!(admit(&mut roster, "sip:b", Role::Attendee), new(2));
        assert_eq!(admit(&mut roster, "sip:c", Role::Attendee), Err(Full::Users(2)));
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        assert_eq!(admit(&mut roster, "sip:a", Role::Presenter), Ok((1, true)));
        let (mut full, guest) = (Roster::default(), Role::Attendee);
        assert_eq!(admit(&mut full, "guest:a", guest), new(1));
        assert_eq!(admit(&mut full, "guest:b", guest), Err(Full::Guests(1)), "guests leave room");
        assert_eq!(full.expect("guest:b", 2), Err(Full::Guests(1)));
        assert_eq!(full.expect("guest:a", 2), Ok(Some(1)));
        assert_eq!(admit(&mut full, "sip:c", guest), new(2));
        let user = roster.user(1).unwrap();
        assert_eq!(user.data::<Participant>().unwrap().role, Role::Presenter);
        assert!(roster.user(0).is_none() && roster.user(3).is_none() && roster.user(-1).is_none());
    }

    #[test]
    fn nothing_is_so_before_it_is_safe() {
        let mut roster = Roster::default();
        let ask = |roster: &mut Roster, name, role| match roster.admit("sip:b", name, role, 9) {
            Ok(Admitted::Asked(asked)) => asked,
            other => panic!("{other:?}"),
        };
        let first = ask(&mut roster, "Bob", Role::Attendee);
        assert!(roster.user(1).is_none() && roster.role(1).is_none());
        assert_eq!(roster.expect("sip:b", 9), Ok(None));
        let again = ask(&mut roster, "Bob", Role::Attendee);
        assert!(!roster.settle(first));
        let second = ask(&mut roster, "Robert", Role::Organizer);
        assert_eq!(&*roster.user(1).unwrap().name, "Bob");
        assert_eq!(roster.role(1), Some(Role::Attendee));
        // Also where the later one is heard of first.
        assert!(roster.settle(second));
        assert!(!roster.settle(again));
        assert_eq!(&*roster.user(1).unwrap().name, "Robert");
        let known = roster.admit("sip:b", "Robert", Role::Organizer, 9);
        assert!(matches!(known, Ok(Admitted::Known(1))), "there is nothing to save: {known:?}");
    }

    #[test]
    fn a_roster_is_restored_as_it_was_saved() {
        let mut roster = Roster::default();
        let mut state = BTreeMap::new();
        let mut admit = |roster: &mut Roster, uri: &str, name: &str, role| {
            let Ok(Admitted::Asked(asked)) = roster.admit(uri, name, role, 9) else {
                panic!("nothing is to be saved");
            };
            let saved = asked.save();
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
        let admit = |roster: &mut Roster, uri| match roster.admit(uri, "A", Role::Attendee, 9) {
            Ok(Admitted::Known(id) | Admitted::Asked(Asked { id, .. })) => id,
            Err(full) => panic!("{full:?}"),
        };
        assert_eq!(admit(&mut again, "sip:7"), 7);
        assert_eq!(again.user(2).unwrap().data::<Participant>().unwrap().role, Role::Organizer);
        assert_eq!(admit(&mut again, "sip:new"), 9);
        // The number of a user who is lost is not given again.
        state.remove("user/4");
        let mut gap = Roster::restore(&state).unwrap();
        assert!(gap.user(4).is_none());
        assert_eq!(admit(&mut gap, "sip:new"), 9);
        state.insert("user/4".into(), "{".into());
        assert_eq!(Roster::restore(&state).unwrap_err(), "user/4");
    }
}
