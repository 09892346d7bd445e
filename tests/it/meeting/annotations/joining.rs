use psom_objects::{
    annotation::{Kind, Property},
    types::{ContentVisibility, Role},
};

use super::{ATTENDEE, ORGANIZER, PRESENTER, pairs, recorder::BareWhiteboard, room};

const CONSTRAINTS: &str = "board.constraints [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] \
                           [20000, 5000, 200, 0, 20000, 100, 10000, 400, 16777216, 10000, 10000]";

#[test]
fn constraints_come_first_and_completion_last() {
    let mut room = room();
    let late = room.join(4, Role::Attendee);
    room.open(late);
    // The batch is sent even if the board is empty.
    let received = ["board.connected", CONSTRAINTS, "board.added ", "board.completed"];
    assert_eq!(room.received(late), received);
}

#[test]
fn snapshot_of_a_board_has_a_fixed_order() {
    let mut room = room();
    room.added(Kind::Text, &[(Property::Text, "hello")]);
    room.added(Kind::Drawing, &[(Property::Anchor, "1,2")]);
    room.call(PRESENTER, |server| {
        server.s_change_text(1, 1, 0, &[0], &[1], &["H".to_owned()]);
        let properties = pairs(&[(Property::Fill, "none")]);
        server.s_change_properties(2, 1, &properties);
        server.s_set_telepointer("3,4", true);
    });
    room.call(ORGANIZER, |server| drop(server.s_add_annotation(0, &[])));
    room.call(ORGANIZER, |server| drop(server.s_remove_annotation(3)));
    let late = room.join(4, Role::Attendee);
    room.open(late);
    let received = [
        "board.connected",
        CONSTRAINTS,
        "board.added 1:2 type 1 of 2 by 2 TEXT=Hello | 2:2 type 0 of 2 by 2 ANCHOR=1,2 FILL=none",
        "board.text 1:2 by 2 version 1",
        "board.pointer of 2 3,4 true",
        "board.completed",
    ];
    assert_eq!(room.received(late), received);
}

#[test]
fn join_snapshot_uses_calls_far_below_the_record_limit() {
    let mut room = room();
    let path = "M".repeat(20_000);
    for _ in 0..60 {
        room.added(Kind::Drawing, &[(Property::Data, &path)]);
    }
    let late = room.join(4, Role::Attendee);
    room.open(late);
    let received = room.received(late);
    let added: Vec<_> = received.iter().filter(|line| line.starts_with("board.added")).collect();
    assert!(added.len() > 5 && added.iter().all(|line| line.len() < 200_000));
    let ids = added.iter().flat_map(|line| line["board.added ".len()..].split(" | "));
    let ids: Vec<_> = ids.map(|entry| entry.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(ids, (1..=60).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[test]
fn client_without_annotations_gets_the_completion() {
    let mut room = room();
    let client = room.world.join_with(4, Role::Attendee, |scope| {
        scope.announce::<BareWhiteboard>();
    });
    let content = room.world.open(client, 1);
    room.world.extend(client, content, |_, log| BareWhiteboard { log });
    assert_eq!(room.received(client), ["board.completed"]);
}

#[test]
fn connecting_a_whiteboard_twice_breaks_the_connection() {
    let mut room = room();
    let content = room.world.open(PRESENTER, 1);
    room.world.extend(PRESENTER, content, |_, log| super::Whiteboard::new(log));
    assert!(room.broken(PRESENTER).contains("a whiteboard is connected once"));
    // cConnectCompleted was sent once.
    assert!(room.received(PRESENTER).iter().all(|line| line == "board.closed"));
    assert!(room.world.pair.client_error(ORGANIZER).is_none());
}

#[test]
fn annotations_have_no_children() {
    let mut room = room();
    let annotations = room.annotations(PRESENTER);
    let world = &mut room.world;
    world
        .check_childless(PRESENTER, annotations, |cx, part, child| cx.peers().connect(part, child));
}

#[test]
fn hidden_board_sends_no_annotations() {
    let mut room = room();
    let content = room.world.open(ORGANIZER, 1);
    room.world.content(ORGANIZER, content, |content| {
        content.s_set_visibility(ContentVisibility::Presenters);
    });
    assert_eq!(room.received(ATTENDEE), ["board.closed"]);
    room.call(PRESENTER, |server| drop(server.s_add_annotation(0, &[])));
    assert!(room.received(ATTENDEE).is_empty());
    assert_eq!(room.received(ORGANIZER).len(), 1);
}

#[test]
fn deleting_a_board_removes_its_annotations() {
    let mut room = room();
    room.added(Kind::Drawing, &[]);
    let before = room.world.pair.server_stats().objects;
    room.world.contents(ORGANIZER, |contents| drop(contents.s_delete_content(1)));
    assert_eq!(room.announced(), ["board.closed"]);
    // The content, its whiteboard, and the annotations:
    assert_eq!(room.world.pair.server_stats().objects, before - 3);
}
