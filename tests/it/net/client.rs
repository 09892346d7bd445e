//! How a client finds its server (section 3.2.3.1.1.1).

use std::sync::Arc;

use psom::{Admission, Authenticator, Client, Credentials, Error, Refused, User, error::Misuse};
use tokio::net::TcpListener;

use super::common::{certificate, ear, world, world_with};

#[tokio::test]
async fn alternative_name_is_verified() {
    let (identity, trust) = certificate("conference.example.com");
    let world = world_with(Default::default(), |builder| builder.tls(identity)).await;
    let connect = async |name: Option<&str>| {
        let (ear, _heard) = ear();
        let client = Client::builder().root(ear).token(world.token(1)).tls(trust.clone());
        let client = match name {
            Some(name) => client.alternative_name(name),
            None => client,
        };
        client.connect(&world.address).await.map(drop)
    };
    assert!(connect(Some("conference.example.com")).await.is_ok());
    assert!(connect(Some("other.example.com")).await.is_err());
    assert!(connect(None).await.is_err(), "the address is not in the certificate");
}

#[tokio::test]
async fn proxies_are_tried_in_random_order() {
    let world = world().await;
    // A listener that is gone: its port answers nobody.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    for _ in 0..8 {
        let (ear, _heard) = ear();
        let client = Client::builder().root(ear).token(world.token(1)).tls(world.trust.clone());
        client.connect_any(&[&gone, &world.address, &gone]).await.unwrap();
    }
    let (ear, _heard) = ear();
    let client = Client::builder().root(ear).token(world.token(1)).tls(world.trust.clone());
    let error = client.connect_any(&[&gone]).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot connect to {gone}")), "{error}");
}

#[tokio::test]
async fn addresses_are_tried_in_random_order() {
    let first = world().await;
    let second = world().await;
    // Which certificate is trusted tells which server was reached.
    let mut reached = [0, 0];
    for _ in 0..64 {
        let (ear, _heard) = ear();
        let client = Client::builder().root(ear).token("none").tls(first.trust.clone());
        match client.connect_any(&[&first.address, &second.address]).await.unwrap_err() {
            Error::Refused => reached[0] += 1,
            _ => reached[1] += 1,
        }
    }
    // The first server is the only one that can refuse the token, and it always does in the end:
    // what counts is that the other one was asked before it.
    assert_eq!(reached[0], 64);
    assert!(second.server.stats().refused > 0, "the second address came first at least once");
}

/// Lets in whoever brings a proxy header and says what it was.
struct Proxied;

impl Authenticator for Proxied {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        let header = credentials.proxy_header.ok_or_else(|| Refused::new("no proxy header"))?;
        Ok(User::new(header.len() as i64, "proxied").into())
    }
}

#[tokio::test]
async fn proxy_header_comes_first() {
    let mut config = psom::Config::default();
    config.proxy_header = true;
    let world = world_with(config, |builder| builder.authenticator(Arc::new(Proxied))).await;
    let (ear, mut heard) = ear();
    let client = Client::builder().root(ear).token("token").tls(world.trust.clone());
    let client = client.proxy_header(b"seven b".to_vec());
    let session = client.connect(&world.address).await.unwrap();
    session.root().s_say("hello").await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), (7, "hello".into()));
}

#[tokio::test]
async fn incomplete_client_builder_names_what_is_missing() {
    let (first, _heard) = ear();
    let error = Client::builder().root(first).connect_stream(tokio::io::duplex(64).0).await;
    let Err(Error::Misuse(Misuse::Builder(text))) = error else { panic!("{error:?}") };
    assert!(text.contains(".token("), "{text}");
    let (second, _heard) = ear();
    let client = Client::builder().root(second).token("two words");
    let error = client.connect_stream(tokio::io::duplex(64).0).await.unwrap_err().to_string();
    assert_eq!(error, "a token is 1 to 4096 printable ASCII characters");
    let (third, _heard) = ear();
    let error = Client::builder().root(third).token("t").connect("nowhere").await.unwrap_err();
    assert_eq!(error.to_string(), "\"nowhere\" has no port; give it as host:port");
}

#[tokio::test]
async fn session_ends_when_dropped_or_closed() {
    let world = world().await;
    let (dropped, _heard) = world.join(1).await;
    let (closed, _heard) = world.join(2).await;
    drop(dropped);
    assert_eq!(closed.close().await, Error::Closed);
    super::common::eventually(async || world.server.stats().connections == 0).await;
    super::common::eventually(async || world.space.stats().await.unwrap().connections == 0).await;
}

#[tokio::test]
async fn awaited_calls_arrive_before_a_close() {
    let world = world().await;
    let (talker, _) = world.join(1).await;
    let (_listener, mut heard) = world.join(2).await;
    for i in 0..1000 {
        talker.root().s_say(&i.to_string()).await.unwrap();
    }
    talker.close().await;
    for i in 0..1000 {
        assert_eq!(heard.recv().await.unwrap().1, i.to_string());
    }
}

#[tokio::test]
async fn call_on_an_ended_connection_is_an_error() {
    let world = world().await;
    let (session, _heard) = world.join(1).await;
    let mut root = session.root();
    world.server.shutdown(super::common::SOON).await;
    assert_eq!(session.ended().await, Error::PeerClosed);
    assert_eq!(root.s_say("anybody?").await, Err(Error::PeerClosed));
}
