use psom_objects::annotation::{Kind, Property};

use super::{ATTENDEE, ORGANIZER, PRESENTER, Room, breaks, pairs, room};

/// Returns a board with drawings 1 and 2, each anchored at its number.
fn drawn() -> Room {
    let mut room = room();
    room.added(Kind::Drawing, &[(Property::Anchor, "1,1")]);
    room.added(Kind::Drawing, &[(Property::Anchor, "2,2")]);
    room
}

fn set(room: &mut Room, client: usize, ids: &[i32], gens: &[i32], property: &str, value: &str) {
    let (ids, gens) = (ids.to_vec(), gens.to_vec());
    let (property, value) = (property.to_owned(), value.to_owned());
    room.call(client, move |server| {
        server.s_change_property_for_group(&ids, &gens, &property, &value);
    });
}

fn set_each(room: &mut Room, client: usize, ids: &[i32], gens: &[i32], values: &[&str]) {
    let (ids, gens) = (ids.to_vec(), gens.to_vec());
    let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
    room.call(client, move |server| {
        server.s_change_property_values_for_group(&ids, &gens, "ANCHOR", &values);
    });
}

/// Lets another client change annotation 1, so that its generation is 2.
fn change_the_first(room: &mut Room) {
    let properties = pairs(&[(Property::Anchor, "9,9")]);
    room.call(ORGANIZER, move |server| drop(server.s_change_properties(1, 1, &properties)));
    room.forget();
}

#[test]
fn group_change_sets_one_value_in_one_call() {
    let mut room = drawn();
    set(&mut room, ORGANIZER, &[2, 1], &[1, 1], "STROKE", "#ff0000");
    let received = ["board.changed 2:2 by 1 STROKE=#ff0000 | 1:2 by 1 STROKE=#ff0000"];
    assert_eq!(room.announced(), received);
}

#[test]
fn group_change_sets_separate_values_in_one_call() {
    let mut room = drawn();
    set_each(&mut room, PRESENTER, &[1, 2], &[1, 1], &["5,5", "6,6"]);
    assert_eq!(room.announced(), ["board.changed 1:2 by 2 ANCHOR=5,5 | 2:2 by 2 ANCHOR=6,6"]);
}

#[test]
fn group_without_existing_members_is_refused_as_one() {
    let mut room = drawn();
    let received = "board.error group [7, 8]:[0, 0] by [0, 0] ANCHOR=[\"\", \"\"] NotFound";
    set(&mut room, PRESENTER, &[7, 8], &[1, 3], "ANCHOR", "5,5");
    room.assert_only_received(PRESENTER, &[received]);
    set_each(&mut room, PRESENTER, &[7, 8], &[1, 3], &["5,5", "6,6"]);
    room.assert_only_received(PRESENTER, &[received]);
    set(&mut room, PRESENTER, &[], &[], "ANCHOR", "5,5");
    room.assert_only_received(PRESENTER, &["board.error group []:[] by [] ANCHOR=[] NotFound"]);
}

#[test]
fn missing_members_of_a_group_are_refused_alone() {
    let error = "board.error change 7:0 by 0 [] NotFound";
    let changed = "board.changed 2:2 by 2 ANCHOR=5,5";
    for each in [false, true] {
        let mut room = drawn();
        match each {
            false => set(&mut room, PRESENTER, &[7, 2], &[1, 1], "ANCHOR", "5,5"),
            true => set_each(&mut room, PRESENTER, &[7, 2], &[1, 1], &["8,8", "5,5"]),
        }
        assert_eq!(room.received(PRESENTER), [changed, error]);
        assert_eq!(room.received(ORGANIZER), [changed]);
        assert_eq!(room.received(ATTENDEE), [changed]);
    }
}

#[test]
fn stale_members_of_a_group_are_refused_with_their_values() {
    let mut room = drawn();
    change_the_first(&mut room);
    set(&mut room, PRESENTER, &[1, 2], &[1, 1], "ANCHOR", "5,5");
    let received = [
        "board.changed 2:2 by 2 ANCHOR=5,5",
        "board.error change 1:2 by 1 [ANCHOR=9,9] StaleGeneration",
    ];
    assert_eq!(room.received(PRESENTER), received);
    assert_eq!(room.received(ORGANIZER), received[..1]);
}

#[test]
fn stale_group_is_refused_as_one_with_its_values() {
    let mut room = drawn();
    change_the_first(&mut room);
    set(&mut room, ORGANIZER, &[2], &[1], "FILL", "none");
    room.forget();
    set_each(&mut room, PRESENTER, &[2, 1], &[1, 1], &["5,5", "6,6"]);
    let received =
        "board.error group [2, 1]:[2, 2] by [1, 1] ANCHOR=[\"2,2\", \"9,9\"] StaleGeneration";
    room.assert_only_received(PRESENTER, &[received]);
    // A missing member is refused on its own.
    set_each(&mut room, PRESENTER, &[7, 1], &[1, 1], &["5,5", "6,6"]);
    let received = [
        "board.error change 7:0 by 0 [] NotFound",
        "board.error group [1]:[2] by [1] ANCHOR=[\"9,9\"] StaleGeneration",
    ];
    room.assert_only_received(PRESENTER, &received);
}

