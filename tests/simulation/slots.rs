//! The users who take part in a meeting.

use psom_objects::types::Role;

/// The participants of a run: the user, and the user's initial role. The first is the organizer,
/// who only watches. The users 6 and 7 are never more than attendees.
pub(super) const SLOTS: [(i64, Role); 9] = [
    (1, Role::Organizer),
    (2, Role::Presenter),
    (3, Role::Presenter),
    (4, Role::Presenter),
    (5, Role::Attendee),
    (6, Role::Attendee),
    // Second connections of users who have one.
    (3, Role::Presenter),
    (6, Role::Attendee),
    (7, Role::Attendee),
];

/// The users who never get any rights. Changed and invalid calls are sent only on their
/// connections, because such a call of a user with rights could have any effect.
pub(super) const POWERLESS: [i64; 2] = [6, 7];
