use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.Handle", version = 1, hash = 1)]
trait HandleServer {}

#[distributed_object(serves = HandleServer, calls = HandleServer)]
struct Room {
    #[child("count")]
    count: i32,
}

impl HandleServer for Room {}

fn main() {}
