//! The result of a long random conversation does not depend on how its bytes are cut.

use super::common::{ClientRoot, Pair, ServerRoot};

/// A small random number generator with the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn text(&mut self) -> String {
        let length = self.below(40);
        (0..length).map(|_| ['a', 'ü', '会', '🎉', '\0', ' '][self.below(6) as usize]).collect()
    }
}

/// Performs one step of either side.
fn step(pair: &mut Pair, random: &mut Random) {
    let (text, number) = (random.text(), random.below(300) as i32);
    match random.below(11) {
        0 => pair.on_client(0, move |_, cx| drop(cx.peers().s_say(&text))),
        1 => pair.on_client(0, move |_, cx| drop(cx.peers().s_slowly(&text))),
        2 => pair.on_client(0, move |_, cx| drop(cx.peers().s_send(text.into_bytes().into()))),
        3 => pair.on_client(0, |_, cx| drop(cx.peers().s_child("given"))),
        4 => pair.on_client(0, |_, cx| drop(cx.peers().s_child("unknown"))),
        5 => pair.on_client(0, |client, cx| {
            let given = client.given;
            cx.try_tell(given, |_, cx| drop(cx.peers().s_close())).unwrap();
        }),
        6 => pair.on_client(0, move |client, cx| {
            let given = client.given;
            cx.try_tell(given, move |_, cx| drop(cx.peers().s_note(&text))).unwrap();
        }),
        7 => pair.on_client(0, move |client, cx| {
            let taken = client.taken;
            let _ = cx.peers().connect(format!("child.{number}"), taken);
        }),
        8 => pair.on_server(move |_, cx| drop(cx.peers().c_place(number))),
        9 => pair.on_server(move |_, cx| drop(cx.peers().c_new(number))),
        _ => pair.on_server(move |root, cx| {
            // Both sides close at once: the closes cross.
            let Some(child) = root.children.pop() else { return };
            cx.remove(child);
        }),
    }
}

/// Returns the observable state of both sides at the end.
fn end_of_conversation(piece: usize) -> String {
    let mut pair = Pair::server(psom::Config::default(), |_| ServerRoot::default());
    pair.set_max_piece_bytes(piece);
    pair.join(ClientRoot::new);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..1000 {
        step(&mut pair, &mut random);
    }
    let server = pair.on_server(|root, _| root.notes.join("\n"));
    let client = pair.on_client(0, |client, cx| {
        let (given, taken) = (cx.get(client.given).unwrap(), cx.get(client.taken).unwrap());
        [&client.received[..], &given.notes[..], &taken.notes[..]].concat().join("\n")
    });
    assert!(pair.client_error(0).is_none(), "{:?}", pair.client_error(0));
    assert!(pair.server_error(0).is_none(), "{:?}", pair.server_error(0));
    let (server_stats, client_stats) = (pair.server_stats(), pair.client_stats(0));
    format!("{server}\n{client}\n{server_stats:?}\n{client_stats:?}")
}

#[test]
fn conversation_result_is_independent_of_cuts() {
    let whole = end_of_conversation(usize::MAX);
    assert!(whole.lines().count() > 500, "the conversation says something");
    // Pieces of one byte cut at every position; other sizes cut some records and join others.
    for piece in [1, 2, 3, 5, 7, 64, 1000] {
        let cut = end_of_conversation(piece);
        assert!(cut == whole, "cut into pieces of {piece}");
    }
}
