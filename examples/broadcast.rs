//! Everybody in a room sees what anybody says (section 1.3 of the specification).
//!
//! ```text
//! cargo run --example broadcast                    # the whole story in one process
//! cargo run --example broadcast serve              # or: a server in one terminal,
//! cargo run --example broadcast join Ada           # and clients in others; type lines
//! PSOM_TRACE=1 cargo run --example broadcast       # every message by name
//! ```

use psom::{
    Client, ClientSession, Context, Server, Tokens, User, distributed_object, psom_interface, tls,
};
use psom_examples::Result;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

/// What clients call on the server.
#[psom_interface(name = "Example.Broadcast", version = 1, hash = 1234567890123456)]
pub trait BroadcastServer {
    /// Says something to the room.
    fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str);
}

/// What the server calls on clients.
#[psom_interface(name = "Example.Broadcast", version = 1, hash = -6543210987654321)]
pub trait BroadcastClient {
    /// Somebody has said something.
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
}

impl BroadcastClient for Screen {
    fn c_receive_broadcast(&mut self, _: &mut Context<Self>, from: i64, text: &str) {
        println!("{}'s screen: user {from} says {text:?}", self.name);
    }
}

const ADDRESS: &str = "127.0.0.1:8057";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => story().await,
        ["serve"] => serve().await,
        ["join", name] => join(name).await,
        _ => {
            eprintln!("Say `serve`, `join NAME`, or nothing at all.");
            Ok(())
        }
    }
}

/// A server and two clients in one process, over TLS on a free port.
async fn story() -> Result<()> {
    let tokens = Tokens::new();
    let (tls, certificate) = psom_examples::certificate()?;
    let server = Server::builder().root(Room).tls(tls).authenticator(tokens.clone());
    let server = server.bind("127.0.0.1:0").await?;
    let address = server.local_addr().map(|address| address.to_string()).unwrap_or_default();

    let ada = enter(&address, &tokens.issue(User::new(1, "Ada")), "Ada", &certificate).await?;
    let grace =
        enter(&address, &tokens.issue(User::new(2, "Grace")), "Grace", &certificate).await?;
    // A client is done before the server has seen its last message; people are slower than that.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    ada.root().s_broadcast("hello").await?;
    grace.root().s_broadcast("good morning").await?;

    // A shutdown closes in good order: what was sent before arrives.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    server.shutdown(std::time::Duration::from_secs(5)).await;
    println!("Ada's session ended: {}", ada.ended().await);
    Ok(())
}

async fn enter(
    address: &str,
    token: &str,
    name: &str,
    certificate: &str,
) -> Result<ClientSession<Screen>> {
    let screen = Screen { name: name.to_owned() };
    let client = Client::builder().root(screen).token(token);
    Ok(client.tls(tls::client(certificate.as_bytes())?).connect(address).await?)
}

/// Serves until it is stopped. Everybody who has a name may come in.
async fn serve() -> Result<()> {
    let (tls, certificate) = psom_examples::certificate()?;
    let file = psom_examples::meeting_file("broadcast");
    std::fs::write(&file, certificate)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    println!("Serving on {ADDRESS}; in other terminals: cargo run --example broadcast join NAME");
    Server::builder().root(Room).tls(tls).authenticator(Doorman).serve(ADDRESS).await?;
    Ok(())
}

/// Lets everybody in under the name that is their token.
struct Doorman;

impl psom::Authenticator for Doorman {
    async fn authenticate(
        &self,
        credentials: psom::Credentials,
    ) -> std::result::Result<psom::Admission, psom::Refused> {
        let name = credentials.token;
        let id = name.bytes().fold(0, |id: i64, byte| id * 31 + i64::from(byte));
        Ok(User::new(id, name).into())
    }
}

/// Joins the server in the other terminal and says what is typed.
async fn join(name: &str) -> Result<()> {
    let file = psom_examples::meeting_file("broadcast");
    let certificate = std::fs::read_to_string(&file)
        .map_err(|_| "start a server first: cargo run --example broadcast serve")?;
    let session = enter(ADDRESS, name, name, &certificate).await?;
    println!("Type lines; an end of file leaves the room.");
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
