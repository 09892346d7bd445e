use psom_objects::{
    annotation::{Kind, Property},
    server::MeetingLimits,
    types::Role,
};

use super::{ATTENDEE, ORGANIZER, PRESENTER, Room, breaks, room, room_with};

/// Returns a board with a text, annotation 1, and a drawing, 2.
fn written() -> Room {
    written_with(MeetingLimits::default())
}

fn written_with(limits: MeetingLimits) -> Room {
    let mut room = room_with(limits);
    room.added(Kind::Text, &[(Property::Text, "hello")]);
    room.added(Kind::Drawing, &[]);
    room
}

fn edit(room: &mut Room, client: usize, at: (i32, i32, i32), deltas: &[(i32, i32, &str)]) {
    let (id, r#gen, version) = at;
    let begins: Vec<_> = deltas.iter().map(|delta| delta.0).collect();
    let ends: Vec<_> = deltas.iter().map(|delta| delta.1).collect();
    let characters: Vec<_> = deltas.iter().map(|delta| delta.2.to_owned()).collect();
    room.call(client, move |server| {
        server.s_change_text(id, r#gen, version, &begins, &ends, &characters);
    });
}

/// Returns the text and its version as a newcomer receives them.
fn text_received_by_a_newcomer(room: &mut Room) -> Vec<String> {
    let late = room.join(4, Role::Attendee);
    room.open(late);
    let mut received = room.received(late);
    received.retain(|line| line.starts_with("board.added") || line.starts_with("board.text"));
    received
}

#[test]
fn deltas_are_announced_with_version_and_generation() {
    let mut room = written();
    edit(&mut room, ORGANIZER, (1, 1, 0), &[(0, 1, "H"), (5, 5, " World"), (5, 6, "")]);
    let received = ["board.text 1:2 by 1 version 1 0..1=H 5..5= World 5..6="];
    assert_eq!(room.announced(), received);
    edit(&mut room, PRESENTER, (1, 2, 1), &[(0, 10, "")]);
    assert_eq!(room.announced(), ["board.text 1:3 by 2 version 2 0..10="]);
}

#[test]
fn newcomer_gets_the_text_and_its_version() {
    let mut room = written();
    edit(&mut room, ORGANIZER, (1, 1, 0), &[(0, 1, "H"), (5, 5, " World"), (5, 6, "")]);
    let received = [
        "board.added 1:2 type 1 of 2 by 1 TEXT=HelloWorld | 2:1 type 0 of 2 by 2 ",
        "board.text 1:2 by 1 version 1",
    ];
    assert_eq!(text_received_by_a_newcomer(&mut room), received);
}

#[test]
fn ruling_13_positions_are_utf_16_code_units() {
    let mut room = written();
    edit(&mut room, PRESENTER, (1, 1, 0), &[(0, 5, "\u{1d11e}x")]);
    edit(&mut room, PRESENTER, (1, 2, 1), &[(2, 3, "y")]);
    assert!(text_received_by_a_newcomer(&mut room)[0].contains("TEXT=\u{1d11e}y |"));
}

#[test]
fn stale_version_is_dropped_silently() {
    let mut room = written();
    edit(&mut room, ORGANIZER, (1, 1, 0), &[(0, 1, "H")]);
    room.forget();
    edit(&mut room, PRESENTER, (1, 2, 0), &[(0, 1, "J")]);
    edit(&mut room, PRESENTER, (1, 1, 0), &[(0, 99, "J")]);
    assert!(room.announced().is_empty());
    assert!(room.world.pair.client_error(PRESENTER).is_none());
}

#[test]
fn text_edit_ignores_a_stale_generation() {
    let mut room = written();
    let properties = super::pairs(&[(Property::FontSize, "20")]);
    room.call(ORGANIZER, move |server| drop(server.s_change_properties(1, 1, &properties)));
    room.forget();
    edit(&mut room, PRESENTER, (1, 1, 0), &[(0, 1, "H")]);
    assert_eq!(room.announced(), ["board.text 1:3 by 2 version 1 0..1=H"]);
}

#[test]
fn edit_of_a_missing_text_is_refused() {
    let mut room = written();
    edit(&mut room, PRESENTER, (7, 1, 0), &[(0, 1, "H")]);
    room.assert_only_received(PRESENTER, &["board.error text 7:0 by 0 NotFound"]);
}

#[test]
fn text_length_is_limited() {
    let mut limits = MeetingLimits::default();
    limits.annotations.text_length = 6;
    let mut room = written_with(limits);
    edit(&mut room, PRESENTER, (1, 1, 0), &[(0, 0, "xx")]);
    room.assert_only_received(PRESENTER, &["board.error text 1:1 by 2 TextTooLong"]);
    edit(&mut room, PRESENTER, (1, 1, 0), &[(0, 0, "x")]);
    assert_eq!(room.announced().len(), 1);
}

#[test]
fn too_many_deltas_at_once_are_refused() {
    let mut room = written();
    edit(&mut room, PRESENTER, (1, 1, 0), &[(0, 0, ""); 1001]);
    room.assert_only_received(PRESENTER, &["board.error text 1:1 by 2 TooManyDeltas"]);
    edit(&mut room, PRESENTER, (1, 1, 0), &[(0, 0, ""); 1000]);
    assert_eq!(room.announced().len(), 1);
}

#[test]
fn attendee_cannot_edit_text() {
    let mut room = written();
    edit(&mut room, ATTENDEE, (1, 1, 0), &[(0, 1, "H")]);
    room.assert_only_received(ATTENDEE, &["board.error text 1:1 by 2 NotAuthorized"]);
    edit(&mut room, ATTENDEE, (7, 1, 0), &[(0, 1, "H")]);
    room.assert_only_received(ATTENDEE, &["board.error text 7:0 by 0 NotAuthorized"]);
    // The deltas are not examined.
    edit(&mut room, ATTENDEE, (1, 1, 0), &[(0, 9, "H")]);
    room.assert_only_received(ATTENDEE, &["board.error text 1:1 by 2 NotAuthorized"]);
}

#[test]
fn invalid_edit_breaks_the_connection() {
    let case = |at: (i32, i32, i32), begins: &'static [i32], ends: &'static [i32], why| {
        breaks(written(), why, move |server| {
            server.s_change_text(at.0, at.1, at.2, begins, ends, &["x".to_owned()]);
        });
    };
    case((1, 1, 0), &[0, 0], &[0], "different lengths");
    case((1, 1, 0), &[0], &[0, 0], "different lengths");
    case((1, -1, 0), &[0], &[0], "invalid change of a text");
    case((1, 1, -1), &[0], &[0], "invalid change of a text");
    case((1, 2, 0), &[0], &[0], "never existed");
    case((1, 1, 1), &[0], &[0], "never existed");
    case((2, 1, 0), &[0], &[0], "not a text");
    case((1, 1, 0), &[0], &[6], "outside the text");
    case((1, 1, 0), &[3], &[2], "outside the text");
    case((1, 1, 0), &[-1], &[2], "outside the text");
    breaks(written(), "invalid change of a text", |server| {
        server.s_change_text(1, 1, 0, &[], &[], [""; 0]);
    });
    // Between the two code units of a character.
    let mut room = room();
    room.added(Kind::Text, &[(Property::Text, "\u{1d11e}")]);
    breaks(room, "outside the text", |server| {
        server.s_change_text(1, 1, 0, &[1], &[1], &["x".to_owned()]);
    });
}

#[test]
fn deltas_too_large_for_a_call_are_refused() {
    let mut room = written();
    let long = "x".repeat(10_000);
    // Each delta is within the length limit of a text.
    let replaced = |times| (0..times).map(|n| (0, if n == 0 { 5 } else { 10_000 }, long.as_str()));
    let deltas: Vec<_> = replaced(14).collect();
    edit(&mut room, PRESENTER, (1, 1, 0), &deltas);
    room.assert_only_received(PRESENTER, &["board.error text 1:1 by 2 TooManyDeltas"]);
    edit(&mut room, PRESENTER, (1, 1, 0), &deltas[..12]);
    assert_eq!(room.announced().len(), 1);
}

#[test]
fn large_edits_of_one_turn_reach_all_clients() {
    let mut room = written();
    room.added(Kind::Text, &[(Property::Text, "")]);
    room.call(PRESENTER, |server| {
        let replaced = |ends: &[i32]| {
            let begins = vec![0; ends.len()];
            (begins, ends.to_vec(), vec!["x".repeat(10_000); ends.len()])
        };
        let (begins, ends, characters) = replaced(&[&[5][..], &[10_000; 9]].concat());
        server.s_change_text(1, 1, 0, &begins, &ends, &characters);
        // Each edit fits in a record on its own.
        let (begins, ends, characters) = replaced(&[&[0][..], &[10_000; 103]].concat());
        server.s_change_text(3, 1, 0, &begins, &ends, &characters);
    });
    let received = room.received(ORGANIZER);
    let first = received.iter().filter(|line| line.starts_with("board.text 1:2 by 2 version 1"));
    assert_eq!(first.count(), 1);
    // A newcomer has the same versions as the other clients.
    let versions = |received: &[String]| -> Vec<String> {
        let changes = received.iter().filter_map(|line| line.strip_prefix("board.text "));
        let changes = changes.flat_map(|line| line.split(" | "));
        changes.map(|of| of.split_whitespace().take(5).collect::<Vec<_>>().join(" ")).collect()
    };
    let late = text_received_by_a_newcomer(&mut room);
    assert_eq!(versions(&late), versions(&received));
}
