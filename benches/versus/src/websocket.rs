//! tungstenite: WebSocket messages over the same TLS.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, accept_async, client_async,
    tungstenite::{Error, Message},
};

use crate::{
    Result,
    raw::median_micros,
    rows::sizes::*,
    tls::{self, Identity},
};

/// The address in the handshake, which the server ignores.
const URL: &str = "ws://127.0.0.1/";

/// Returns a message with a number.
fn message(number: i64) -> Message {
    Message::Binary(Bytes::copy_from_slice(&number.to_be_bytes()))
}

/// Returns the number in a message.
pub fn number(message: &Message) -> Option<i64> {
    match message {
        Message::Binary(bytes) => Some(i64::from_be_bytes(bytes[..].try_into().ok()?)),
        _ => None,
    }
}

pub async fn connect(
    trust: Arc<psom::tls::ClientConfig>,
    address: &str,
) -> Result<WebSocketStream<TlsStream<TcpStream>>> {
    Ok(client_async(URL, tls::connect(trust, address).await?).await?.0)
}

pub async fn ping() -> Result<Vec<f64>> {
    let identity = Identity::new()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let acceptor = TlsAcceptor::from(identity.server()?);
    tokio::spawn(async move {
        let stream = tls::accept(&acceptor, &listener).await?;
        let mut socket = accept_async(stream).await?;
        while let Some(message) = socket.next().await {
            socket.send(message?).await?;
        }
        Result::<()>::Ok(())
    });
    let mut socket = connect(identity.client()?, &address).await?;
    let pinging = tokio::spawn(async move {
        let mut times = Vec::with_capacity(2 * ROUND_TRIPS);
        for sent in 0..2 * ROUND_TRIPS as i64 {
            let begin = Instant::now();
            socket.send(message(sent)).await?;
            let answer = socket.next().await.ok_or(Error::ConnectionClosed)??;
            assert_eq!(number(&answer), Some(sent));
            times.push(begin.elapsed());
        }
        std::result::Result::<_, Error>::Ok(times)
    });
    Ok(vec![median_micros(&pinging.await??)])
}

/// A server that sends the same messages to all its connections.
pub struct Broadcaster {
    pub address: String,
    outputs: Arc<Mutex<Vec<mpsc::UnboundedSender<Turn>>>>,
}

/// A message, and the number of times that it is sent.
type Turn = (Message, usize);

impl Broadcaster {
    pub async fn start(identity: &Identity) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let acceptor = TlsAcceptor::from(identity.server()?);
        let outputs = Arc::new(Mutex::new(Vec::new()));
        let all = outputs.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, all) = (acceptor.clone(), all.clone());
                tokio::spawn(async move {
                    stream.set_nodelay(true)?;
                    let socket = accept_async(acceptor.accept(stream).await?).await?;
                    let (output, turns) = mpsc::unbounded_channel();
                    all.lock().expect("no panic").push(output);
                    serve(socket, turns).await
                });
            }
        });
        Ok(Self { address, outputs })
    }

    pub fn members(&self) -> usize {
        self.outputs.lock().expect("no panic").len()
    }

    pub fn send(&self, messages: usize, number: i64) {
        let message = message(number);
        for output in &*self.outputs.lock().expect("no panic") {
            let _ = output.send((message.clone(), messages));
        }
    }
}

async fn serve(
    mut socket: WebSocketStream<impl AsyncRead + AsyncWrite + Unpin>,
    mut turns: mpsc::UnboundedReceiver<Turn>,
) -> Result<()> {
    loop {
        tokio::select! {
            turn = turns.recv() => {
                let Some((message, count)) = turn else { return Ok(()) };
                for _ in 0..count {
                    socket.feed(message.clone()).await?;
                }
                socket.flush().await?;
            }
            received = socket.next() => drop(received.ok_or(Error::ConnectionClosed)??),
        }
    }
}
