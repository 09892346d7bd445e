use std::sync::Arc;

use psom_objects::annotation::{Kind, Property};

use super::{ATTENDEE, ORGANIZER, PRESENTER, pairs, room};

#[test]
fn additions_of_one_turn_share_one_call() {
    let mut room = room();
    room.call(PRESENTER, |server| {
        for kind in [0, 1, 0] {
            server.s_add_annotation(kind, &pairs(&[(Property::Anchor, "1,2")]));
        }
    });
    let received = "board.added 1:1 type 0 of 2 by 2 ANCHOR=1,2 | 2:1 type 1 of 2 by 2 ANCHOR=1,2 \
                | 3:1 type 0 of 2 by 2 ANCHOR=1,2";
    assert_eq!(room.announced(), [received]);
}

#[test]
fn changes_of_one_turn_share_one_call() {
    let mut room = room();
    room.added(Kind::Text, &[(Property::Text, "a")]);
    room.added(Kind::Text, &[(Property::Text, "b")]);
    room.call(PRESENTER, |server| {
        server.s_change_properties(1, 1, &pairs(&[(Property::FontSize, "10")]));
        server.s_change_properties(2, 1, &pairs(&[(Property::FontSize, "20")]));
        server.s_change_properties(1, 2, &pairs(&[(Property::FontSize, "30")]));
    });
    let received =
        "board.changed 1:2 by 2 FONTSIZE=10 | 2:2 by 2 FONTSIZE=20 | 1:3 by 2 FONTSIZE=30";
    assert_eq!(room.announced(), [received]);
    room.call(PRESENTER, |server| {
        server.s_change_text(1, 3, 0, &[1], &[1], &["x".to_owned()]);
        server.s_change_text(2, 2, 0, &[1, 2], &[1, 2], &["y".to_owned(), "z".to_owned()]);
    });
    let received = "board.text 1:4 by 2 version 1 1..1=x | 2:3 by 2 version 1 1..1=y 2..2=z";
    assert_eq!(room.announced(), [received]);
}

#[test]
fn changes_of_different_kinds_keep_their_order() {
    let mut room = room();
    room.call(PRESENTER, |server| {
        server.s_add_annotation(0, &[]);
        server.s_add_annotation(1, &[]);
        server.s_change_properties(1, 1, &pairs(&[(Property::Fill, "none")]));
        server.s_add_annotation(0, &[]);
        server.s_remove_annotation(2);
        server.s_add_annotation(0, &[]);
        server.s_clear_annotations();
        server.s_add_annotation(0, &[]);
    });
    let received = [
        "board.added 1:1 type 0 of 2 by 2  | 2:1 type 1 of 2 by 2 ",
        "board.changed 1:2 by 2 FILL=none",
        "board.added 3:1 type 0 of 2 by 2 ",
        "board.removed 2 by 2",
        "board.added 4:1 type 0 of 2 by 2 ",
        "board.cleared by 2",
        "board.added 5:1 type 0 of 2 by 2 ",
    ];
    assert_eq!(room.announced(), received);
}

#[test]
fn error_follows_the_changes_made_before_it() {
    let mut room = room();
    room.call(PRESENTER, |server| {
        server.s_add_annotation(0, &[]);
        server.s_change_properties(1, 0, &pairs(&[(Property::Fill, "none")]));
    });
    let received = [
        "board.added 1:1 type 0 of 2 by 2 ",
        "board.error change 1:1 by 2 [FILL=] StaleGeneration",
    ];
    assert_eq!(room.received(PRESENTER), received);
    assert_eq!(room.received(ORGANIZER), received[..1]);
    assert_eq!(room.received(ATTENDEE), received[..1]);
}

#[test]
fn large_turn_is_split_into_several_calls() {
    let mut room = room();
    let path = "M".repeat(20_000);
    room.call(PRESENTER, move |server| {
        for _ in 0..30 {
            server.s_add_annotation(0, &pairs(&[(Property::Data, &path)]));
        }
    });
    let received = room.announced();
    assert!(
        received.len() > 2 && received.iter().all(|line| line.len() < 200_000),
        "{}",
        received.len()
    );
}

#[test]
fn client_joining_within_a_turn_gets_each_change_once() {
    let mut room = room();
    let annotations = room.annotations(PRESENTER);
    let content = room.world.open(PRESENTER, 1);
    let board = room.boards[PRESENTER];
    // The client draws, closes the board and reconnects it before the server handles any of it.
    room.boards[PRESENTER] = room.world.pair.on_client(PRESENTER, move |client, cx| {
        cx.try_tell(annotations, |_, cx| drop(cx.peers().s_add_annotation(0, &[]))).unwrap();
        cx.try_tell(board, |_, cx| assert_eq!(cx.peers().close(), 1)).unwrap();
        let board = cx.add(super::Whiteboard::new(Arc::clone(&client.log)));
        cx.try_tell(content, move |_, cx| {
            assert_eq!(cx.peers().connect("extendedContent", board), 1);
        })
        .unwrap();
        board
    });
    let added = "board.added 1:1 type 0 of 2 by 2 ";
    assert_eq!(room.received(ORGANIZER), [added]);
    let received = room.received(PRESENTER);
    assert_eq!(received.iter().filter(|line| *line == added).count(), 1, "{received:?}");
    assert_eq!(received.last().unwrap(), "board.completed");
}

#[test]
fn group_text_change_sends_values_and_versions_apart() {
    let mut room = room();
    (0..50).for_each(|_| room.added(Kind::Text, &[(Property::Text, "a")]));
    let ids: Vec<_> = (1..=50).collect();
    room.call(PRESENTER, move |server| {
        server.s_change_property_for_group(&ids, &[1; 50], "TEXT", "b");
    });
    let received = room.announced();
    assert_eq!(received.len(), 2, "{received:?}");
    assert!(
        received[0].starts_with("board.changed 1:2 by 2 TEXT=b | 2:2 by 2 TEXT=b | "),
        "{received:?}"
    );
    assert!(received[1].starts_with("board.text 1:2 by 2 version 1 | 2:2 by 2 version 1 | "));
    assert_eq!(received.iter().map(|line| line.matches(":2 by 2").count()).sum::<usize>(), 100);
}
