//! Who was admitted to a meeting, and as what.

use std::collections::HashMap;

use psom_objects::types::{Participant, Role};

use crate::admission::GUEST;

/// The users of a meeting. A user keeps the number that the user's address was first given.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    numbers: HashMap<String, i64>,
    /// Number n is at n - 1.
    people: Vec<Person>,
    /// How many of them are guests, whom an invitation alone lets in.
    guests: usize,
}

#[derive(Debug, Clone)]
struct Person {
    uri: String,
    name: String,
    role: Role,
}

/// What an admission changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) id: i64,
    /// Whether the user was there before and was something else.
    pub(crate) role_changed: bool,
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
            return Some(Admitted { id, role_changed });
        }
        // However many guests there are, there is room for as many who were named.
        let is_guest = uri.starts_with(GUEST);
        if self.people.len() >= limit || (is_guest && self.guests >= limit.div_ceil(2)) {
            return None;
        }
        self.guests += usize::from(is_guest);
        self.people.push(Person { uri: uri.into(), name: name.into(), role });
        let id = self.people.len() as i64;
        self.numbers.insert(uri.into(), id);
        Some(Admitted { id, role_changed: false })
    }

    /// The user of this number as the conference wants to know one.
    pub(crate) fn user(&mut self, id: i64) -> Option<psom::User> {
        let Person { uri, name, role } = self.person(id)?.clone();
        Some(Participant { uri, role }.user(id, &name))
    }

    fn person(&mut self, id: i64) -> Option<&mut Person> {
        self.people.get_mut(usize::try_from(id).ok()?.checked_sub(1)?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_number() {
        let mut roster = Roster::default();
        let admit = |roster: &mut Roster, uri, role| roster.admit(uri, "Ada", role, 2);
        let new = |id| Some(Admitted { id, role_changed: false });
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        assert_eq!(admit(&mut roster, "sip:b", Role::Attendee), new(2));
        assert_eq!(admit(&mut roster, "sip:c", Role::Attendee), None, "there is room for two");
        assert_eq!(admit(&mut roster, "sip:a", Role::Attendee), new(1));
        let changed = Some(Admitted { id: 1, role_changed: true });
        assert_eq!(admit(&mut roster, "sip:a", Role::Presenter), changed);
        let (mut full, guest) = (Roster::default(), Role::Attendee);
        assert!(full.admit("guest:a", "A", guest, 2).is_some());
        assert!(full.admit("guest:b", "B", guest, 2).is_none(), "guests leave room");
        assert!(full.admit("sip:c", "C", guest, 2).is_some());
        let user = roster.user(1).unwrap();
        assert_eq!(user.data::<Participant>().unwrap().role, Role::Presenter);
        assert!(roster.user(0).is_none() && roster.user(3).is_none() && roster.user(-1).is_none());
    }
}
