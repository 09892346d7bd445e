//! One object, many peers.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::common::{ServerRoot, notes, pair, received};
use psom::{
    Config, Context, PsomType, distributed_object,
    error::CallError,
    psom_interface,
    testing::Pair,
    wire::{Decode, Decoder, Encode, Encoder, TypeDesc},
};

#[test]
fn all_peers_receive_calls_in_one_order() {
    let mut pair = pair(3);
    pair.on_client(0, |_, cx| drop(cx.peers().s_say("a")));
    pair.on_client(2, |_, cx| drop(cx.peers().s_say("b")));
    for client in 0..3 {
        assert_eq!(received(&mut pair, client), ["1: a", "3: b"]);
    }
}

#[test]
fn filter_selects_a_subset_of_peers() {
    let mut pair = pair(3);
    let sent = pair.on_server(|_, cx| cx.peers().filter(|peer| peer.user.id != 2).c_place(5));
    assert_eq!(sent.reached, 2);
    let all: Vec<_> = (0..3).map(|client| received(&mut pair, client).len()).collect();
    assert_eq!(all, [1, 0, 1]);
}

#[test]
fn only_selects_peers_by_their_ids() {
    let mut pair = pair(3);
    let reached = pair.on_server(|_, cx| {
        let last: BTreeSet<_> = cx.peer_infos().iter().skip(1).map(|peer| peer.id).collect();
        [cx.only(&last).c_place(5).reached, cx.only(&BTreeSet::new()).c_place(6).reached]
    });
    assert_eq!(reached, [2, 0]);
    let all: Vec<_> = (0..3).map(|client| received(&mut pair, client).len()).collect();
    assert_eq!(all, [0, 1, 1]);
}

#[test]
fn delayable_calls_keep_their_order_with_other_calls() {
    let mut pair = pair(2);
    let reached = pair.on_server(|_, cx| {
        cx.peers().c_said(1, "a");
        let mut peers = cx.peers();
        peers.allow_delay();
        let reached = peers.c_said(1, "b").reached;
        cx.peers().c_said(1, "c");
        reached
    });
    assert_eq!(reached, 2);
    for client in 0..2 {
        assert_eq!(received(&mut pair, client), ["1: a", "1: b", "1: c"]);
    }
}

#[test]
fn peer_can_be_stored_by_its_id() {
    let mut pair = pair(2);
    let ids = pair.on_server(|_, cx| {
        let infos = cx.peer_infos();
        infos.iter().map(|peer| peer.id).collect::<Vec<_>>()
    });
    let kept = ids[1];
    let sent = pair.on_server(move |_, cx| cx.peer(kept).map(|peer| peer.c_place(1)));
    assert_eq!(sent.unwrap().reached, 1);
    assert_eq!(received(&mut pair, 1), ["place 1"]);
    pair.drop_client(1);
    assert!(pair.on_server(move |_, cx| cx.peer(kept).is_none()));
}

#[test]
fn hang_up_sends_close_and_expel_sends_break() {
    let mut pair = pair(2);
    pair.on_server(|_, cx| {
        let ids: Vec<_> = cx.peer_infos().iter().map(|peer| peer.id).collect();
        cx.peer(ids[0]).unwrap().hang_up();
        cx.peer(ids[1]).unwrap().expel(psom::Violation::new("too loud"));
    });
    assert_eq!(pair.client_error(0), Some(&psom::Error::PeerClosed));
    assert_eq!(pair.client_error(1), Some(&psom::Error::PeerBroke("too loud".into())));
    assert_eq!(notes(&mut pair)[2..], ["-user 1, 0 left", "-user 2, 0 left"]);
}

/// Clients that support only the first version.
mod old {
    use psom::{distributed_object, psom_interface};

    #[psom_interface(name = "Test.Root", version = 1, hash = 11)]
    pub(super) trait RootServer {}

    #[psom_interface(name = "Test.Root", version = 1, hash = 21)]
    pub(super) trait RootClient {
        fn c_said(&mut self, from: i64, text: &str);
        fn c_sent(&mut self, data: &[u8]);
        fn c_passed(&mut self, child: psom::ObjectRef);
        fn c_place(&mut self, x: i32);
    }

    #[distributed_object(serves = RootClient, calls = RootServer)]
    #[derive(Default)]
    pub(super) struct ClientRoot {
        pub places: Vec<i32>,
    }

    impl RootClient for ClientRoot {
        fn c_said(&mut self, _: i64, _: &str) {}
        fn c_sent(&mut self, _: &[u8]) {}
        fn c_passed(&mut self, _: psom::ObjectRef) {}
        fn c_place(&mut self, x: i32) {
            self.places.push(x);
        }
    }
}

#[test]
fn group_call_skips_peers_without_the_method() {
    let mut pair = Pair::server(Config::default(), |_| ServerRoot::default());
    pair.join(|_| old::ClientRoot::default());
    let (reached, error) = pair.on_server(|_, cx| {
        let sent = cx.peers().c_new(1);
        (sent.reached, sent.ok())
    });
    assert_eq!(reached, 0);
    let lacking =
        CallError::NotInVersion { interface: "Test.Root", method: "cNew", since: 2, version: 1 };
    assert_eq!(error, Err(lacking));
    pair.on_server(|_, cx| drop(cx.peers().c_place(9)));
    assert_eq!(pair.on_client(0, |client, _| client.places.clone()), [9]);
}

