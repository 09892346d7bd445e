//! Several clients act at the same time in a seeded random order. All of them end with the same
//! board.

use std::{sync::Arc, time::Duration};

use psom::testing::Pair;
use psom_objects::{
    annotation::{Board, Kind, Properties, Property, text::Delta},
    client::{Conference, Event, Upload},
    server::{Meeting, MeetingConfig},
    types::{Participant, Role},
};

use crate::meeting::store::MemoryStore;

/// A random number generator with the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

pub fn meeting() -> Pair<Meeting, Conference> {
    let files = Arc::new(MemoryStore::default());
    let started = std::time::SystemTime::UNIX_EPOCH;
    let config = MeetingConfig::new("http://127.0.0.1/files/", files, started);
    Pair::server(psom::Config::default(), |scope| Meeting::new(scope, config))
}

pub fn join(pair: &mut Pair<Meeting, Conference>, user: i64) -> usize {
    let participant = Participant { uri: format!("sip:{user}@example.com"), role: Role::Presenter };
    let user = participant.user(user, &format!("user {user}"));
    pair.join_as(user, |scope| Conference::new(scope, |_: Event| {}))
}

fn board(pair: &mut Pair<Meeting, Conference>, client: usize) -> Board {
    assert!(pair.client_error(client).is_none(), "{:?}", pair.client_error(client));
    pair.on_client(client, |conference, _| {
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
    pair: &mut Pair<Meeting, Conference>,
    client: usize,
    run: impl FnOnce(&mut Conference, &mut psom::Context<Conference>) + Send + 'static,
) {
    pair.on_client(client, |_, cx| {
        cx.after(ACTION_DELAY, run);
    });
}

#[test]
fn all_clients_and_a_newcomer_see_the_same_board() {
    let mut annotations = 0;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut pair = meeting();
        for user in 1..=3 {
            join(&mut pair, user);
        }
        pair.set_max_piece_bytes([1, 7, 100, 100_000][dice.roll(4)]);
        pair.on_client(0, |conference, cx| {
            conference.upload(cx, Upload::whiteboard("Board").unwrap()).unwrap();
        });
        for round in 0..30 {
            for client in 0..3 {
                let mut own = Dice(seed * 1000 + round * 10 + client as u64);
                if own.roll(3) > 0 {
                    at_once(&mut pair, client, move |conference, cx| {
                        (0..own.roll(6)).for_each(|_| act(conference, cx, &mut own));
                    });
                }
            }
            pair.advance(ACTION_DELAY);
            if round == 15 {
                join(&mut pair, 4);
            }
        }
        let late = join(&mut pair, 5);
        let expected = board(&mut pair, 0);
        for client in 1..=late {
            assert_eq!(board(&mut pair, client), expected, "seed {seed}, client {client}");
        }
        annotations += expected.len();
        let pointers = |pair: &mut Pair<Meeting, Conference>, client| {
            pair.on_client(client, |conference, _| {
                conference.model().contents[&1].board.clone().unwrap().telepointers
            })
        };
        assert_eq!(pointers(&mut pair, 0), pointers(&mut pair, late), "seed {seed}");
    }
    assert!(annotations > 100, "the boards are not all empty: {annotations}");
}

#[test]
fn first_of_two_simultaneous_edits_wins() {
    let mut pair = meeting();
    let (ada, grace) = (join(&mut pair, 1), join(&mut pair, 2));
    pair.on_client(ada, |conference, cx| {
        conference.upload(cx, Upload::whiteboard("Board").unwrap()).unwrap();
    });
    pair.on_client(ada, |conference, cx| {
        let text = Properties::from([(Property::Text, "hello".to_owned())]);
        conference.add_annotation(cx, 1, Kind::Text, text).unwrap();
    });
    // Both edits are based on version 0.
    for (client, word) in [(ada, "first "), (grace, "second ")] {
        at_once(&mut pair, client, move |conference, cx| {
            conference.change_text(cx, 1, 1, vec![Delta::new(0, 0, word)]).unwrap();
        });
    }
    pair.advance(ACTION_DELAY);
    for client in [ada, grace] {
        let board = board(&mut pair, client);
        let text = board.get(1).unwrap();
        assert_eq!((text.text(), text.text_version, text.generation), ("first hello", 1, 2));
    }
}
