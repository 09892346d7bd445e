//! Offline calls: a client records calls without a network, and replays them when it is connected.
//!
//! `cargo run --example offline_calls`
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::{collections::BTreeMap, error::Error};

use psom::{
    Client, Context, Handle, Server, Tokens, User, distributed_object,
    offline::{Offline, Recorder, Replay},
    psom_interface,
};

#[psom_interface(name = "Example.Shopping", version = 1, hash = 1)]
trait ShoppingServer {
    fn s_add(&mut self, cx: &mut Context<Self>, item: &str);
}

#[psom_interface(name = "Example.Shopping", version = 1, hash = 2)]
trait ShoppingClient {}

#[distributed_object(serves = ShoppingServer, calls = ShoppingClient)]
struct List {
    #[child("psom.offline")]
    offline: Handle<Offline>,
}

impl ShoppingServer for List {
    fn s_add(&mut self, cx: &mut Context<Self>, item: &str) {
        println!("{} adds {item}", cx.caller().user().name);
    }
}

#[distributed_object(serves = ShoppingClient, calls = ShoppingServer)]
struct Shopper;

impl ShoppingClient for Shopper {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Without a network: each call is on the disk when it returns.
    let folder = tempfile::tempdir()?;
    let outbox = Recorder::<ShoppingServerProxy>::open(folder.path())?;
    let mut list = outbox.recorded_by("Ada");
    list.s_add("milk")?;
    list.s_add("bread")?;

    // A server that plays recorded calls. A durable one passes its saved state.
    let tokens = Tokens::new();
    let root = |scope: &mut psom::Scope| List {
        offline: Offline::for_root::<List>(scope, &BTreeMap::new()),
    };
    let server = Server::builder().root_with(root).authenticator(tokens.clone()).start()?;
    let (near, far) = tokio::io::duplex(1 << 16);
    server.accept(far);

    // With a network: the calls are played in order, each exactly once.
    let client = Client::builder().root(Shopper).object::<Replay>();
    let client = client.token(tokens.issue(User::new(1, "Ada")));
    let session = client.connect_stream(near).await?;
    println!("{} calls were played", session.replay(&mut list).await?.played);
    println!("{} calls were played again", session.replay(&mut list).await?.played);
    Ok(())
}
