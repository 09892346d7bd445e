//! A hundred clients, one of which stops reading.

use psom::{Client, Config, Server, SpaceHandle, Tokens, User};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::common::{Room, SOON, ear, eventually};

/// Connects by hand, up to the open channel, and then reads nothing more.
async fn connect_and_stall(server: &Server, tokens: &Tokens) -> tokio::io::DuplexStream {
    let (mut near, far) = tokio::io::duplex(4096);
    server.accept(far);
    // A real client's bytes: a scripted client talks to the server until the channel is open.
    let (ear, _heard) = ear();
    let mut script = psom::testing::Script::client(
        Config::default(),
        &tokens.issue(User::new(0, "stalled")),
        |_| ear,
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
    (config.soft_mark, config.hard_mark) = (64 * 1024, 256 * 1024);
    let tokens = Tokens::new();
    let space = SpaceHandle::start_with(config.clone(), [], |_| Room::default()).unwrap();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.config(config).start().unwrap();

    let mut stalled = connect_and_stall(&server, &tokens).await;
    let mut sessions = Vec::new();
    for id in 1..=99 {
        let (near, far) = tokio::io::duplex(64 * 1024);
        server.accept(far);
        let (ear, heard) = ear();
        let token = tokens.issue(User::new(id, "reader"));
        let session = Client::builder().root(ear).token(token).connect_stream(near).await.unwrap();
        sessions.push((session, heard));
    }
    eventually(async || space.stats().await.unwrap().peers == 100).await;

    // As fast as it goes, and far more than the hard mark: the one that does not read is dropped by
    // the rule; for the others the space waits, and they miss nothing.
    let text = "x".repeat(1000);
    for i in 0..2000 {
        sessions[i % 99].0.root().s_say(&text).await.unwrap();
    }
    for (_, heard) in &mut sessions {
        for _ in 0..2000 {
            let heard = tokio::time::timeout(SOON, heard.recv()).await.expect("it is lost");
            assert_eq!(heard.unwrap().1.len(), 1000);
        }
    }
    eventually(async || space.stats().await.unwrap().connections == 99).await;

    // The dropped one finds the reason at the end of what it had not read.
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(SOON, stalled.read_to_end(&mut rest)).await;
    let reason = b"slow consumer";
    assert!(rest.windows(reason.len()).any(|window| window == reason));
}
