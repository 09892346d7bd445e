use psom::{Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Twice", version = 1, hash = 1)]
#[psom_interface(name = "Example.Twice", version = 1, hash = 1)]
trait TwiceServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Once", version = 1, hash = 1)]
trait OnceServer {}

#[psom_interface(name = "Example.Once", version = 1, hash = 2)]
trait OnceClient {}

#[distributed_object(serves = OnceServer, calls = OnceClient)]
#[psom::distributed_object(serves = OnceServer, calls = OnceClient)]
struct Room {
    twin: Handle<Room>,
}

impl OnceServer for Room {}

#[distributed_object]
#[distributed_object]
impl Room {
    #[child("twin")]
    fn twin(&mut self) -> Handle<Room> {
        self.twin
    }
}

fn main() {}