#[test]
fn run_of_group_calls_keeps_its_order_with_other_calls() {
    let mut pair = pair(3);
    let reached = pair.on_server(|_, cx| {
        let id = cx.peer_infos()[1].id;
        let mut reached = vec![];
        for text in ["a", "b", "c"] {
            reached.push(cx.peers().c_said(1, text).reached);
        }
        reached.push(cx.peer(id).unwrap().c_place(5).reached);
        for text in ["d", "e"] {
            reached.push(cx.peers().c_said(1, text).reached);
        }
        reached.push(cx.peers().c_sent(vec![7; 5000].into()).reached);
        reached.push(cx.peers().c_place(6).reached);
        reached
    });
    assert_eq!(reached, [3, 3, 3, 1, 3, 3, 3, 3]);
    let all = ["1: a", "1: b", "1: c", "1: d", "1: e", "5000 bytes", "place 6"];
    for client in [0, 2] {
        assert_eq!(received(&mut pair, client), all);
    }
    let mut second = all.to_vec();
    second.insert(3, "place 5");
    assert_eq!(received(&mut pair, 1), second);
}

#[test]
fn peer_that_is_closed_gets_the_group_calls_before_and_none_after() {
    let mut pair = pair(2);
    let reached = pair.on_server(|_, cx| {
        let id = cx.peer_infos()[0].id;
        cx.peers().c_said(1, "a");
        cx.peers().c_said(1, "b");
        cx.peer(id).unwrap().hang_up();
        let sent = cx.peers().c_said(1, "c");
        (sent.reached, cx.peers().c_said(1, "d").reached)
    });
    assert_eq!(reached, (1, 1));
    assert_eq!(received(&mut pair, 0), ["1: a", "1: b"]);
    assert_eq!(received(&mut pair, 1), ["1: a", "1: b", "1: c", "1: d"]);
}

#[test]
fn run_of_group_calls_skips_peers_without_a_later_method() {
    let mut pair = Pair::server(Config::default(), |_| ServerRoot::default());
    pair.join(|_| old::ClientRoot::default());
    pair.join(|_| old::ClientRoot::default());
    let reached = pair.on_server(|_, cx| {
        let (first, second) = (cx.peers().c_place(1), cx.peers().c_place(2));
        let (later, third) = (cx.peers().c_new(1), cx.peers().c_place(3));
        [first, second, later, third].map(|sent| sent.reached)
    });
    assert_eq!(reached, [2, 2, 0, 2]);
    for client in 0..2 {
        assert_eq!(pair.on_client(client, |client, _| client.places.clone()), [1, 2, 3]);
    }
}

static MARSHALED: AtomicUsize = AtomicUsize::new(0);

/// A text that counts its marshaling.
pub(super) struct Counted(String);

impl PsomType for Counted {
    const TYPE: TypeDesc = TypeDesc::String;
}

impl Encode for Counted {
    fn encode(&self, out: &mut Encoder<'_>) {
        MARSHALED.fetch_add(1, Ordering::Relaxed);
        self.0.encode(out);
    }
}

impl Decode for Counted {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, psom::error::DecodeError> {
        String::decode(input).map(Self)
    }
}

#[psom_interface(name = "Test.Crowd", version = 1, hash = 1)]
pub(super) trait CrowdServer {}

#[psom_interface(name = "Test.Crowd", version = 1, hash = 2)]
pub(super) trait CrowdClient {
    fn c_text(&mut self, text: Counted);
}

#[distributed_object(serves = CrowdServer, calls = CrowdClient)]
struct Speaker;

impl CrowdServer for Speaker {}

#[distributed_object(serves = CrowdClient, calls = CrowdServer)]
#[derive(Default)]
struct Listener {
    bytes: usize,
}

impl CrowdClient for Listener {
    fn c_text(&mut self, text: Counted) {
        self.bytes += text.0.len();
    }
}

fn speak(cx: &mut Context<Speaker>, length: usize) -> allocation_counter::AllocationInfo {
    let text = "x".repeat(length);
    allocation_counter::measure(|| {
        // The group sends the same marshaled bytes to all peers.
        assert_eq!(cx.peers().c_text(Counted(text.clone())).reached, 1000);
    })
}

#[test]
fn call_to_a_thousand_peers_is_marshaled_once() {
    let mut pair = Pair::server(Config::default(), |_| Speaker);
    for _ in 0..1000 {
        pair.join(|_| Listener::default());
    }
    // The first call of a turn allocates each connection's buffer; the second uses it.
    let small = pair.on_server(|_, cx| {
        speak(cx, 1000);
        MARSHALED.store(0, Ordering::Relaxed);
        // The second call may grow the buffer. That allocation belongs to the buffer and not to the
        // call, so measure the third, which fits after the doubling for the second.
        speak(cx, 20);
        speak(cx, 20)
    });
    assert_eq!(MARSHALED.load(Ordering::Relaxed), 2, "once a call");
    assert!(small.count_total <= 8, "{small:?}");
    // Large arguments are shared: a thousand peers use one copy.
    let large = pair.on_server(|_, cx| speak(cx, 60_000));
    assert!(large.bytes_total < 1_000_000, "{large:?}");
    assert_eq!(pair.on_client(999, |listener, _| listener.bytes), 1000 + 20 + 20 + 60_000);
}
