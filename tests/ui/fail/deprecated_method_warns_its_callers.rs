#![deny(deprecated)]

use psom::{Context, distributed_object, psom_interface, testing::Pair};

#[psom_interface(name = "Example.Old", version = 1, hash = 1)]
trait OldServer {
    #[deprecated = "call `s_new`"]
    fn s_old(&mut self, cx: &mut Context<Self>);
    fn s_new(&mut self, cx: &mut Context<Self>);
}

#[psom_interface(name = "Example.Old", version = 1, hash = 2)]
trait OldClient {}

#[distributed_object(serves = OldServer, calls = OldClient)]
struct Server;

impl OldServer for Server {
    fn s_old(&mut self, _: &mut Context<Self>) {}
    fn s_new(&mut self, _: &mut Context<Self>) {}
}

#[distributed_object(serves = OldClient, calls = OldServer)]
struct Client;

impl OldClient for Client {}

fn main() {
    let mut pair = Pair::new(Server, Client);
    pair.on_client(0, |_, cx| {
        cx.server().s_old();
    });
}
