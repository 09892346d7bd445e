use psom::{Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Capture", version = 1, hash = 1)]
trait CaptureServer {}

#[distributed_object(serves = CaptureServer, calls = CaptureServer)]
struct Room {
    twin: Handle<Room>,
}

impl CaptureServer for Room {}

#[distributed_object]
impl Room {
    #[child("content.{id}")]
    fn content(&mut self, id: Vec<i32>) -> Handle<Room> {
        let _ = id;
        self.twin.clone()
    }
}

fn main() {}
