//! Limits of the resources that one peer can take from the others in its space.

use std::time::Duration;

use psom::{Config, Error, Prepared, User, interface::Interface as _};

use super::common::*;

fn pair_with(config: Config) -> Pair {
    Pair::server(config, |_| ServerRoot::default())
}

fn join(pair: &mut Pair, user: i64) -> usize {
    pair.join_as(User::new(user, format!("user {user}")), ClientRoot::new)
}

fn replaced(limit: &'static str) -> Option<Error> {
    Some(Error::PeerBroke(format!("a newer connection took the place of this one (limit {limit})")))
}

#[test]
fn newer_connection_of_a_user_replaces_the_oldest() {
    let mut config = Config::default();
    config.connections_per_user = 2;
    let hits = config.hits.clone();
    let mut pair = pair_with(config);
    let [first, second, other, third] = [1, 1, 2, 1].map(|user| join(&mut pair, user));
    assert_eq!(pair.client_error(first), replaced("connections_per_user").as_ref());
    assert_eq!(pair.server_error(first), Some(&Error::Replaced("connections_per_user")));
    for open in [second, other, third] {
        assert_eq!(pair.client_error(open), None);
    }
    assert_eq!(hits.get("connections_per_user"), 1);
    // A connection that has left does not count.
    pair.close_client(second);
    let fourth = join(&mut pair, 1);
    assert_eq!((pair.client_error(third), pair.client_error(fourth)), (None, None));
}

#[test]
fn full_space_replaces_oldest_connection_of_the_largest_user() {
    let mut config = Config::default();
    config.space_connections = 3;
    let hits = config.hits.clone();
    let mut pair = pair_with(config);
    let [_alone, oldest, newer, newcomer] = [1, 2, 2, 3].map(|user| join(&mut pair, user));
    assert_eq!(pair.client_error(oldest), replaced("space_connections").as_ref());
    assert_eq!((pair.client_error(newer), pair.client_error(newcomer)), (None, None));
    // Every user has one connection, so a newcomer replaces none of them.
    let refused = join(&mut pair, 4);
    assert_eq!(pair.server_stats().connections, 3);
    assert_eq!(pair.server_error(refused), None, "the driver refuses it");
    assert_eq!(hits.get("space_connections"), 2);
}

#[test]
fn connection_above_the_rate_of_calls_is_read_more_slowly() {
    let mut config = Config::default();
    (config.calls_per_second, config.call_burst) = (10, 100);
    let hits = config.hits.clone();
    let mut pair = pair_with(config);
    let (greedy, honest) = (join(&mut pair, 1), join(&mut pair, 2));
    pair.on_client(greedy, |_, cx| {
        for number in 0..200 {
            cx.peers().s_new(number);
        }
    });
    let handled =
        |pair: &mut Pair| notes(pair).iter().filter(|note| note.starts_with("new")).count();
    let before = handled(&mut pair);
    assert!((100..=164).contains(&before), "the burst passes: {before}");
    assert_eq!(hits.get("calls_per_second"), 1);
    // The honest client does not wait.
    pair.on_client(honest, |_, cx| drop(cx.peers().s_say("hello")));
    assert!(notes(&mut pair).contains(&"2: hello".into()));
    pair.advance(Duration::from_secs(3600));
    assert_eq!(handled(&mut pair), 200, "no call is lost");
    assert_eq!((pair.client_error(greedy), pair.client_error(honest)), (None, None));
    // After a pause, the burst is available again.
    pair.on_client(greedy, |_, cx| {
        for number in 0..100 {
            cx.peers().s_new(number);
        }
    });
    assert_eq!((handled(&mut pair), hits.get("calls_per_second")), (300, 1));
}

#[test]
fn rate_of_calls_can_be_unlimited() {
    let mut config = Config::default();
    (config.calls_per_second, config.call_burst) = (0, 1);
    let mut pair = pair_with(config);
    let greedy = join(&mut pair, 1);
    pair.on_client(greedy, |_, cx| {
        for number in 0..500 {
            cx.peers().s_new(number);
        }
    });
    assert_eq!(notes(&mut pair).iter().filter(|note| note.starts_with("new")).count(), 500);
}

#[test]
fn ended_connection_keeps_its_key_until_its_farewell_is_sent() {
    let mut config = Config::default();
    config.connections_per_user = 1;
    let mut pair = pair_with(config);
    let clients: Vec<_> = (0..20).map(|_| join(&mut pair, 1)).collect();
    let (last, replaced) = clients.split_last().unwrap();
    assert!(replaced.iter().all(|client| pair.client_error(*client).is_some()));
    assert_eq!((pair.client_error(*last), pair.server_stats().connections), (None, 1));
}

#[test]
fn queues_of_all_peers_together_are_limited() {
    let mut config = Config::default();
    (config.space_queue_limit, config.hard_limit) = (1_000_000, 10_000_000);
    let hits = config.hits.clone();
    let mut pair = pair_with(config);
    let clients = [1, 2, 3].map(|user| join(&mut pair, user));
    // The same bytes for all peers count once.
    pair.on_server(|_, cx| {
        for _ in 0..9 {
            cx.peers().c_sent(bytes::Bytes::from(vec![7; 100_000]));
        }
    });
    assert_eq!(hits.get("space_queue_limit"), 0);
    pair.on_server(|_, cx| {
        for length in [60_000, 60_000, 60_000, 10_000].into_iter().cycle().take(60) {
            let user = if length == 10_000 { 3 } else { 2 };
            cx.peers().filter(|peer| peer.user.id == user).c_sent(vec![8; length].into());
        }
    });
    assert_eq!(hits.get("space_queue_limit"), 1);
    let reason = "slow consumer (space_queue_limit)";
    assert_eq!(pair.client_error(clients[1]), Some(&Error::PeerBroke(reason.into())));
    assert_eq!((pair.client_error(clients[0]), pair.client_error(clients[2])), (None, None));
}

#[test]
fn prepared_calls_are_the_same_for_every_newcomer() {
    let mut pair = pair(2);
    pair.on_server(|_, cx| {
        let calls = RootClientProxy::proxy(Prepared::default());
        calls.c_sent(vec![7; 10_000].into());
        calls.c_place(5);
        for user in [1, 2] {
            let sent = cx.peers().filter(|peer| peer.user.id == user).send(&calls);
            assert_eq!((sent.reached, sent.ok()), (2, Ok(())));
        }
    });
    for client in 0..2 {
        assert_eq!(received(&mut pair, client), ["10000 bytes", "place 5"]);
    }
}
