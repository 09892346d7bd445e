//! The first program of the documentation, without its connections.

use psom::{Context, distributed_object, psom_interface};

#[psom_interface(name = "Example.Broadcast", version = 1, hash = 1234567890123456)]
pub trait BroadcastServer {
    fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str);
}

#[psom_interface(name = "Example.Broadcast", version = 1, hash = -6543210987654321)]
pub trait BroadcastClient {
    fn c_receive_broadcast(&mut self, cx: &mut Context<Self>, from: i64, text: &str);
}

#[distributed_object(serves = BroadcastServer, calls = BroadcastClient)]
struct Room;

impl BroadcastServer for Room {
    fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str) {
        cx.peers().c_receive_broadcast(7, text);
        cx.peers().filter(|peer| peer.version == 1).c_receive_broadcast(7, text);
    }
}

#[distributed_object(serves = BroadcastClient, calls = BroadcastServer)]
struct Screen;

impl BroadcastClient for Screen {
    fn c_receive_broadcast(&mut self, cx: &mut Context<Self>, _from: i64, _text: &str) {
        cx.caller().s_broadcast("thank you");
    }
}

fn main() {}
