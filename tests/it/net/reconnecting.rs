//! Clients that connect again, and barriers.

use std::{convert::Infallible, sync::Arc, time::Duration};

use psom::{
    Client, Config, Error, Server, User,
    net::{Backoff, ConnectionEvent},
};
use tokio::{sync::mpsc, time::timeout};

use super::common::{ServerRoot, TIMEOUT, certificate, client_root, fixture};

const QUICK: Backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(10));

#[tokio::test]
async fn settled_waits_for_the_answers_of_all_calls() {
    let fixture = fixture().await;
    let (session, mut received) = fixture.join(1).await;
    for number in 0..100 {
        session.root().s_say(&number.to_string()).await.unwrap();
    }
    timeout(TIMEOUT, session.settled()).await.unwrap().unwrap();
    for number in 0..100 {
        assert_eq!(received.try_recv().unwrap(), (1, number.to_string()));
    }
    let stats = fixture.space.stats().await.unwrap();
    assert_eq!((stats.objects, stats.peers), (1, 1), "a barrier leaves nothing behind");
    assert_eq!(session.space().stats().await.unwrap().objects, 1);
}

#[tokio::test]
async fn settled_reports_why_the_connection_has_ended() {
    let fixture = fixture().await;
    let (session, _received) = fixture.join(1).await;
    session.root().s_wait_forever().await.unwrap();
    let settled = session.settled();
    let ended = async {
        fixture.server.shutdown(Duration::ZERO).await;
    };
    let (settled, ()) = tokio::join!(timeout(TIMEOUT, settled), ended);
    assert_eq!(settled.unwrap().unwrap_err(), session.ended().await);
}

#[tokio::test]
async fn client_reconnects_after_an_orderly_shutdown() {
    let fixture = fixture().await;
    let tokens = fixture.tokens.clone();
    let token = async || Ok::<_, Infallible>(tokens.issue(User::new(1, "user 1")));
    // Keeps the receivers of the messages.
    #[expect(clippy::collection_is_never_read, reason = "a dropped receiver would end its client")]
    let mut received = Vec::new();
    let root = |_: &mut psom::Scope| {
        let (root, messages) = client_root();
        received.push(messages);
        root
    };
    let builder = Client::builder().tls(Arc::clone(&fixture.trust)).token_from(token);
    let mut client = builder.reconnect(QUICK, fixture.address.clone(), root);
    let Some(ConnectionEvent::Connected(session)) = client.next().await else { panic!() };
    session.root().s_say("before").await.unwrap();
    session.settled().await.unwrap();

    fixture.server.shutdown(Duration::from_secs(1)).await;
    let lost = timeout(TIMEOUT, client.next()).await.unwrap();
    let Some(ConnectionEvent::Lost { error, .. }) = lost else { panic!("{lost:?}") };
    assert_eq!(error, Error::PeerClosed);
    // Nothing listens now.
    let lost = timeout(TIMEOUT, client.next()).await.unwrap();
    let Some(ConnectionEvent::Lost { error, .. }) = lost else { panic!("{lost:?}") };
    assert!(error.is_transient() && matches!(error, Error::Setup(_)), "{error}");
}

#[tokio::test]
async fn client_gives_up_when_its_tokens_are_refused() {
    let fixture = fixture().await;
    let mut asked = 0;
    let token = async || {
        asked += 1;
        Ok::<_, Infallible>("unknown".to_owned())
    };
    let root = |_: &mut psom::Scope| client_root().0;
    let builder = Client::builder().tls(Arc::clone(&fixture.trust)).token_from(token);
    let mut client = builder.reconnect(QUICK, fixture.address.clone(), root);
    let mut lost = 0;
    loop {
        match timeout(TIMEOUT, client.next()).await.unwrap() {
            Some(ConnectionEvent::Lost { error, .. }) => {
                assert_eq!(error, Error::Refused);
                lost += 1;
            }
            Some(ConnectionEvent::Ended(error)) => {
                assert_eq!(error, Error::Refused);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(client.next().await.is_none());
    drop(client);
    assert_eq!((lost, asked), (2, 3));
}

#[tokio::test]
async fn missing_token_is_tried_again() {
    let token = async || Err::<String, _>("the admission server does not answer");
    let root = |_: &mut psom::Scope| client_root().0;
    let (_, trust) = certificate("127.0.0.1");
    let builder = Client::builder().tls(trust).config(Config::default()).token_from(token);
    let mut client = builder.reconnect(QUICK, "127.0.0.1:1", root);
    for _ in 0..3 {
        let lost = client.next().await;
        let Some(ConnectionEvent::Lost { error, delay }) = lost else { panic!("{lost:?}") };
        assert!(error.to_string().contains("does not answer"), "{error}");
        assert!(delay <= Duration::from_millis(10));
    }
}

#[tokio::test]
async fn server_reports_its_address_and_ends_with_the_signal() {
    let (identity, trust) = certificate("127.0.0.1");
    let tokens = psom::Tokens::new();
    let (report, mut reported) = mpsc::unbounded_channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let builder = Server::builder().root(ServerRoot::default()).tls(identity);
    let builder = builder.authenticator(tokens.clone());
    let builder = builder.on_listening(move |address| report.send(address).unwrap());
    let serving = tokio::spawn(builder.serve_until("127.0.0.1:0", stopped));
    let address = reported.recv().await.unwrap().to_string();
    let client = Client::builder().root(client_root().0).tls(trust);
    let token = tokens.issue(User::new(1, "user 1"));
    let session = client.token(token).connect(&address).await.unwrap();
    session.settled().await.unwrap();
    stop.send(()).unwrap();
    assert_eq!(timeout(TIMEOUT, session.ended()).await.unwrap(), Error::PeerClosed);
    timeout(TIMEOUT, serving).await.unwrap().unwrap().unwrap();
}
