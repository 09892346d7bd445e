use psom_objects::{annotation::Kind, server::Policy, types::Role};

use super::{ATTENDEE, ORGANIZER, PRESENTER, Room, room, room_under};

/// Returns a board with drawings 1, 2 and 3.
fn drawn() -> Room {
    let mut room = room();
    (0..3).for_each(|_| room.added(Kind::Drawing, &[]));
    room
}

#[test]
fn removed_annotation_is_announced() {
    let mut room = drawn();
    room.call(ORGANIZER, |server| drop(server.s_remove_annotation(2)));
    assert_eq!(room.announced(), ["board.removed 2 by 1"]);
    room.call(ORGANIZER, |server| drop(server.s_remove_annotation(2)));
    room.assert_only_received(ORGANIZER, &["board.error remove 2 NotFound"]);
}

#[test]
fn removal_of_several_announces_the_existing_ones() {
    let mut room = drawn();
    room.call(PRESENTER, |server| drop(server.s_remove_annotations(&[3, 7, 1, 3], 42)));
    assert_eq!(room.announced(), ["board.removed [3, 1] by 2 for 42"]);
    room.call(PRESENTER, |server| drop(server.s_remove_annotations(&[3, 7], -5)));
    room.assert_only_received(PRESENTER, &["board.error remove [3, 7] NothingToRemove for -5"]);
    room.call(PRESENTER, |server| drop(server.s_remove_annotations(&[], 6)));
    room.assert_only_received(PRESENTER, &["board.error remove [] NothingToRemove for 6"]);
}

#[test]
fn clearing_removes_everything() {
    let mut room = drawn();
    room.call(PRESENTER, |server| drop(server.s_clear_annotations()));
    assert_eq!(room.announced(), ["board.cleared by 2"]);
    room.call(PRESENTER, |server| drop(server.s_clear_annotations()));
    room.assert_only_received(PRESENTER, &["board.error clear NothingToClear"]);
    let late = room.join(4, Role::Attendee);
    room.open(late);
    assert_eq!(room.received(late)[2..], ["board.added ", "board.completed"]);
}

#[test]
fn attendee_cannot_remove() {
    let mut room = drawn();
    room.call(ATTENDEE, |server| drop(server.s_remove_annotation(1)));
    room.assert_only_received(ATTENDEE, &["board.error remove 1 NotAuthorized"]);
    room.call(ATTENDEE, |server| drop(server.s_remove_annotations(&[1, 2], 9)));
    room.assert_only_received(ATTENDEE, &["board.error remove [1, 2] NotAuthorized for 9"]);
    room.call(ATTENDEE, |server| drop(server.s_clear_annotations()));
    room.assert_only_received(ATTENDEE, &["board.error clear NotAuthorized"]);
}

#[test]
fn policy_can_let_attendees_annotate() {
    /// A policy that lets all users annotate.
    struct Workshop;
    impl Policy for Workshop {
        fn may_annotate(&self, _: Role) -> bool {
            true
        }
    }
    let mut room = room_under(Workshop);
    room.call(ATTENDEE, |server| drop(server.s_add_annotation(0, &[])));
    assert_eq!(room.announced(), ["board.added 1:1 type 0 of 3 by 3 "]);
    room.call(ATTENDEE, |server| drop(server.s_clear_annotations()));
    assert_eq!(room.announced(), ["board.cleared by 3"]);
}

#[test]
fn largest_removal_request_is_answered() {
    let mut room = drawn();
    // With the error code, the answer would not fit in one call.
    room.call(ATTENDEE, |server| {
        let mut ids = vec![i32::MAX; (1 << 20) / 5];
        while server.s_remove_annotations(&ids, 9).reached == 0 {
            ids.pop().unwrap();
        }
    });
    let received = room.received(ATTENDEE);
    assert_eq!(received.len(), 1);
    assert!(
        received[0].starts_with("board.error remove [2147483647, ")
            && received[0].ends_with(" for 9")
    );
}
