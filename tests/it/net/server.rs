//! Authentication limits and shutdown of a server.

use std::{sync::Arc, time::Duration};

use psom::{
    Client, Config, Error, Server, SpaceHandle, Tokens, User, net::ServerLimits,
    wire::auth::Credentials as Written,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::common::{ServerRoot, TIMEOUT, client_root, eventually, fixture, fixture_with};

#[tokio::test]
async fn token_is_valid_once() {
    let fixture = fixture().await;
    let token = fixture.token(1);
    let connect = async || {
        let (client_root, _heard) = client_root();
        let client =
            Client::builder().root(client_root).token(&token).tls(Arc::clone(&fixture.trust));
        client.connect(&fixture.address).await.map(drop)
    };
    assert_eq!(connect().await, Ok(()));
    assert_eq!(connect().await, Err(Error::Refused));
    eventually(async || fixture.server.stats().refused == 1).await;
    assert_eq!(fixture.server.stats().admitted, 1);
}

#[tokio::test(start_paused = true)]
async fn token_expires_after_120_seconds() {
    let tokens = Tokens::new();
    let server = Server::builder()
        .root(ServerRoot::default())
        .authenticator(tokens.clone())
        .start()
        .unwrap();
    for (age, good) in [(119, true), (121, false)] {
        let token = tokens.issue(User::new(1, "Ada"));
        tokio::time::sleep(Duration::from_secs(age)).await;
        let (near, far) = tokio::io::duplex(4096);
        server.accept(far);
        let (client_root, _heard) = client_root();
        let client = Client::builder().root(client_root).token(token).connect_stream(near).await;
        assert_eq!(client.is_ok(), good, "after {age} s");
    }
}

#[tokio::test(start_paused = true)]
async fn client_without_a_token_is_dropped_after_15_seconds() {
    let server =
        Server::builder().root(ServerRoot::default()).authenticator(Tokens::new()).start().unwrap();
    let (mut near, far) = tokio::io::duplex(4096);
    server.accept(far);
    let begin = tokio::time::Instant::now();
    // The client sends half of an authentication and nothing more.
    near.write_all(b"pw2\0\0\0").await.unwrap();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty());
    assert_eq!(begin.elapsed().as_secs(), 15);
    assert_eq!(server.stats().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn server_that_was_suspended_reads_a_token_before_it_gives_up() {
    let tokens = Tokens::new();
    let server = Server::builder().root(ServerRoot::default()).authenticator(tokens.clone());
    let server = server.start().unwrap();
    let (near, far) = tokio::io::duplex(4096);
    server.accept(far);
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(600)).await;
    let (client_root, _heard) = client_root();
    let client = Client::builder().root(client_root).token(tokens.issue(User::new(1, "Ada")));
    assert!(client.connect_stream(near).await.is_ok());
}

#[tokio::test]
async fn malformed_authentication_is_dropped_without_an_answer() {
    let server =
        Server::builder().root(ServerRoot::default()).authenticator(Tokens::new()).start().unwrap();
    let mut long = Vec::new();
    Written { token: "x".repeat(5000), proxy_header: None }.write(&mut long);
    for wrong in [&b"GET / HTTP/1.1\r\n"[..], &[0x16, 0, 0, 0, 2, 0, 1], &long[..12]] {
        let (mut near, far) = tokio::io::duplex(4096);
        server.accept(far);
        near.write_all(wrong).await.unwrap();
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        assert!(answer.is_empty());
    }
}

fn server_with_slots(slots: usize) -> (Server, Tokens) {
    let mut limits = ServerLimits::default();
    limits.unauthenticated = slots;
    let tokens = Tokens::new();
    let builder =
        Server::builder().root(ServerRoot::default()).authenticator(tokens.clone()).limits(limits);
    (builder.start().unwrap(), tokens)
}

#[tokio::test(start_paused = true)]
async fn newcomer_takes_the_slot_of_the_longest_silent_connection() {
    let (server, tokens) = server_with_slots(2);
    let connect = || {
        let (near, far) = tokio::io::duplex(4096);
        server.accept(far);
        near
    };
    let (mut first, mut second, third) = (connect(), connect(), connect());
    let begin = tokio::time::Instant::now();
    assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(begin.elapsed(), Duration::from_millis(500), "the third waits for half a second");
    assert_eq!((server.stats().unauthenticated, server.stats().replaced), (2, 1));
    // Attackers who connect again and again evict each other, and an honest client is admitted.
    for _ in 0..300 {
        connect();
    }
    assert_eq!(second.read(&mut [0]).await.unwrap(), 0);
    drop(third);
    let honest = connect();
    let (client_root, _heard) = client_root();
    let token = tokens.issue(User::new(1, "Ada"));
    let _session =
        Client::builder().root(client_root).token(token).connect_stream(honest).await.unwrap();
    // An authenticated client frees its slot.
    eventually(async || server.stats().unauthenticated <= 1).await;
}

#[tokio::test(start_paused = true)]
async fn clients_who_connect_at_the_same_moment_are_all_admitted() {
    let (server, tokens) = server_with_slots(4);
    let mut clients = tokio::task::JoinSet::new();
    for number in 1..=30 {
        let (near, far) = tokio::io::duplex(4096);
        server.accept(far);
        let token = tokens.issue(User::new(number, "Ada"));
        let (client_root, _heard) = client_root();
        let builder = Client::builder().root(client_root).token(token);
        clients.spawn(builder.connect_stream(near));
    }
    for session in clients.join_all().await {
        session.unwrap();
    }
    assert_eq!((server.stats().admitted, server.stats().replaced), (30, 0));
}

#[tokio::test]
async fn one_address_has_half_of_the_unauthenticated_connections() {
    let (server, _tokens) = server_with_slots(4);
    let connect = |address: &str| {
        let (near, far) = tokio::io::duplex(4096);
        server.accept_from(far, address.parse().unwrap());
        near
    };
    let _other = connect("192.0.2.1");
    let (mut first, _second) = (connect("192.0.2.2"), connect("192.0.2.2"));
    let _third = connect("192.0.2.2");
    assert_eq!(first.read(&mut [0]).await.unwrap(), 0, "replaced by its own address");
    assert_eq!((server.stats().unauthenticated, server.stats().replaced), (3, 1));
    // Two addresses of one IPv6 network count as one; loopback has all slots.
    let (_fourth, _local) = (connect("2001:db8::1"), connect("127.0.0.1"));
    eventually(async || (server.stats().unauthenticated, server.stats().replaced) == (4, 2)).await;
}

#[tokio::test]
async fn shutdown_closes_every_connection_cleanly() {
    let fixture = fixture().await;
    let (ada, _heard) = fixture.join(1).await;
    let (grace, _heard) = fixture.join(2).await;
    fixture.server.shutdown(TIMEOUT).await;
    assert_eq!(ada.ended().await, Error::PeerClosed);
    assert_eq!(grace.ended().await, Error::PeerClosed);
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_hanging_handler() {
    let fixture = fixture().await;
    let (ada, _heard) = fixture.join(1).await;
    let hanging = fixture.space.run(|root, _| Arc::clone(&root.hanging)).await.unwrap();
    ada.root().s_wait_forever().await.unwrap();
    hanging.notified().await;
    fixture.server.shutdown(Duration::from_millis(50)).await;
    assert!(matches!(ada.ended().await, Error::Lost(_)));
}

#[tokio::test]
async fn shutdown_does_not_wait_for_unauthenticated_clients() {
    let server =
        Server::builder().root(ServerRoot::default()).authenticator(Tokens::new()).start().unwrap();
    let (_near, far) = tokio::io::duplex(4096);
    server.accept(far);
    let closing = server.shutdown(Duration::from_secs(100_000));
    tokio::time::timeout(TIMEOUT, closing).await.expect("the shutdown ends");
}

#[tokio::test]
async fn spaces_receive_only_their_own_calls() {
    let (tokens, rooms) =
        (Tokens::new(), [(); 2].map(|()| SpaceHandle::start(ServerRoot::default()).unwrap()));
    let server = Server::builder().authenticator(tokens.clone()).start().unwrap();
    let mut sessions = Vec::new();
    for root in &rooms {
        let admission = psom::Admission::new(User::new(1, "Ada")).to(root.space());
        let (near, far) = tokio::io::duplex(4096);
        server.accept(far);
        let (client_root, received) = client_root();
        let client = Client::builder().root(client_root).token(tokens.issue(admission));
        sessions.push((client.connect_stream(near).await.unwrap(), received));
    }
    sessions[0].0.root().s_say("first root").await.unwrap();
    sessions[1].0.root().s_say("second root").await.unwrap();
    assert_eq!(sessions[0].1.recv().await.unwrap().1, "first root");
    assert_eq!(sessions[1].1.recv().await.unwrap().1, "second root");
}

#[tokio::test]
async fn violation_over_tls_ends_one_connection_with_its_reason() {
    let mut config = Config::default();
    config.record_limit = 100;
    let fixture = fixture_with(config, |builder| builder).await;
    let (ada, _heard) = fixture.join(1).await;
    let (grace, mut received) = fixture.join(2).await;
    let _ = ada.root().s_say(&"x".repeat(200)).await;
    assert_eq!(
        ada.ended().await,
        Error::PeerBroke("a record of 204 bytes is over the limit".into())
    );
    grace.root().s_say("still here").await.unwrap();
    assert_eq!(received.recv().await.unwrap().1, "still here");
}

#[tokio::test]
async fn incomplete_server_builder_names_what_is_missing() {
    let error = Server::builder().root(ServerRoot::default()).start().unwrap_err().to_string();
    assert!(error.contains(".authenticator("), "{error}");
    let builder = Server::builder().root(ServerRoot::default()).authenticator(Tokens::new());
    let error = builder.bind("127.0.0.1:0").await.unwrap_err().to_string();
    assert!(error.contains(".tls("), "{error}");
    let fixture = fixture().await;
    let other = fixture_with(Config::default(), |builder| builder).await;
    let taken = fixture.address.clone();
    let (identity, _) = super::common::certificate("127.0.0.1");
    let builder = Server::builder()
        .root(ServerRoot::default())
        .authenticator(other.tokens.clone())
        .tls(identity);
    let error = builder.bind(taken.as_str()).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on {taken:?}")), "{error}");
}

#[tokio::test]
async fn delayable_calls_arrive_without_later_output() {
    let fixture = fixture().await;
    let (_session, mut received) = fixture.join(1).await;
    eventually(async || fixture.space.stats().await.unwrap().peers == 1).await;
    for text in ["a", "b"] {
        let call = |_: &mut ServerRoot, cx: &mut psom::Context<ServerRoot>| {
            let mut peers = cx.peers();
            peers.allow_delay();
            peers.c_said(0, text);
        };
        fixture.space.run(call).await.unwrap();
    }
    for text in ["a", "b"] {
        assert_eq!(received.recv().await, Some((0, text.to_owned())));
    }
}
