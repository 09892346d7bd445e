use psom::{Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Impl", version = 1, hash = 1)]
trait ImplServer {}

#[distributed_object(serves = ImplServer, calls = ImplServer)]
struct Room {
    twin: Handle<Room>,
}

#[distributed_object(serves = ImplServer, calls = ImplServer)]
impl Room {
    #[child("twin")]
    fn twin(&mut self) -> Handle<Room> {
        self.twin.clone()
    }
}

#[distributed_object]
impl ImplServer for Room {}

fn main() {}
