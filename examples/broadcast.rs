//! A chat room: the server sends each line to all clients (section 1.3 of the specification).
//!
//! ```text
//! cargo run --example broadcast                    # a server and two clients in one process
//! cargo run --example broadcast serve              # or: a server in one terminal,
//! cargo run --example broadcast join Ada           # and clients in others; type lines
//! PSOM_TRACE=1 cargo run --example broadcast       # prints every message
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints its results")]

use std::sync::Arc;

use psom::{
    Client, ClientSession, Context, Server, Tokens, User, distributed_object, psom_interface, tls,
};
use psom_examples::Result;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, stdin},
    sync::Notify,
};

/// The methods that clients call on the server.
#[psom_interface(name = "Example.Broadcast", version = 1, hash = 1234567890123456)]
pub trait BroadcastServer {
    /// Sends a line to the room.
    fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str);
}

/// The methods that the server calls on clients.
#[psom_interface(name = "Example.Broadcast", version = 1, hash = -6543210987654321)]
pub trait BroadcastClient {
    /// Receives a line from a user.
    fn c_receive_broadcast(&mut self, cx: &mut Context<Self>, from: i64, text: &str);
}

#[distributed_object(serves = BroadcastServer, calls = BroadcastClient)]
struct Room;

impl BroadcastServer for Room {
    fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str) {
        let from = cx.caller().user().id;
        cx.peers().c_receive_broadcast(from, text);
    }
}

#[distributed_object(serves = BroadcastClient, calls = BroadcastServer)]
struct Screen {
    name: String,
    shown: Arc<Notify>,
}

impl BroadcastClient for Screen {
    fn c_receive_broadcast(&mut self, _: &mut Context<Self>, from: i64, text: &str) {
        println!("{}'s screen: user {from} says {text:?}", self.name);
        self.shown.notify_one();
    }
}

const ADDRESS: &str = "127.0.0.1:8057";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => demo().await,
        ["serve"] => serve().await,
        ["join", name] => join(name).await,
        _ => {
            eprintln!("usage: broadcast [serve | join NAME]");
            Ok(())
        }
    }
}

/// Runs a server and two clients in one process, over TLS on a free port.
async fn demo() -> Result<()> {
    let tokens = Tokens::new();
    let (tls, certificate) = psom_examples::certificate()?;
    let server = Server::builder().root(Room).tls(tls).authenticator(tokens.clone());
    let server = server.bind("127.0.0.1:0").await?;
    let address = server.local_addr().map(|address| address.to_string()).unwrap_or_default();

    // Users see their own lines too. Ada's line on her screen shows that she is in the room.
    let (ada, on_ada) =
        enter(&address, &tokens.issue(User::new(1, "Ada")), "Ada", &certificate).await?;
    ada.root().s_broadcast("hello").await?;
    on_ada.notified().await;
    let (grace, on_grace) =
        enter(&address, &tokens.issue(User::new(2, "Grace")), "Grace", &certificate).await?;
    grace.root().s_broadcast("good morning").await?;
    tokio::join!(on_ada.notified(), on_grace.notified());
    server.shutdown(std::time::Duration::from_secs(5)).await;
    println!("Ada's session ended: {}", ada.ended().await);
    Ok(())
}

async fn enter(
    address: &str,
    token: &str,
    name: &str,
    certificate: &str,
) -> Result<(ClientSession<Screen>, Arc<Notify>)> {
    let shown = Arc::default();
    let screen = Screen { name: name.to_owned(), shown: Arc::clone(&shown) };
    let client = Client::builder().root(screen).token(token);
    Ok((client.tls(tls::client(certificate.as_bytes())?).connect(address).await?, shown))
}

/// Runs a server until the process is stopped. Every name is admitted.
async fn serve() -> Result<()> {
    let (tls, certificate) = psom_examples::certificate()?;
    let file = psom_examples::meeting_file("broadcast");
    std::fs::write(&file, certificate)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    println!("Serving on {ADDRESS}; in other terminals: cargo run --example broadcast join NAME");
    Server::builder().root(Room).tls(tls).authenticator(AdmitAll).serve(ADDRESS).await?;
    Ok(())
}

/// Admits every client. The token is the user's name.
struct AdmitAll;

impl psom::Authenticator for AdmitAll {
    async fn authenticate(
        &self,
        credentials: psom::Credentials,
    ) -> std::result::Result<psom::Admission, psom::Refused> {
        let name = credentials.token;
        let id = name.bytes().fold(0, |id: i64, byte| id * 31 + i64::from(byte));
        Ok(User::new(id, name).into())
    }
}

/// Joins the server in the other terminal and sends each line of standard input.
async fn join(name: &str) -> Result<()> {
    let file = psom_examples::meeting_file("broadcast");
    let certificate = std::fs::read_to_string(&file)
        .map_err(|_| "start a server first: cargo run --example broadcast serve")?;
    let (session, _) = enter(ADDRESS, name, name, &certificate).await?;
    println!("Type lines; end of file (Ctrl-D) leaves the room.");
    let mut lines = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line {
                Ok(Some(line)) => session.root().s_broadcast(&line).await?,
                _ => break,
            },
            error = session.ended() => return Err(error.into()),
        }
    }
    session.close().await;
    Ok(())
}
