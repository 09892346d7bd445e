use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.Childless", version = 1, hash = 1)]
trait ChildlessServer {}

#[distributed_object(serves = ChildlessServer, calls = ChildlessServer)]
struct Room;

impl ChildlessServer for Room {}

#[distributed_object]
impl Room {
    fn helper(&self) {}
}

fn main() {}
