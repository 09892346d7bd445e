use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.One", version = 1, hash = 1)]
trait OneServer {}

#[psom_interface(name = "Example.Other", version = 1, hash = 1)]
trait OtherClient {}

#[distributed_object(serves = OneServer, calls = OtherClient)]
struct Room;

impl OneServer for Room {}

fn main() {}
