//! A client's choice of an address (section 3.2.3.1.1.1), and the end of its session.

use std::sync::Arc;

use psom::{
    Admission, Authenticator, Client, Credentials, Error, ProxyHeader, Refused, User, error::Misuse,
};
use tokio::net::TcpListener;

use super::common::{certificate, client_root, fixture, fixture_with};

#[tokio::test]
async fn alternative_name_is_verified() {
    let (identity, trust) = certificate("conference.example.com");
    let fixture = fixture_with(Default::default(), |builder| builder.tls(identity)).await;
    let connect = async |name: Option<&str>| {
        let (client_root, _heard) = client_root();
        let client =
            Client::builder().root(client_root).token(fixture.token(1)).tls(Arc::clone(&trust));
        let client = match name {
            Some(name) => client.alternative_name(name),
            None => client,
        };
        client.connect(&fixture.address).await.map(drop)
    };
    assert!(connect(Some("conference.example.com")).await.is_ok());
    assert!(connect(Some("other.example.com")).await.is_err());
    assert!(connect(None).await.is_err(), "the address is not in the certificate");
}

#[tokio::test]
async fn proxies_are_tried_in_random_order() {
    let fixture = fixture().await;
    // The port of a closed listener refuses connections.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    for _ in 0..8 {
        let (client_root, _heard) = client_root();
        let client = Client::builder()
            .root(client_root)
            .token(fixture.token(1))
            .tls(Arc::clone(&fixture.trust));
        client.connect_any(&[&gone, &fixture.address, &gone]).await.unwrap();
    }
    let (client_root, _heard) = client_root();
    let client =
        Client::builder().root(client_root).token(fixture.token(1)).tls(Arc::clone(&fixture.trust));
    let error = client.connect_any(&[&gone]).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot connect to {gone}")), "{error}");
}

#[tokio::test]
async fn addresses_are_tried_in_random_order() {
    let first = fixture().await;
    let second = fixture().await;
    // The trusted certificate shows which server was reached.
    let mut reached = [0, 0];
    for _ in 0..64 {
        let (client_root, _heard) = client_root();
        let client =
            Client::builder().root(client_root).token("none").tls(Arc::clone(&first.trust));
        match client.connect_any(&[&first.address, &second.address]).await.unwrap_err() {
            Error::Refused => reached[0] += 1,
            _ => reached[1] += 1,
        }
    }
    // Only the first server can refuse the token, and it always does in the end. The test requires
    // that the other server is tried before it at least once.
    assert_eq!(reached[0], 64);
    assert!(second.server.stats().refused > 0, "the second address is tried first at least once");
}

/// Admits clients with a proxy header and puts the header into the user's name.
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
    config.proxy_header = ProxyHeader::Always;
    let fixture = fixture_with(config, |builder| builder.authenticator(Arc::new(Proxied))).await;
    let (client_root, mut received) = client_root();
    let client = Client::builder().root(client_root).token("token").tls(Arc::clone(&fixture.trust));
    let client = client.proxy_header(b"seven b".to_vec());
    let session = client.connect(&fixture.address).await.unwrap();
    session.root().s_say("hello").await.unwrap();
    assert_eq!(received.recv().await.unwrap(), (7, "hello".into()));
}

#[tokio::test]
async fn incomplete_client_builder_names_what_is_missing() {
    let (first, _heard) = client_root();
    let error = Client::builder().root(first).connect_stream(tokio::io::duplex(64).0).await;
    let Err(Error::Misuse(Misuse::Builder(text))) = error else { panic!("{error:?}") };
    assert!(text.contains(".token("), "{text}");
    let (second, _heard) = client_root();
    let client = Client::builder().root(second).token("two words");
    let error = client.connect_stream(tokio::io::duplex(64).0).await.unwrap_err().to_string();
    assert_eq!(error, "a token is 1 to 4096 printable ASCII characters");
    let (third, _heard) = client_root();
    let error = Client::builder().root(third).token("t").connect("nowhere").await.unwrap_err();
    assert_eq!(error.to_string(), "\"nowhere\" has no port; give it as host:port");
}

#[tokio::test]
async fn session_ends_when_dropped_or_closed() {
    let fixture = fixture().await;
    let (dropped, _heard) = fixture.join(1).await;
    let (closed, _heard) = fixture.join(2).await;
    drop(dropped);
    assert_eq!(closed.close().await, Error::Closed);
    super::common::eventually(async || fixture.server.stats().connections == 0).await;
    super::common::eventually(async || fixture.space.stats().await.unwrap().connections == 0).await;
}

#[tokio::test]
async fn awaited_calls_arrive_before_a_close() {
    let fixture = fixture().await;
    let (talker, _) = fixture.join(1).await;
    let (_listener, mut received) = fixture.join(2).await;
    for i in 0..1000 {
        talker.root().s_say(&i.to_string()).await.unwrap();
    }
    talker.close().await;
    for i in 0..1000 {
        assert_eq!(received.recv().await.unwrap().1, i.to_string());
    }
}

#[tokio::test]
async fn call_on_an_ended_connection_is_an_error() {
    let fixture = fixture().await;
    let (session, _heard) = fixture.join(1).await;
    let root = session.root();
    fixture.server.shutdown(super::common::TIMEOUT).await;
    assert_eq!(session.ended().await, Error::PeerClosed);
    assert_eq!(root.s_say("anybody?").await, Err(Error::PeerClosed));
}
