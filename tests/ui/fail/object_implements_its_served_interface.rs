use psom::{Context, distributed_object, psom_interface};

#[psom_interface(name = "Example.One", version = 1, hash = 1)]
trait OneServer {
    fn s_ping(&mut self, cx: &mut Context<Self>);
}

#[psom_interface(name = "Example.One", version = 1, hash = 1)]
trait OneClient {}

#[distributed_object(serves = OneServer, calls = OneClient)]
struct Room;

fn main() {}
