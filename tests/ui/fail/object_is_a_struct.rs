use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.Struct", version = 1, hash = 1)]
trait StructServer {}

#[distributed_object(serves = StructServer, calls = StructServer)]
enum Room {
    Open,
}

#[distributed_object]
fn room() {}

fn main() {}
