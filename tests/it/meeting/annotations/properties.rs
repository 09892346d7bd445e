use psom_objects::{
    annotation::{Kind, Property},
    types::Role,
};

use super::{ATTENDEE, ORGANIZER, PRESENTER, Room, breaks, pairs, room};

/// Returns a board with a drawing, annotation 1.
fn drawn() -> Room {
    let mut room = room();
    room.added(Kind::Drawing, &[(Property::Anchor, "1,2"), (Property::LocalId, "x")]);
    room
}

fn change(room: &mut Room, client: usize, id: i32, r#gen: i32, of: &[(Property, &str)]) {
    let of = pairs(of);
    room.call(client, move |server| drop(server.s_change_properties(id, r#gen, &of)));
}

#[test]
fn changed_properties_are_announced_with_the_generation() {
    let mut room = drawn();
    change(&mut room, ORGANIZER, 1, 1, &[(Property::Anchor, "3,4"), (Property::Fill, "none")]);
    assert_eq!(room.announced(), ["board.changed 1:2 by 1 ANCHOR=3,4 FILL=none"]);
    change(&mut room, PRESENTER, 1, 2, &[(Property::Stroke, "#ff0000")]);
    assert_eq!(room.announced(), ["board.changed 1:3 by 2 STROKE=#ff0000"]);
    // The other properties keep their values.
    let late = room.join(4, Role::Attendee);
    room.open(late);
    let received = room.received(late);
    let added = "board.added 1:3 type 0 of 2 by 2 LOCALID=x ANCHOR=3,4 STROKE=#ff0000 FILL=none";
    assert!(received.iter().any(|line| line == added), "{received:?}");
}

#[test]
fn change_of_a_missing_annotation_is_refused() {
    let mut room = drawn();
    change(&mut room, PRESENTER, 7, 1, &[(Property::Anchor, "3,4")]);
    room.assert_only_received(PRESENTER, &["board.error change 7:0 by 0 [] NotFound"]);
}

#[test]
fn stale_generation_is_refused_with_the_current_values() {
    let mut room = drawn();
    change(&mut room, ORGANIZER, 1, 1, &[(Property::Anchor, "3,4")]);
    room.forget();
    let asked = [(Property::Anchor, "5,6"), (Property::Fill, "none")];
    change(&mut room, PRESENTER, 1, 1, &asked);
    let received = "board.error change 1:2 by 1 [ANCHOR=3,4 FILL=] StaleGeneration";
    room.assert_only_received(PRESENTER, &[received]);
    change(&mut room, PRESENTER, 1, 0, &[(Property::Anchor, "5,6")]);
    room.assert_only_received(
        PRESENTER,
        &["board.error change 1:2 by 1 [ANCHOR=3,4] StaleGeneration"],
    );
}

#[test]
fn future_generation_breaks_the_connection() {
    for r#gen in [-1, 2, i32::MAX, i32::MIN] {
        breaks(drawn(), "invalid generation", move |server| {
            server.s_change_properties(1, r#gen, &pairs(&[(Property::Fill, "none")]));
        });
    }
}

#[test]
fn invalid_properties_break_the_connection() {
    let rows = |rows: &[&[&str]]| -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
    };
    for (rows, why) in [
        (rows(&[&["COLOUR", "red"]]), "malformed properties"),
        (rows(&[&["FILL", "red"], &["FILL", "blue"]]), "malformed properties"),
        (rows(&[&["FILL"]]), "malformed properties"),
        (rows(&[]), "no properties that can be changed"),
    ] {
        breaks(drawn(), why, move |server| drop(server.s_change_properties(1, 1, &rows)));
    }
    // The same holds for a missing annotation.
    breaks(drawn(), "malformed properties", |server| {
        server.s_change_properties(7, 1, &[vec!["COLOUR".to_owned(), "red".to_owned()]]);
    });
}

#[test]
fn unchanged_local_id_may_be_sent_along() {
    let mut room = drawn();
    change(&mut room, ORGANIZER, 1, 1, &[(Property::LocalId, "x"), (Property::Fill, "none")]);
    assert_eq!(room.announced(), ["board.changed 1:2 by 1 LOCALID=x FILL=none"]);
    change(&mut room, ORGANIZER, 1, 2, &[(Property::LocalId, "y"), (Property::Fill, "red")]);
    let received = "board.error change 1:2 by 1 [LOCALID=x FILL=none] InvalidProperties";
    room.assert_only_received(ORGANIZER, &[received]);
}

#[test]
fn ruling_14_changes_as_names_with_values_are_accepted() {
    let mut room = drawn();
    let rows = vec![vec!["FILL".to_owned()], vec!["#ff0000".to_owned()]];
    room.call(PRESENTER, move |server| drop(server.s_change_properties(1, 1, &rows)));
    assert_eq!(room.announced(), ["board.changed 1:2 by 2 FILL=#ff0000"]);
}

#[test]
fn values_beyond_the_constraints_return_current_values() {
    let mut room = drawn();
    change(&mut room, PRESENTER, 1, 1, &[(Property::StrokeThickness, "7")]);
    room.forget();
    for (value, code) in [("101", "StrokeTooThick"), ("x", "NotANumber")] {
        change(&mut room, PRESENTER, 1, 2, &[(Property::StrokeThickness, value)]);
        let received = format!("board.error change 1:2 by 2 [STROKETHICKNESS=7] {code}");
        room.assert_only_received(PRESENTER, &[&received]);
    }
}

#[test]
fn attendee_change_is_refused_with_current_values() {
    let mut room = drawn();
    change(&mut room, ATTENDEE, 1, 1, &[(Property::Anchor, "3,4")]);
    room.assert_only_received(
        ATTENDEE,
        &["board.error change 1:1 by 2 [ANCHOR=1,2] NotAuthorized"],
    );
    // Invalid properties break an attendee's connection too.
    let unknown = vec![vec!["COLOUR".to_owned(), "red".to_owned()]];
    room.call(ATTENDEE, move |server| drop(server.s_change_properties(1, 1, &unknown)));
    assert!(room.broken(ATTENDEE).contains("malformed properties"));
}

#[test]
fn text_property_change_starts_a_new_version() {
    let mut room = room();
    room.added(Kind::Text, &[(Property::Text, "hello")]);
    change(&mut room, PRESENTER, 1, 1, &[(Property::Text, "goodbye")]);
    let received = ["board.changed 1:2 by 2 TEXT=goodbye", "board.text 1:2 by 2 version 1"];
    assert_eq!(room.announced(), received);
    // An edit of the earlier text is stale and dropped silently.
    room.call(ORGANIZER, |server| {
        server.s_change_text(1, 1, 0, &[0], &[5], &["Hello".to_owned()]);
    });
    assert!(room.announced().is_empty());
    // A change of another property does not start a new version.
    change(&mut room, PRESENTER, 1, 2, &[(Property::FontSize, "20")]);
    assert_eq!(room.announced(), ["board.changed 1:3 by 2 FONTSIZE=20"]);
    // Neither does a drawing's property of this name.
    room.added(Kind::Drawing, &[(Property::Text, "x")]);
    change(&mut room, PRESENTER, 2, 1, &[(Property::Text, "y")]);
    assert_eq!(room.announced(), ["board.changed 2:2 by 2 TEXT=y"]);
}
