use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.Hash", version = 1, hash = 1, version = 2, hash = 5)]
trait HashServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Hash", version = 1, hash = 2, version = 2, hash = 5)]
trait HashClient {
    fn c_ping(&mut self);
}

#[distributed_object(serves = HashServer, calls = HashClient)]
struct Room;

impl HashServer for Room {
    fn s_ping(&mut self) {}
}

fn main() {}
