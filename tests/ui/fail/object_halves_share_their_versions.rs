use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.One", version = 1, hash = 1)]
trait OneServer {}

#[psom_interface(name = "Example.One", version = 1, hash = 1, version = 2, hash = 1)]
trait OneClient {}

#[distributed_object(serves = OneServer, calls = OneClient)]
struct Room;

impl OneServer for Room {}

fn main() {}
