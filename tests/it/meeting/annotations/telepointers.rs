use psom_objects::types::Role;

use super::{ATTENDEE, ORGANIZER, PRESENTER, Room, room};

fn point(room: &mut Room, client: usize, anchor: &str, visible: bool) {
    let anchor = anchor.to_owned();
    room.call(client, move |server| drop(server.s_set_telepointer(&anchor, visible)));
}

/// Returns the telepointers that a newcomer receives.
fn received_by_a_newcomer(room: &mut Room) -> Vec<String> {
    let late = room.join(10, Role::Attendee);
    room.open(late);
    let mut received = room.received(late);
    received.retain(|line| line.starts_with("board.pointer"));
    room.forget();
    received
}

#[test]
fn telepointer_is_shown_moved_and_hidden_for_all() {
    let mut room = room();
    point(&mut room, PRESENTER, "1,2", true);
    assert_eq!(room.announced(), ["board.pointer of 2 1,2 true"]);
    point(&mut room, PRESENTER, "3,4", true);
    point(&mut room, ORGANIZER, "5,6", true);
    assert_eq!(room.announced(), ["board.pointer of 2 3,4 true", "board.pointer of 1 5,6 true"]);
    let received = ["board.pointer of 1 5,6 true", "board.pointer of 2 3,4 true"];
    assert_eq!(received_by_a_newcomer(&mut room), received);
    point(&mut room, PRESENTER, "", false);
    assert_eq!(room.announced(), ["board.pointer of 2  false"]);
}

#[test]
fn newcomer_gets_only_visible_telepointers() {
    let mut room = room();
    point(&mut room, PRESENTER, "1,2", true);
    point(&mut room, ORGANIZER, "5,6", true);
    point(&mut room, PRESENTER, "1,2", false);
    assert_eq!(received_by_a_newcomer(&mut room), ["board.pointer of 1 5,6 true"]);
}

#[test]
fn hiding_a_hidden_telepointer_is_announced() {
    let mut room = room();
    point(&mut room, PRESENTER, "1,2", false);
    assert_eq!(room.announced(), ["board.pointer of 2 1,2 false"]);
    assert!(received_by_a_newcomer(&mut room).is_empty());
}

#[test]
fn attendee_cannot_show_a_telepointer() {
    let mut room = room();
    point(&mut room, ATTENDEE, "1,2", true);
    room.assert_only_received(ATTENDEE, &["board.error pointer NotAuthorized"]);
}

#[test]
fn too_long_anchor_is_refused() {
    let mut room = room();
    point(&mut room, PRESENTER, &"1".repeat(1025), true);
    room.assert_only_received(PRESENTER, &["board.error pointer ValueTooLong"]);
    point(&mut room, PRESENTER, &"1".repeat(1024), true);
    assert_eq!(room.announced().len(), 1);
}

#[test]
fn telepointer_ends_with_the_last_connection_of_its_user() {
    let mut room = room();
    let second = room.join(2, Role::Presenter);
    room.open(second);
    room.forget();
    point(&mut room, second, "1,2", true);
    room.forget();
    room.world.pair.close_client(second);
    room.world.pair.drive();
    assert!(room.received(ORGANIZER).is_empty());
    room.world.pair.drop_client(PRESENTER);
    room.world.pair.drive();
    assert_eq!(room.received(ORGANIZER), ["board.pointer of 2 1,2 false"]);
}

#[test]
fn telepointer_ends_with_the_permission_to_annotate() {
    let mut room = room();
    point(&mut room, PRESENTER, "1,2", true);
    room.forget();
    room.world.set_role(2, Role::Attendee);
    assert_eq!(room.announced(), ["board.pointer of 2 1,2 false"]);
    // A role that may also annotate changes nothing.
    point(&mut room, ORGANIZER, "1,2", true);
    room.forget();
    room.world.set_role(1, Role::Presenter);
    assert!(room.announced().is_empty());
}
