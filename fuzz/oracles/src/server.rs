//! The inputs of the web server and of the WebSocket listener.

use std::pin::pin;

use psom::net::websocket::WebSocket;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The number of bytes that the parser of forms buffers while it looks for the end of a part's head.
const MAX_HEAD_BYTES: usize = 8 << 10;

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(future)
}

/// Checks that the frames of a client are read to their end or refused, and carry no more bytes
/// than were sent.
pub fn websocket(bytes: &[u8]) {
    block_on(async {
        let (mut near, far) = tokio::io::duplex(bytes.len().max(1));
        near.write_all(bytes).await.expect("the buffer has room");
        near.shutdown().await.expect("a pipe");
        let mut socket = pin!(WebSocket::server(far));
        let (mut buffer, mut total) = ([0; 1024], 0);
        // Reads what the socket answers, so that it is never blocked.
        let answers = async {
            let mut answers = Vec::new();
            let _ = near.read_to_end(&mut answers).await;
        };
        let reading = async {
            while let Ok(count @ 1..) = socket.read(&mut buffer).await {
                total += count;
            }
        };
        tokio::select! { () = reading => {}, () = answers => {} }
        assert!(total <= bytes.len());
    });
}

/// Checks that a form is read or refused, whole and in pieces, with the same result.
pub fn form(bytes: &[u8]) {
    if bytes.len() > MAX_HEAD_BYTES {
        // The limit of a part's head depends on the frames in which it arrives.
        return;
    }
    let whole = psom_server::fuzzing::form(bytes, usize::MAX);
    let pieces = psom_server::fuzzing::form(bytes, 7);
    assert_eq!(whole.is_some(), pieces.is_some());
    if let (Some(whole), Some(pieces)) = (whole, pieces) {
        assert_eq!(whole, pieces);
    }
}

/// Checks that a join link that is read is printed as the same link.
pub fn join_link(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(link) = text.parse::<psom_server::JoinLink>() else { return };
    let printed = link.to_string();
    let again: psom_server::JoinLink = printed.parse().expect("our own link");
    assert_eq!(again.to_string(), printed);
}
