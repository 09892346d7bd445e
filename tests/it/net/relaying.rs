//! Relaying clients to another server (section 3.4).

use std::sync::Arc;

use psom::{
    Admission, Authenticator, Client, Config, Credentials, Error, ProxyHeader, Refused, Server,
    Tokens, error::LostReason,
};
use tokio::{
    io::{AsyncWriteExt as _, DuplexStream, duplex},
    sync::Notify,
};

use super::common::{Fixture, client_root, fixture_with};

/// The proxy header that the second server expects, with its length.
const HEADER: &[u8] = b"\0\0\0\x05front";

/// Relays every client to a server, which gets a proxy header.
struct Relaying {
    server: Server,
    gone: Arc<Notify>,
}

impl Authenticator for Relaying {
    async fn authenticate(&self, _: Credentials) -> Result<Admission, Refused> {
        let (mut near, far) = duplex(1 << 16);
        self.server.accept(far);
        near.write_all(HEADER).await.map_err(|error| Refused::new(error.to_string()))?;
        let gone = Arc::clone(&self.gone);
        Ok(Admission::relayed(near, async move { gone.notified().await }))
    }
}

/// Admits clients with the proxy header of the relay.
struct Behind(Tokens);

impl Authenticator for Behind {
    async fn authenticate(&self, credentials: Credentials) -> Result<Admission, Refused> {
        if credentials.proxy_header.as_deref() != Some(&HEADER[4..]) {
            return Err(Refused::new("the proxy header is wrong"));
        }
        self.0.authenticate(credentials).await
    }
}

/// Returns a server, one that relays all of its clients to it, and the signal that the first is gone.
async fn relayed() -> (Fixture, Server, Arc<Notify>) {
    let mut config = Config::default();
    config.proxy_header = ProxyHeader::Optional;
    let back = fixture_with(config.clone(), |builder| builder).await;
    let server = Server::builder()
        .config(config)
        .space(back.space.space())
        .authenticator(Behind(back.tokens.clone()))
        .start()
        .unwrap();
    let gone = Arc::new(Notify::new());
    let relaying = Relaying { server, gone: Arc::clone(&gone) };
    (back, Server::builder().authenticator(relaying).start().unwrap(), gone)
}

fn connect(front: &Server) -> DuplexStream {
    let (near, far) = duplex(1 << 16);
    front.accept(far);
    near
}

#[tokio::test]
async fn relayed_client_takes_part_until_it_closes() {
    let (back, front, _gone) = relayed().await;
    let (root, mut received) = client_root();
    let client = Client::builder().root(root).token(back.token(1));
    let session = client.connect_stream(connect(&front)).await.unwrap();
    // More than the buffer of a direction.
    let text = "hello ".repeat(10_000);
    session.root().s_say(&text).await.unwrap();
    assert_eq!(received.recv().await.unwrap(), (1, text));
    session.close().await;
    front.shutdown(super::common::TIMEOUT).await;
}

#[tokio::test]
async fn relay_ends_when_the_other_server_is_gone() {
    let (back, front, gone) = relayed().await;
    let (root, _received) = client_root();
    let client = Client::builder().root(root).token(back.token(1));
    let session = client.connect_stream(connect(&front)).await.unwrap();
    gone.notify_one();
    assert_eq!(session.ended().await, Error::Lost(LostReason::Eof));
}

#[tokio::test]
async fn refusal_of_the_other_server_closes_the_client() {
    let (_back, front, _gone) = relayed().await;
    let (root, _received) = client_root();
    let client = Client::builder().root(root).token("unknown");
    let refused = client.connect_stream(connect(&front)).await;
    assert_eq!(refused.err(), Some(Error::Refused));
}
