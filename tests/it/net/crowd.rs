//! A hundred clients, one of which does not read.

use psom::{Client, Config, Server, SpaceHandle, Tokens, User};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::common::{ServerRoot, TIMEOUT, client_root, eventually};

/// Connects, opens the channel, and then reads nothing more.
async fn connect_and_stall(server: &Server, tokens: &Tokens) -> tokio::io::DuplexStream {
    let (mut near, far) = tokio::io::duplex(4096);
    server.accept(far);
    // A scripted client produces the bytes until the channel is open.
    let (client_root, _heard) = client_root();
    let mut script = psom::testing::Script::client(
        Config::default(),
        &tokens.issue(User::new(0, "stalled")),
        |_| client_root,
    );
    let mut up = script.take();
    loop {
        near.write_all(&up).await.unwrap();
        if up.first() == Some(&0x37) {
            return near;
        }
        let mut down = vec![0; 4096];
        let count = near.read(&mut down).await.unwrap();
        up = script.send(&down[..count]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peer_that_stops_reading_delays_no_other() {
    let mut config = Config::default();
    (config.soft_limit, config.hard_limit) = (64 * 1024, 256 * 1024);
    let tokens = Tokens::new();
    let space = SpaceHandle::start_with(config.clone(), [], |_| ServerRoot::default()).unwrap();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.config(config).start().unwrap();

    let mut stalled = connect_and_stall(&server, &tokens).await;
    let mut sessions = Vec::new();
    for id in 1..=99 {
        let (near, far) = tokio::io::duplex(64 * 1024);
        server.accept(far);
        let (client_root, received) = client_root();
        let token = tokens.issue(User::new(id, "reader"));
        let session =
            Client::builder().root(client_root).token(token).connect_stream(near).await.unwrap();
        sessions.push((session, received));
    }
    eventually(async || space.stats().await.unwrap().peers == 100).await;

    // The calls exceed the hard limit eight times, so the client that does not read is disconnected as a
    // slow consumer. After each fifth of the hard limit, the test waits until the others have received it: on a
    // busy machine, they can be so slow that the space does not wait for them.
    let text = "x".repeat(1000);
    for _ in 0..40 {
        for (session, _) in sessions.iter().take(50) {
            session.root().s_say(&text).await.unwrap();
        }
        for (_, received) in &mut sessions {
            for _ in 0..50 {
                let received =
                    tokio::time::timeout(TIMEOUT, received.recv()).await.expect("the call arrives");
                assert_eq!(received.unwrap().1.len(), 1000);
            }
        }
    }
    eventually(async || space.stats().await.unwrap().connections == 99).await;

    // The slow client finds the reason at the end of its unread bytes.
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(TIMEOUT, stalled.read_to_end(&mut rest)).await;
    let reason = b"slow consumer (";
    assert!(rest.windows(reason.len()).any(|window| window == reason));
}