#[test]
fn values_beyond_the_constraints_are_refused() {
    let mut room = drawn();
    set(&mut room, PRESENTER, &[1, 2], &[1, 1], "STROKETHICKNESS", "101");
    let received =
        "board.error group [1, 2]:[1, 1] by [2, 2] STROKETHICKNESS=[\"\", \"\"] StrokeTooThick";
    room.assert_only_received(PRESENTER, &[received]);
    let long = "x".repeat(2000);
    set_each(&mut room, PRESENTER, &[1, 2], &[1, 1], &[&long, "5,5"]);
    let received = [
        "board.changed 2:2 by 2 ANCHOR=5,5",
        "board.error change 1:1 by 2 [ANCHOR=1,1] ValueTooLong",
    ];
    assert_eq!(room.received(PRESENTER), received);
}

#[test]
fn local_ids_of_a_group_cannot_change() {
    let mut room = drawn();
    room.added(Kind::Drawing, &[(Property::LocalId, "x")]);
    set(&mut room, PRESENTER, &[1, 3], &[1, 1], "LOCALID", "x");
    let received = [
        "board.changed 3:2 by 2 LOCALID=x",
        "board.error change 1:1 by 2 [LOCALID=] InvalidProperties",
    ];
    assert_eq!(room.received(PRESENTER), received);
    // The announced values can be sent back.
    set(&mut room, PRESENTER, &[1, 2], &[1, 1], "LOCALID", "");
    assert_eq!(room.received(PRESENTER), ["board.changed 1:2 by 2 LOCALID= | 2:2 by 2 LOCALID="]);
}

#[test]
fn attendee_cannot_change_a_group() {
    let mut room = drawn();
    set(&mut room, ATTENDEE, &[1, 7], &[1, 1], "ANCHOR", "5,5");
    let received = "board.error group [1, 7]:[1, 0] by [2, 0] ANCHOR=[\"1,1\", \"\"] NotAuthorized";
    room.assert_only_received(ATTENDEE, &[received]);
}

#[test]
fn invalid_group_breaks_the_connection() {
    let one = |ids: &'static [i32], gens: &'static [i32], property: &'static str, why| {
        breaks(drawn(), why, move |server| {
            server.s_change_property_for_group(ids, gens, property, "5,5");
        });
        breaks(drawn(), why, move |server| {
            let values = vec!["5,5".to_owned(); ids.len()];
            server.s_change_property_values_for_group(ids, gens, property, &values);
        });
    };
    one(&[1, 2], &[1], "ANCHOR", "different lengths");
    one(&[1, 1], &[1, 1], "ANCHOR", "contains an annotation twice");
    one(&[1, 2], &[1, 1], "COLOUR", "unknown property");
    one(&[1, 2], &[1, 2], "ANCHOR", "invalid generation");
    one(&[1, 2], &[1, -1], "ANCHOR", "invalid generation");
    breaks(drawn(), "different lengths", |server| {
        let values = ["5,5".to_owned()];
        server.s_change_property_values_for_group(&[1, 2], &[1, 1], "ANCHOR", &values);
    });
}

/// Adds drawings with paths of this length.
fn long_paths(count: usize) -> Room {
    let mut room = room();
    let path = "M".repeat(20_000);
    (0..count).for_each(|_| room.added(Kind::Drawing, &[(Property::Data, &path)]));
    room
}

fn values_in(received: &[String]) -> usize {
    received.iter().map(|line| line.matches(&"M".repeat(20_000)).count()).sum()
}

/// Checks that all values arrived in calls of moderate size.
fn all_values_in(received: &[String], count: usize) {
    assert_eq!(values_in(received), count);
    assert!(received.len() >= count / 3 && received.iter().all(|line| line.len() < 70_000));
}

#[test]
fn large_refused_values_are_sent_in_several_calls() {
    for count in [3, 20] {
        let mut room = long_paths(count);
        let (ids, gens): (Vec<_>, Vec<_>) = (1..=count as i32).map(|id| (id, 0)).unzip();
        set(&mut room, PRESENTER, &ids, &gens, "DATA", "M0 0");
        let received = room.received(PRESENTER);
        all_values_in(&received, count);
        assert!(received[0].starts_with("board.error group [1, 2, 3]:"));
        assert!(received.iter().all(|line| line.ends_with("] StaleGeneration")));
        // An attendee, who cannot change them, receives the values as well.
        set(&mut room, ATTENDEE, &ids, &gens, "DATA", "M0 0");
        all_values_in(&room.received(ATTENDEE), count);
        // The same holds if some members were changed.
        let (ids, gens) = ([ids, vec![99]].concat(), [&[1][..], &gens[1..], &[1]].concat());
        set(&mut room, PRESENTER, &ids, &gens, "DATA", "M0 0");
        let received = room.received(PRESENTER);
        assert_eq!(received[1], "board.error change 99:0 by 0 [] NotFound");
        all_values_in(&received[2..], count - 1);
    }
}

#[test]
fn refusing_a_large_group_takes_several_calls() {
    let mut room = room();
    let ids: Vec<_> = (1..=10_000).collect();
    set(&mut room, PRESENTER, &ids, &[1; 10_000], "DATA", "M0 0");
    let received = room.received(PRESENTER);
    assert!(
        received.len() > 1 && received.iter().all(|line| line.len() < 200_000),
        "{}",
        received.len()
    );
}
