//! PSOM over WebSocket: the frame layer, the handshake, and the limits behind it.

use std::time::Duration;

use psom::{
    Client, Error, Server, Tokens, User,
    net::websocket::{Origins, WebSocketOptions, connect},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream},
    net::TcpStream,
};

use super::common::{ServerRoot, TIMEOUT, certificate, client_root, eventually};
use crate::session::{common, cutting};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Encodes a final frame as a client sends it.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [7u8, 77, 177, 17];
    let mut out = vec![0x80 | opcode];
    match payload.len() {
        length @ 0..126 => out.push(0x80 | length as u8),
        length @ 126..65_536 => {
            out.push(0x80 | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// Reads the frames that a server sends until its stream ends: the payload of binary frames, and the
/// opcode and payload of the others.
async fn read_frames(stream: &mut (impl AsyncRead + Unpin)) -> (Vec<u8>, Vec<(u8, Vec<u8>)>) {
    let (mut bytes, mut others) = (Vec::new(), Vec::new());
    while let Ok(head) = stream.read_u8().await {
        let length = match stream.read_u8().await.unwrap() {
            126 => stream.read_u16().await.unwrap().into(),
            127 => stream.read_u64().await.unwrap() as usize,
            length => length.into(),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        match head & 15 {
            BINARY => bytes.extend(payload),
            opcode => others.push((opcode, payload)),
        }
    }
    (bytes, others)
}

fn handshake(headers: &str) -> String {
    format!(
        "GET /psom HTTP/1.1\r\nhost: localhost:80\r\nconnection: keep-alive, Upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n"
    )
}

const OFFER: &str = "sec-websocket-protocol: v1.psom\r\n";

/// Sends a handshake and returns the status and the head of the response.
async fn request(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str) -> (u16, String) {
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        response.push(stream.read_u8().await.unwrap());
    }
    let response = String::from_utf8(response).unwrap();
    (response[9..12].parse().unwrap(), response)
}

fn server() -> (Server, Tokens) {
    let tokens = Tokens::new();
    let builder = Server::builder().root(ServerRoot::default()).authenticator(tokens.clone());
    (builder.start().unwrap(), tokens)
}

/// Returns a server that accepts every token, with one WebSocket connection after the handshake.
async fn byte_server() -> (Server, DuplexStream) {
    struct Everybody;
    impl psom::net::Authenticator for Everybody {
        async fn authenticate(
            &self,
            _: psom::Credentials,
        ) -> Result<psom::net::Admission, psom::net::Refused> {
            Ok(User::new(1, "Ada").into())
        }
    }
    let builder = Server::builder().root_with(common::ServerRoot::new).authenticator(Everybody);
    let server = builder.start().unwrap();
    let (near, far) = tokio::io::duplex(1 << 20);
    server.accept(psom::net::websocket::WebSocket::server(far));
    (server, near)
}

/// Returns the close code that a client gets, and checks that the connection ends with it.
async fn close_code(near: &mut DuplexStream) -> u16 {
    let (_, others) = tokio::time::timeout(TIMEOUT, read_frames(near)).await.unwrap();
    let (opcode, payload) = others.last().expect("a close frame");
    assert_eq!(*opcode, CLOSE);
    u16::from_be_bytes(payload[..2].try_into().unwrap())
}

#[tokio::test]
async fn clients_talk_over_websocket() {
    let (server, tokens) = server();
    let options = WebSocketOptions::default();
    let address = server.listen_websocket("127.0.0.1:0", options).await.unwrap();
    let join = async |id| {
        let stream = TcpStream::connect(address).await.unwrap();
        let socket = connect(stream, &format!("ws://{address}/psom")).await.unwrap();
        let (root, heard) = client_root();
        let builder = Client::builder().root(root).token(tokens.issue(User::new(id, "user")));
        (builder.connect_stream(socket).await.unwrap(), heard)
    };
    let (ada, mut heard) = join(1).await;
    let (grace, _heard) = join(2).await;
    // Longer than the largest frame that is sent.
    let text = "x".repeat(60_000);
    grace.root().s_say(&text).await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), (2, text));
    assert_eq!(grace.close().await, Error::Closed);
    server.shutdown(TIMEOUT).await;
    assert_eq!(ada.ended().await, Error::PeerClosed);
}

#[tokio::test]
async fn websocket_uses_the_tls_of_the_server() {
    let (identity, trust) = certificate("127.0.0.1");
    let tokens = Tokens::new();
    let builder = Server::builder().root(ServerRoot::default()).authenticator(tokens.clone());
    let server = builder.tls(identity).start().unwrap();
    let options = WebSocketOptions::default();
    let address = server.listen_websocket("127.0.0.1:0", options).await.unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let tls = tokio_rustls::TlsConnector::from(trust).connect(name, tcp).await.unwrap();
    let socket = connect(tls, &format!("wss://{address}/psom")).await.unwrap();
    let builder = Client::builder().root(client_root().0).token(tokens.issue(User::new(1, "Ada")));
    assert!(builder.connect_stream(socket).await.is_ok());
}

#[tokio::test]
async fn server_without_tls_listens_for_websocket_on_loopback_only() {
    let (server, _) = server();
    let listening = server.listen_websocket("0.0.0.0:0", WebSocketOptions::default()).await;
    assert!(listening.unwrap_err().to_string().contains("loopback"));
}

#[tokio::test]
async fn answers_are_the_same_over_frames_of_any_size() {
    let bytes = cutting::conversation();
    let mut expected = None;
    for size in [1, 2, 3, 7, 64, 1000, bytes.len()] {
        let (_server, mut near) = byte_server().await;
        for piece in bytes.chunks(size) {
            // Control frames between the frames change nothing.
            near.write_all(&frame(PING, b"")).await.unwrap();
            near.write_all(&frame(BINARY, piece)).await.unwrap();
        }
        let (answer, _) = tokio::time::timeout(TIMEOUT, read_frames(&mut near)).await.unwrap();
        let expected: &mut Vec<u8> = expected.get_or_insert_with(|| answer.clone());
        assert_eq!(&answer, expected, "frames of {size} bytes");
    }
    let mut script = psom::testing::Script::server(Default::default(), common::ServerRoot::new);
    assert_eq!(expected.unwrap(), script.send(&bytes), "as over any other transport");
}

#[tokio::test]
async fn fragments_of_one_message_are_accepted() {
    let (_server, mut near) = byte_server().await;
    let bytes = cutting::conversation();
    let (first, second) = bytes.split_at(9);
    let mut fragment = frame(BINARY, first);
    fragment[0] &= 0x7f;
    near.write_all(&fragment).await.unwrap();
    near.write_all(&frame(0, second)).await.unwrap();
    let (answer, _) = tokio::time::timeout(TIMEOUT, read_frames(&mut near)).await.unwrap();
    assert!(answer.starts_with(b"pw2"));
}

#[tokio::test]
async fn handshake_names_the_sub_protocol_and_nothing_else() {
    let (server, _) = server();
    let address =
        server.listen_websocket("127.0.0.1:0", WebSocketOptions::default()).await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let offer = "sec-websocket-protocol: other, v1.psom, v2.psom\r\n\
                 sec-websocket-extensions: permessage-deflate\r\n";
    let (status, head) = request(&mut stream, &handshake(offer)).await;
    assert_eq!(status, 101);
    let head = head.to_ascii_lowercase();
    assert!(head.contains("\r\nsec-websocket-protocol: v1.psom\r\n"), "{head}");
    assert!(!head.contains("extensions"), "{head}");
}

#[tokio::test]
async fn wrong_handshakes_are_refused_with_a_status() {
    let (server, _) = server();
    let options = WebSocketOptions::default();
    let address = server.listen_websocket("127.0.0.1:0", options).await.unwrap();
    let plain = "GET /psom HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned();
    let wrong = "sec-websocket-protocol: v1.psom.evil, V1.PSOM\r\n";
    let cases = [
        (400, handshake("")),
        (400, handshake(wrong)),
        (400, plain),
        (400, handshake(OFFER).replace("version: 13", "version: 8")),
        (404, handshake(OFFER).replace("/psom", "/other")),
        (403, handshake(&format!("{OFFER}origin: https://evil.example\r\n"))),
    ];
    for (expected, head) in cases {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (status, response) = request(&mut stream, &head).await;
        assert_eq!(status, expected, "{head}{response}");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.len() > 10 && text.ends_with('\n'), "{text}");
    }
    eventually(async || server.stats().refused == 6).await;
    // A head without an end is dropped when it is too long.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(&vec![b'x'; 20_000]).await;
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn pages_of_the_same_host_and_of_listed_origins_may_connect() {
    let (server, _) = server();
    let mut options = WebSocketOptions::default();
    options.origins = Origins::default().and("https://Friend.example/");
    let address = server.listen_websocket("127.0.0.1:0", options).await.unwrap();
    let cases = [
        ("", 101),
        ("origin: http://localhost:80\r\n", 101),
        ("origin: https://LOCALHOST:80\r\n", 101),
        ("origin: https://friend.example\r\n", 101),
        ("origin: http://friend.example\r\n", 403),
        ("origin: http://localhost\r\n", 403),
        ("origin: http://localhost:80.evil.example\r\n", 403),
        ("origin: null\r\n", 403),
        ("origin: http://localhost:80\r\norigin: http://evil.example\r\n", 403),
    ];
    for (origin, expected) in cases {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (status, _) = request(&mut stream, &handshake(&format!("{OFFER}{origin}"))).await;
        assert_eq!(status, expected, "{origin}");
    }
}

#[tokio::test]
async fn text_frame_closes_with_1003() {
    for payload in [&b"text"[..], &[0xff, 0xfe]] {
        let (_server, mut near) = byte_server().await;
        near.write_all(&frame(TEXT, payload)).await.unwrap();
        assert_eq!(close_code(&mut near).await, 1003);
    }
}

#[tokio::test]
async fn broken_frame_rules_close_with_1002() {
    let mut unmasked = frame(BINARY, b"x");
    unmasked[1] &= 0x7f;
    let mut compressed = frame(BINARY, b"x");
    compressed[0] |= 0x40;
    for wrong in [unmasked, compressed, frame(3, b"x"), frame(PING, &[0; 126])] {
        let (_server, mut near) = byte_server().await;
        near.write_all(&wrong).await.unwrap();
        assert_eq!(close_code(&mut near).await, 1002);
    }
}

#[tokio::test]
async fn frames_are_limited_to_8_kib_before_authentication() {
    let (_server, mut near) = byte_server().await;
    // The head alone is enough: nothing is allocated for the rest.
    near.write_all(&frame(BINARY, &[0; 8 * 1024 + 1])[..8]).await.unwrap();
    assert_eq!(close_code(&mut near).await, 1009);
}

#[tokio::test]
async fn frames_are_limited_to_1_mib_after_authentication() {
    for (size, is_accepted) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let (_server, mut near) = byte_server().await;
        near.write_all(&frame(BINARY, &common::auth())).await.unwrap();
        let mut answer = [0; 4];
        near.read_exact(&mut answer).await.unwrap();
        // The frame is valid, although the records in it are not.
        let _ = near.write_all(&frame(BINARY, &vec![0xff; size])).await;
        let code = close_code(&mut near).await;
        assert_eq!(code == 1000, is_accepted, "{size} bytes: {code}");
        assert!(is_accepted || code == 1009);
    }
}

