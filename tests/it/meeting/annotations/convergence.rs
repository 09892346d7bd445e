//! Several clients act at the same time in a seeded random order. All of them end with the same
//! board.

use std::time::Duration;

use psom_objects::{
    annotation::{Board, Kind, Properties, Property, text::Delta},
    client::{Conference, Upload},
    types::Role,
};

use crate::meeting::conference::{ConferenceWorld, properties};

/// A random number generator with the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

fn board(world: &mut ConferenceWorld, client: usize) -> Board {
    let error = world.pair.client_error(client);
    assert!(error.is_none(), "{error:?}");
    world.pair.on_client(client, |conference, _| {
        assert!(conference.model().is_complete());
        conference.model().contents[&1].board.clone().unwrap_or_default().annotations
    })
}

/// Performs one random action on the client's current board.
fn act(conference: &mut Conference, cx: &mut psom::Context<Conference>, dice: &mut Dice) {
    let known = conference.model().contents[&1].board.clone().unwrap_or_default().annotations;
    let ids: Vec<_> = known.iter().map(|(id, _)| id).collect();
    let any = |dice: &mut Dice| ids.get(dice.roll(ids.len().max(1))).copied();
    let texts: Vec<_> = known.iter().filter(|(_, at)| at.kind == Kind::Text).collect();
    let value = dice.roll(100).to_string();
    // An action on an annotation that is gone returns an error.
    let _ = match dice.roll(20) {
        0..6 => {
            let kind = [Kind::Drawing, Kind::Text][dice.roll(2)];
            let properties = Properties::from([
                (Property::Anchor, value),
                (Property::Text, "ab\u{1d11e}".into()),
            ]);
            conference.add_annotation(cx, 1, kind, properties).map(drop)
        }
        6..10 => any(dice).map_or(Ok(()), |id| {
            let property = [Property::Fill, Property::Stroke, Property::Text][dice.roll(3)];
            conference.change_annotation(cx, 1, id, Properties::from([(property, value)]))
        }),
        10..12 => {
            let group = ids.iter().copied().filter(|_| dice.roll(2) == 0).collect();
            conference.change_annotations(cx, 1, group, Property::Anchor, value)
        }
        12..16 if !texts.is_empty() => {
            let (id, text) = texts[dice.roll(texts.len())];
            let length = text.text().encode_utf16().count() as i32;
            let first_char = text.text().chars().next().map_or(0, |c| c.len_utf16() as i32);
            let deltas = vec![Delta::new(0, first_char, value), Delta::new(0, 0, "\u{1f600}")];
            let deltas = if length > 30 { vec![Delta::new(0, length, "")] } else { deltas };
            conference.change_text(cx, 1, id, deltas)
        }
        16 => any(dice).map_or(Ok(()), |id| conference.remove_annotation(cx, 1, id)),
        17 => {
            let group = ids.iter().copied().filter(|_| dice.roll(4) == 0).collect();
            conference.remove_annotations(cx, 1, group).map(drop)
        }
        18 if dice.roll(5) == 0 => conference.clear_annotations(cx, 1),
        _ => conference.set_telepointer(cx, 1, value, dice.roll(2) == 0),
    };
}

/// The delay after which all clients act.
const ACTION_DELAY: Duration = Duration::from_millis(1);

/// Schedules an action of a client. All clients act at the same time, so their calls cross.
fn at_once(
    world: &mut ConferenceWorld,
    client: usize,
    run: impl FnOnce(&mut Conference, &mut psom::Context<Conference>) + Send + 'static,
) {
    world.pair.on_client(client, |_, cx| {
        cx.after(ACTION_DELAY, run);
    });
}

#[test]
fn all_clients_and_a_newcomer_see_the_same_board() {
    let mut annotations = 0;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut world = ConferenceWorld::new();
        for user in 1..=3 {
            world.join(user, Role::Presenter);
        }
        world.pair.set_max_piece_bytes([1, 7, 100, 100_000][dice.roll(4)]);
        world.upload(Upload::whiteboard("Board").unwrap());
        for round in 0..30 {
            for client in 0..3 {
                let mut own = Dice(seed * 1000 + round * 10 + client as u64);
                if own.roll(3) > 0 {
                    at_once(&mut world, client, move |conference, cx| {
                        (0..own.roll(6)).for_each(|_| act(conference, cx, &mut own));
                    });
                }
            }
            world.pair.advance(ACTION_DELAY);
            if round == 15 {
                world.join(4, Role::Presenter);
            }
        }
        let late = world.join(5, Role::Presenter);
        let expected = board(&mut world, 0);
        for client in 1..=late {
            assert_eq!(board(&mut world, client), expected, "seed {seed}, client {client}");
        }
        annotations += expected.len();
        let [first, last] =
            [0, late].map(|client| world.content(client).board.unwrap().telepointers);
        assert_eq!(first, last, "seed {seed}");
    }
    assert!(annotations > 100, "the boards are not all empty: {annotations}");
}

#[test]
fn first_of_two_simultaneous_edits_wins() {
    let mut world = ConferenceWorld::new();
    let [ada, grace] = [1, 2].map(|user| world.join(user, Role::Presenter));
    world.upload(Upload::whiteboard("Board").unwrap());
    let text = properties(&[(Property::Text, "hello")]);
    world.act(ada, |conference, cx| conference.add_annotation(cx, 1, Kind::Text, text));
    // Both edits are based on version 0.
    for (client, word) in [(ada, "first "), (grace, "second ")] {
        at_once(&mut world, client, move |conference, cx| {
            conference.change_text(cx, 1, 1, vec![Delta::new(0, 0, word)]).unwrap();
        });
    }
    world.pair.advance(ACTION_DELAY);
    for client in [ada, grace] {
        let board = board(&mut world, client);
        let text = board.get(1).unwrap();
        assert_eq!((text.text(), text.text_version, text.generation), ("first hello", 1, 2));
    }
}
