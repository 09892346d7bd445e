use psom::{Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Fixed", version = 1, hash = 1)]
trait FixedServer {}

#[distributed_object(serves = FixedServer, calls = FixedServer)]
struct Room {
    #[child("content.{id}")]
    content: Handle<Room>,
    #[child("twin")]
    #[cfg(unix)]
    twin: Handle<Room>,
}

impl FixedServer for Room {}

fn main() {}
