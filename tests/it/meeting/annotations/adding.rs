use psom_objects::{
    annotation::{Kind, Property},
    server::MeetingLimits,
    types::Role,
};

use super::{ATTENDEE, ORGANIZER, PRESENTER, Room, breaks, pairs, room, room_with};

fn strings(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

#[test]
fn added_annotation_is_announced_with_a_new_identifier() {
    let mut room = room();
    let properties = pairs(&[(Property::Anchor, "1,2"), (Property::Data, "M0 0L1 1")]);
    room.call(PRESENTER, move |server| drop(server.s_add_annotation(0, &properties)));
    assert_eq!(room.announced(), ["board.added 1:1 type 0 of 2 by 2 ANCHOR=1,2 DATA=M0 0L1 1"]);
    room.call(ORGANIZER, |server| drop(server.s_add_annotation(1, &[])));
    assert_eq!(room.announced(), ["board.added 2:1 type 1 of 1 by 1 "]);
}

#[test]
fn identifiers_are_never_reused() {
    let mut room = room();
    room.added(Kind::Drawing, &[]);
    room.call(PRESENTER, |server| drop(server.s_remove_annotation(1)));
    room.call(PRESENTER, |server| drop(server.s_add_annotation(0, &[])));
    let received = ["board.removed 1 by 2", "board.added 2:1 type 0 of 2 by 2 "];
    assert_eq!(room.announced(), received);
    room.call(PRESENTER, |server| drop(server.s_clear_annotations()));
    room.call(PRESENTER, |server| drop(server.s_add_annotation(0, &[])));
    assert_eq!(room.announced()[1], "board.added 3:1 type 0 of 2 by 2 ");
}

#[test]
fn ruling_14_names_with_values_are_accepted() {
    let mut room = room();
    let rows = strings(&[&["ANCHOR", "TEXT"], &["1,2", "hello"]]);
    room.call(PRESENTER, move |server| drop(server.s_add_annotation(1, &rows)));
    assert_eq!(room.announced(), ["board.added 1:1 type 1 of 2 by 2 ANCHOR=1,2 TEXT=hello"]);
}

#[test]
fn adding_an_invalid_type_breaks_the_connection() {
    for kind in [3, 4, -1, i32::MAX] {
        breaks(room(), "annotations of this type cannot be added", move |server| {
            server.s_add_annotation(kind, &[]);
        });
    }
}

#[test]
fn malformed_properties_are_refused_with_the_known_ones() {
    let mut room = room();
    for (rows, known) in [
        (strings(&[&["ANCHOR", "1,2"], &["COLOUR", "red"]]), "ANCHOR=1,2"),
        (strings(&[&["STROKE", "#ff0000"], &["STROKE", "#ff0000"]]), "STROKE=#ff0000"),
        (strings(&[&["ANCHOR"]]), ""),
        (strings(&[&["ANCHOR", "1,2", "x"]]), ""),
    ] {
        room.call(PRESENTER, move |server| drop(server.s_add_annotation(0, &rows)));
        let received = format!("board.error add type 0 [{known}] InvalidProperties");
        room.assert_only_received(PRESENTER, &[&received]);
    }
}

#[test]
fn image_without_a_package_is_refused() {
    let mut room = room();
    let properties = pairs(&[(Property::ImageType, "png")]);
    room.call(PRESENTER, move |server| drop(server.s_add_annotation(2, &properties)));
    room.assert_only_received(
        PRESENTER,
        &["board.error add type 2 [IMAGETYPE=png] ImageNeedsPackage"],
    );
}

#[test]
fn attendee_cannot_add() {
    let mut room = room();
    room.call(ATTENDEE, |server| drop(server.s_add_annotation(0, &[])));
    room.assert_only_received(ATTENDEE, &["board.error add type 0 [] NotAuthorized"]);
    // A change of role permits it.
    room.world.set_role(3, Role::Presenter);
    room.call(ATTENDEE, |server| drop(server.s_add_annotation(0, &[])));
    assert_eq!(room.announced().len(), 1);
}

#[test]
fn annotations_per_type_are_limited() {
    let mut limits = MeetingLimits::default();
    (limits.annotations.drawings, limits.annotations.texts) = (2, 0);
    let mut room = room_with(limits);
    room.added(Kind::Drawing, &[]);
    room.added(Kind::Drawing, &[]);
    room.call(PRESENTER, |server| drop(server.s_add_annotation(0, &[])));
    room.assert_only_received(PRESENTER, &["board.error add type 0 [] TooManyAnnotations"]);
    room.call(PRESENTER, |server| drop(server.s_add_annotation(1, &[])));
    room.assert_only_received(PRESENTER, &["board.error add type 1 [] TooManyAnnotations"]);
    room.call(PRESENTER, |server| drop(server.s_remove_annotation(1)));
    room.forget();
    room.added(Kind::Drawing, &[]);
}

#[test]
fn values_beyond_the_constraints_are_refused() {
    let long = "x".repeat(1025);
    for (kind, property, value, code) in [
        (0, Property::Data, "M".repeat(20_001).as_str(), "PathTooLong"),
        (0, Property::StrokeThickness, "100.5", "StrokeTooThick"),
        (0, Property::StrokeThickness, "-1", "NotANumber"),
        (0, Property::StrokeThickness, "thick", "NotANumber"),
        (0, Property::StrokeThickness, "NaN", "NotANumber"),
        (1, Property::Text, "\u{1d11e}".repeat(5001).as_str(), "TextTooLong"),
        (1, Property::FontSize, "401", "FontTooLarge"),
        (1, Property::FontSize, "", "NotANumber"),
        (0, Property::Anchor, &long, "ValueTooLong"),
        (1, Property::FontFace, &long, "ValueTooLong"),
        (0, Property::LocalId, &long, "ValueTooLong"),
    ] {
        let mut room = room();
        let properties = pairs(&[(property, value)]);
        room.call(PRESENTER, move |server| drop(server.s_add_annotation(kind, &properties)));
        let received = format!("board.error add type {kind} [{property}={value}] {code}");
        room.assert_only_received(PRESENTER, &[&received]);
    }
}

#[test]
fn values_at_the_constraints_are_accepted() {
    let mut room = room();
    let (path, text) = ("M".repeat(20_000), "\u{1d11e}".repeat(5000));
    room.added(Kind::Drawing, &[(Property::Data, &path), (Property::StrokeThickness, "100")]);
    room.added(Kind::Text, &[(Property::Text, &text), (Property::FontSize, "400")]);
}

#[test]
fn board_size_is_limited_by_its_snapshot() {
    let mut room = room();
    let path = "M".repeat(20_000);
    let mut refused = 0;
    for _ in 0..160 {
        let properties = pairs(&[(Property::Data, &path)]);
        room.call(PRESENTER, move |server| drop(server.s_add_annotation(0, &properties)));
        refused += usize::from(room.received(PRESENTER)[0].ends_with(" BoardFull"));
    }
    assert!((1..20).contains(&refused), "{refused}");
    // Other ways to grow are refused too.
    room.forget();
    let properties = pairs(&[(Property::Data, &path), (Property::Stroke, &"s".repeat(1000))]);
    for id in 1..30 {
        let properties = properties.clone();
        room.call(PRESENTER, move |server| drop(server.s_change_properties(id, 1, &properties)));
    }
    assert!(room.received(PRESENTER).iter().any(|line| line.ends_with(" BoardFull")));
    // A newcomer receives the complete board.
    let late = room.join(4, Role::Attendee);
    room.open(late);
    assert_eq!(room.received(late).last().unwrap(), "board.completed");
}

#[test]
fn empty_property_counts_towards_the_board_size() {
    let mut room = room();
    let path = |length| pairs(&[(Property::Data, &"M".repeat(length))]);
    let is_refused = |room: &mut Room| room.received(PRESENTER)[0].ends_with(" BoardFull");
    let (mut length, mut drawings) = (20_000, 0);
    while length > 0 {
        let properties = path(length);
        room.call(PRESENTER, move |server| drop(server.s_add_annotation(0, &properties)));
        match is_refused(&mut room) {
            true => length /= 2,
            false => drawings += 1,
        }
    }
    // The last drawing fills the remaining space byte by byte.
    let last = room.received(ORGANIZER).pop().unwrap();
    let (mut length, mut generation) = (last.matches('M').count(), 1);
    loop {
        let properties = path(length + 1);
        room.call(PRESENTER, move |server| {
            server.s_change_properties(drawings, generation, &properties);
        });
        if is_refused(&mut room) {
            break;
        }
        (length, generation) = (length + 1, generation + 1);
    }
    room.call(PRESENTER, |server| {
        server.s_change_properties(1, 1, &pairs(&[(Property::Fill, "")]));
    });
    assert!(is_refused(&mut room));
    room.call(PRESENTER, |server| {
        server.s_change_property_for_group(&[1, 2], &[1, 1], "FILL", "");
    });
    assert!(is_refused(&mut room));
    // A newcomer receives the full board and stays connected.
    let late = room.join(4, Role::Attendee);
    room.open(late);
    let received = room.received(late);
    let added: usize = received.iter().map(|line| line.matches(" type 0 of ").count()).sum();
    assert_eq!((added, received.last().unwrap().as_str()), (drawings as usize, "board.completed"));
}
