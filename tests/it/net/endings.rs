//! Panics, dropped handles and other abrupt ends.

use std::time::Duration;

use psom::{
    Client, Error, Server, SpaceHandle, Tokens, User,
    error::{CallError, Misuse},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::common::{ServerRoot, TIMEOUT, client_root, eventually, fixture};

#[tokio::test]
async fn panicking_handler_ends_only_its_space() {
    let tokens = Tokens::new();
    let (first, second) =
        [(); 2].map(|()| SpaceHandle::start(ServerRoot::default()).unwrap()).into();
    let server = Server::builder().authenticator(tokens.clone()).start().unwrap();
    let join = async |space: &SpaceHandle<ServerRoot>| {
        let (near, far) = tokio::io::duplex(4096);
        server.accept(far);
        let (client_root, received) = client_root();
        let admission = psom::Admission::new(User::new(1, "Ada")).to(space.space());
        let client = Client::builder().root(client_root).token(tokens.issue(admission));
        (client.connect_stream(near).await.unwrap(), received)
    };
    let (panics, _heard) = join(&first).await;
    let (silent, _heard) = join(&first).await;
    let (other, mut received) = join(&second).await;
    panics.root().s_panic().await.unwrap();
    // An idle client is disconnected as well.
    assert_eq!(silent.ended().await, Error::PeerBroke("internal error".into()));
    assert_eq!(panics.ended().await, Error::PeerBroke("internal error".into()));
    eventually(async || server.stats().connections == 1).await;
    other.root().s_say("still here").await.unwrap();
    assert_eq!(received.recv().await.unwrap().1, "still here");
    assert_eq!(first.stats().await, Err(CallError::Gone));
}

#[tokio::test]
async fn dropping_a_server_drops_its_connections() {
    let fixture = fixture().await;
    let (session, _heard) = fixture.join(1).await;
    drop(fixture.server);
    assert!(matches!(session.ended().await, Error::Lost(_)));
}

#[tokio::test]
async fn cancelled_connect_leaves_no_connection() {
    let space = SpaceHandle::start(ServerRoot::default()).unwrap();
    let tokens = Tokens::new();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.start().unwrap();
    // A transport that drops the server's bytes: the client never receives the signature.
    let (near, mut relay) = tokio::io::duplex(4096);
    let (to_server, far) = tokio::io::duplex(4096);
    server.accept(far);
    let (_from_server, mut to_server) = tokio::io::split(to_server);
    let relaying = tokio::spawn(async move {
        tokio::io::copy(&mut relay, &mut to_server).await?;
        to_server.shutdown().await
    });
    let (client_root, _heard) = client_root();
    let client = Client::builder().root(client_root).token(tokens.issue(User::new(1, "Ada")));
    let joining = client.connect_stream(near);
    let given_up = tokio::time::timeout(Duration::from_millis(20), joining).await;
    assert!(given_up.is_err());
    // The client drops the transport, which ends the relay and the server's connection.
    tokio::time::timeout(TIMEOUT, relaying).await.expect("the relay ends").unwrap().unwrap();
    eventually(async || server.stats().connections == 0).await;
}

#[test]
fn session_dropped_outside_the_runtime_is_closed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (fixture, session) = runtime.block_on(async {
        let fixture = fixture().await;
        let (session, _heard) = fixture.join(1).await;
        (fixture, session)
    });
    drop(session);
    runtime.block_on(eventually(async || fixture.server.stats().connections == 0));
}

#[tokio::test]
async fn panicking_spawned_future_hides_no_other() {
    let space = SpaceHandle::start(ServerRoot::default()).unwrap();
    let (say, received) = tokio::sync::oneshot::channel();
    space
        .run(|_, cx| {
            cx.spawn(async { panic!("a requested panic") }, |_, _, ()| unreachable!());
            cx.spawn(tokio::time::sleep(Duration::from_millis(20)), |_, _, ()| {
                let _ = say.send("done");
            });
        })
        .await
        .unwrap();
    assert_eq!(received.await, Ok("done"));
}

#[tokio::test]
async fn endless_tells_block_no_other_space() {
    fn again(_: &mut ServerRoot, cx: &mut psom::Context<ServerRoot>) {
        let this = cx.handle();
        cx.try_tell(this, again).unwrap();
    }
    let space = SpaceHandle::start(ServerRoot::default()).unwrap();
    space.run(again).await.unwrap();
    assert_eq!(space.stats().await.unwrap().objects, 1);
}

#[tokio::test]
async fn remote_call_that_cannot_be_sent_is_an_error() {
    let fixture = fixture().await;
    let (session, _heard) = fixture.join(1).await;
    let long = session.root().s_say(&"x".repeat(70_000)).await;
    assert_eq!(long, Err(Misuse::StringTooLong(70_000).into()));
}

#[tokio::test]
async fn unreachable_deadlines_are_accepted() {
    let mut config = psom::Config::default();
    config.idle_timeout = Duration::MAX;
    config.authentication_timeout = Duration::MAX;
    config.ping_interval = Duration::MAX;
    let tokens = Tokens::with_lifetime(Duration::MAX);
    let builder = Server::builder().root(ServerRoot::default()).authenticator(tokens.clone());
    let server = builder.config(config.clone()).start().unwrap();
    let (near, far) = tokio::io::duplex(4096);
    server.accept(far);
    let (client_root, mut received) = client_root();
    let client =
        Client::builder().root(client_root).config(config).token(tokens.issue(User::new(1, "A")));
    let session = client.connect_stream(near).await.unwrap();
    session.run(|_, cx| cx.after(Duration::MAX, |_, _| unreachable!())).await.unwrap();
    session.root().s_say("hello").await.unwrap();
    assert_eq!(received.recv().await.unwrap().1, "hello");
}

#[tokio::test]
async fn closed_space_ends_and_refuses_connections() {
    let tokens = Tokens::new();
    let space = SpaceHandle::start(ServerRoot::default()).unwrap();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.start().unwrap();
    // A client that authenticates and sends nothing more.
    let (mut near, far) = tokio::io::duplex(4096);
    server.accept(far);
    let token = tokens.issue(User::new(1, "Ada"));
    let mut credentials = Vec::new();
    psom::Credentials { token, proxy_header: None }.write(&mut credentials);
    near.write_all(&credentials).await.unwrap();
    let mut answer = [0; 4];
    near.read_exact(&mut answer).await.unwrap();
    space.close().await.unwrap();
    let mut rest = Vec::new();
    near.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, [4, 0, 0, 0, 0, 0], "SetChannel 0, Close");
    let (near, far) = tokio::io::duplex(4096);
    server.accept(far);
    let (client_root, _heard) = client_root();
    let client = Client::builder().root(client_root).token(tokens.issue(User::new(2, "Grace")));
    assert_eq!(client.connect_stream(near).await.unwrap_err(), Error::Refused);
}
