#![allow(clippy::cast_possible_truncation, clippy::unwrap_used, reason = "tests")]

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::{Proxy, ProxyLimits, ProxyOptions, run};
use crate::{
    StartError,
    testing::{Directory, eventually},
    tls::{ALTERNATIVE_NAME, Identity},
};

/// A proxy in front of a listener that the test controls.
struct World {
    proxy: Proxy,
    upstream: TcpListener,
    identity: Identity,
}

type Client = client::TlsStream<TcpStream>;
type Server = server::TlsStream<TcpStream>;

impl World {
    async fn new(limits: ProxyLimits) -> Self {
        let directory = Directory::new();
        let identity = Identity::open(&directory, &[]).unwrap();
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = upstream.local_addr().unwrap().to_string();
        let (tls, trust) = (Arc::clone(&identity.server), Arc::clone(&identity.client));
        let options = ProxyOptions::new("127.0.0.1:0", address, "secret", tls, trust);
        let proxy = run(ProxyOptions { limits, ..options }).await.unwrap();
        Self { proxy, upstream, identity }
    }

    async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.proxy.local_addr()).await.unwrap();
        let name = ALTERNATIVE_NAME.try_into().unwrap();
        TlsConnector::from(Arc::clone(&self.identity.client)).connect(name, stream).await.unwrap()
    }

    async fn accept(&self) -> Server {
        let (stream, _) = self.upstream.accept().await.unwrap();
        TlsAcceptor::from(Arc::clone(&self.identity.server)).accept(stream).await.unwrap()
    }

    /// Returns both ends of a relayed connection.
    async fn relayed(&self) -> (Client, Server) {
        let mut client = self.connect().await;
        client.write_all(b"\0\0\0\x06secret").await.unwrap();
        (client, self.accept().await)
    }
}

async fn all(reader: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn bytes_are_relayed_unchanged_and_directions_end_separately() {
    let world = World::new(ProxyLimits::default()).await;
    let mut client = world.connect().await;
    // Bytes in the same record as the header are relayed as well.
    client.write_all(b"\0\0\0\x06secretpw2\0").await.unwrap();
    let mut server = world.accept().await;
    let mut first = [0; 4];
    server.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"pw2\0");

    let large: Vec<u8> = (0..1_000_000u32).map(|i| (i * 7) as u8).collect();
    let (sent, received) = tokio::join!(client.write_all(&large), async {
        let mut bytes = vec![0; large.len()];
        server.read_exact(&mut bytes).await.map(|_| bytes)
    });
    sent.unwrap();
    assert!(received.unwrap() == large);

    // The client has ended its direction, and the server still sends.
    client.shutdown().await.unwrap();
    assert_eq!(all(&mut server).await, b"");
    server.write_all(b"and more").await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(all(&mut client).await, b"and more");
    eventually(|| world.proxy.connections() == 0).await;
}

#[tokio::test]
async fn wrong_header_gets_no_answer() {
    let world = World::new(ProxyLimits::default()).await;
    let headers: [&[u8]; 6] = [
        b"\0\0\0\x06secreT",
        b"\0\0\0\x05secre",
        b"\0\0\0\x07secrets",
        b"\0\0\0\0",
        b"\0\0\x10\x01",
        // The signature of a client without a proxy header is read as a length.
        b"pw2\0\0\0\0\0\0\0\0\x04abcd",
    ];
    for header in headers {
        let mut client = world.connect().await;
        client.write_all(header).await.unwrap();
        // The connection is closed or reset, in no case with an answer.
        let mut bytes = Vec::new();
        let _ = client.read_to_end(&mut bytes).await;
        assert_eq!(bytes, b"");
    }
    // A client that disconnects inside the header.
    let mut client = world.connect().await;
    client.write_all(b"\0\0\0\x06sec").await.unwrap();
    drop(client);
    eventually(|| world.proxy.connections() == 0).await;
    // None of these clients has reached the server. This one is the first.
    let (mut client, mut server) = world.relayed().await;
    client.write_all(b"x").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(all(&mut server).await, b"x");
}

#[tokio::test]
async fn late_header_is_refused() {
    let limits = ProxyLimits { header: Duration::ZERO, ..ProxyLimits::default() };
    let world = World::new(limits).await;
    let mut client = world.connect().await;
    assert_eq!(all(&mut client).await, b"");
}

#[tokio::test]
async fn unreachable_server_closes_the_client() {
    let world = World::new(ProxyLimits::default()).await;
    let World { proxy, upstream, identity } = world;
    drop(upstream);
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = World { proxy, upstream, identity };
    let mut client = world.connect().await;
    client.write_all(b"\0\0\0\x06secret").await.unwrap();
    assert_eq!(all(&mut client).await, b"");
}

#[tokio::test]
async fn connections_are_limited() {
    let limits = ProxyLimits { connections: 1, ..ProxyLimits::default() };
    let world = World::new(limits).await;
    let (client, server) = world.relayed().await;
    let mut refused = TcpStream::connect(world.proxy.local_addr()).await.unwrap();
    assert_eq!(all(&mut refused).await, b"", "dropped before TLS");
    drop((client, server));
    eventually(|| world.proxy.connections() == 0).await;
    world.relayed().await;
}

#[tokio::test]
async fn shutdown_ends_both_sides_without_waiting() {
    let world = World::new(ProxyLimits::default()).await;
    let (mut client, mut server) = world.relayed().await;
    let _silent = TcpStream::connect(world.proxy.local_addr()).await.unwrap();
    let _waiting = world.connect().await;
    world.proxy.shutdown(Duration::from_secs(60)).await;
    assert_eq!((all(&mut client).await, all(&mut server).await), (vec![], vec![]));
}

#[tokio::test]
async fn invalid_options_are_refused() {
    let directory = Directory::new();
    let identity = Identity::open(&directory, &[]).unwrap();
    let options = |listen: &str, upstream: &str, header: &[u8]| {
        let (tls, trust) = (Arc::clone(&identity.server), Arc::clone(&identity.client));
        ProxyOptions::new(listen, upstream, header, tls, trust)
    };
    let refused = async |options| run(options).await.unwrap_err();
    let good = "127.0.0.1:0";
    for header in [&[][..], &[0; 4097]] {
        assert!(matches!(refused(options(good, good, header)).await, StartError::ProxyHeader(_)));
    }
    for options in [options("here", good, b"a"), options(good, "there", b"a")] {
        assert!(matches!(refused(options).await, StartError::Address { .. }));
    }
    let taken = TcpListener::bind(good).await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    assert!(matches!(refused(options(&taken, good, b"a")).await, StartError::Listen { .. }));
}
