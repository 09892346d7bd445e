//! The room of the example `broadcast`, in a browser: WebSocket within an axum router, and on an
//! address of its own.
//!
//! ```text
//! cargo run --example browser            # a server and two clients over WebSocket in one process
//! cargo run --example browser serve      # open the printed address in two windows
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use psom::{
    Client, ClientSession, Context, Interface as _, Server, Tokens, User, distributed_object,
    interface::{Connected, Definition},
    net::websocket::{self, Origins, WebSocketOptions},
    psom_interface,
};
use psom_examples::Result;
use psom_inspect::idl::Bindings;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// The methods that clients call on the server.
#[psom_interface(name = "Example.Room", version = 1, hash = 81)]
pub trait RoomServer {
    /// Says something to the room.
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
}

/// The methods that the server calls on clients.
#[psom_interface(name = "Example.Room", version = 1, hash = 82)]
pub trait RoomClient {
    /// Announces what a member of the room has said.
    fn c_said(&mut self, cx: &mut Context<Self>, from: i64, text: &str);
}

#[distributed_object(serves = RoomServer, calls = RoomClient)]
struct Room;

impl RoomServer for Room {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        let from = cx.caller().user().id;
        cx.peers().c_said(from, text);
    }
}

const PAGE: &str = r#"<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Room</title>
<form><label>Say <input id="text" autocomplete="off"></label></form><pre id="log"></pre>
<script type="module" src="/room.js"></script></html>"#;

/// The room in ten lines.
const SCRIPT: &str = r"import { Connection } from '/app/index.js';
import { Room } from '/interfaces.js';
const [form, text, log] = ['form', '#text', '#log'].map((name) => document.querySelector(name));
const root = () => Room.implement({ cSaid: (from, said) => log.append(`user ${from}: ${said}\n`) });
const token = async () => (await fetch('/token')).text();
const room = new Connection({ server: `ws://${location.host}/psom`, token, root });
form.addEventListener('submit', (event) => {
  event.preventDefault();
  room.root?.server.sSay(text.value);
  room.flush();
});
";

/// The state of the web server: the room, and its tokens.
struct Web {
    server: Arc<Server>,
    tokens: Tokens,
    users: std::sync::atomic::AtomicI64,
}

fn router(web: Arc<Web>) -> Router {
    let script = |text: String| ([(header::CONTENT_TYPE, "text/javascript")], text);
    Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/room.js", get(async move || script(SCRIPT.into())))
        .route("/interfaces.js", get(async move || script(interfaces())))
        .route("/app/{file}", get(library))
        .route("/token", get(token))
        .route("/psom", get(connect))
        .with_state(web)
}

/// Accepts a WebSocket of the room within the router.
async fn connect(State(web): State<Arc<Web>>, request: Request) -> Response<String> {
    let server = Arc::clone(&web.server);
    websocket::upgrade(request, &Origins::default(), move |socket| server.accept(socket))
}

/// Returns a token. Every visitor is a new user; a real server asks who they are.
async fn token(State(web): State<Arc<Web>>) -> String {
    let id = web.users.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    web.tokens.issue(User::new(id, format!("user {id}")))
}

/// Returns the interfaces as an ES module, as `psom idl --javascript` prints it.
fn interfaces() -> String {
    let room = Definition {
        title: "Room",
        server: RoomServerProxy::<()>::DESC,
        client: RoomClientProxy::<()>::DESC,
        children: &[],
        connected: Connected::Root,
    };
    Bindings::from_definitions(&[room]).map(|it| it.javascript("/app")).unwrap_or_default()
}

/// Returns the files of psom-js.
async fn library(Path(file): Path<String>) -> Response {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../psom-js");
    let is_plain = file.ends_with(".js") && !file.contains(['/', '\\']);
    match is_plain.then(|| std::fs::read_to_string(folder.join(file))) {
        Some(Ok(text)) => ([(header::CONTENT_TYPE, "text/javascript")], text).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A client in Rust, which prints the lines that it receives.
#[distributed_object(serves = RoomClient, calls = RoomServer)]
struct Screen(&'static str, Arc<Notify>);

impl RoomClient for Screen {
    fn c_said(&mut self, _: &mut Context<Self>, from: i64, text: &str) {
        println!("{}'s screen: user {from} says {text:?}", self.0);
        self.1.notify_one();
    }
}

#[tokio::main]
async fn main() -> Result {
    let tokens = Tokens::new();
    let server = Server::builder().root(Room).authenticator(tokens.clone()).start()?;
    let server = Arc::new(server);
    let users = 1.into();
    let web = Arc::new(Web { server: Arc::clone(&server), tokens: tokens.clone(), users });
    let stays = std::env::args().nth(1).is_some_and(|word| word == "serve");
    let listener = TcpListener::bind(if stays { "127.0.0.1:8080" } else { "127.0.0.1:0" }).await?;
    let address = listener.local_addr()?;
    let serving = axum::serve(listener, router(web)).into_future();
    if stays {
        println!("Open http://{address} in two windows.");
        return Ok(serving.await?);
    }
    tokio::spawn(serving);

    // One client connects through the router, the other to an address that only has the room.
    let own = server.listen_websocket("127.0.0.1:0", WebSocketOptions::default()).await?;
    // Users see their own lines too. Ada's line on her screen shows that she is in the room.
    let (ada, on_ada) = enter(address, "Ada", tokens.issue(User::new(101, "Ada"))).await?;
    ada.root().s_say("hello").await?;
    on_ada.notified().await;
    let (grace, on_grace) = enter(own, "Grace", tokens.issue(User::new(102, "Grace"))).await?;
    grace.root().s_say("good morning").await?;
    tokio::join!(on_ada.notified(), on_grace.notified());
    grace.close().await;
    Ok(())
}

async fn enter(
    address: std::net::SocketAddr,
    name: &'static str,
    token: String,
) -> Result<(ClientSession<Screen>, Arc<Notify>)> {
    let shown = Arc::default();
    let screen = Screen(name, Arc::clone(&shown));
    let stream = TcpStream::connect(address).await?;
    let socket = websocket::connect(stream, &format!("ws://{address}/psom")).await?;
    let client = Client::builder().root(screen).token(token);
    Ok((client.connect_stream(socket).await?, shown))
}