#[tokio::test(start_paused = true)]
async fn control_frames_do_not_extend_the_token_timeout() {
    let (server, mut near) = byte_server().await;
    let begin = tokio::time::Instant::now();
    // Half of the credentials, and then pings.
    near.write_all(&frame(BINARY, &common::auth()[..6])).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(near);
    let pinging = async {
        loop {
            if writer.write_all(&frame(PING, b"here")).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let (bytes, others) = tokio::select! {
        frames = read_frames(&mut reader) => frames,
        () = pinging => unreachable!(),
    };
    assert_eq!(begin.elapsed().as_secs(), 15);
    assert!(bytes.is_empty());
    assert!(others.iter().any(|(opcode, payload)| *opcode == PONG && payload == b"here"));
    assert_eq!(others.last().map(|(opcode, _)| *opcode), Some(CLOSE));
    assert_eq!(server.stats().refused, 1);
}

#[tokio::test]
async fn close_frame_of_the_client_ends_the_connection() {
    let (server, mut near) = byte_server().await;
    near.write_all(&frame(CLOSE, &1000u16.to_be_bytes())).await.unwrap();
    assert_eq!(close_code(&mut near).await, 1000);
    eventually(async || server.stats().connections == 0).await;
}

#[tokio::test]
async fn newcomer_takes_the_slot_of_an_unfinished_handshake() {
    let mut limits = psom::net::ServerLimits::default();
    limits.unauthenticated = 1;
    let builder = Server::builder().root(ServerRoot::default()).authenticator(Tokens::new());
    let server = builder.limits(limits).start().unwrap();
    let options = WebSocketOptions::default();
    let address = server.listen_websocket("127.0.0.1:0", options).await.unwrap();
    let mut first = TcpStream::connect(address).await.unwrap();
    eventually(async || server.stats().unauthenticated == 1).await;
    let _second = TcpStream::connect(address).await.unwrap();
    assert_eq!(first.read(&mut [0]).await.unwrap_or(0), 0, "dropped for the second");
    assert_eq!((server.stats().unauthenticated, server.stats().replaced), (1, 1));
}

#[tokio::test]
async fn client_does_not_accept_another_sub_protocol() {
    let (near, mut far) = tokio::io::duplex(4096);
    let connecting = connect(near, "ws://localhost/psom");
    let answering = async {
        let mut head = [0; 16];
        far.read_exact(&mut head).await.unwrap();
        far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    };
    let (socket, ()) = tokio::join!(connecting, answering);
    assert!(socket.unwrap_err().to_string().contains("400"));
    let (near, _far) = tokio::io::duplex(4096);
    assert!(connect(near, "/psom").await.is_err(), "no host");
}
