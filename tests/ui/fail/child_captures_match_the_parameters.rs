use psom::{Context, Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Capture", version = 1, hash = 1)]
trait CaptureServer {}

#[distributed_object(serves = CaptureServer, calls = CaptureServer)]
struct Room {
    twin: Handle<Room>,
}

impl CaptureServer for Room {}

#[distributed_object]
impl Room {
    #[child("content.{content_id}")]
    fn missing(&mut self, cx: &mut Context<Self>) -> Handle<Room> {
        let _ = cx;
        self.twin.clone()
    }
    #[child("page")]
    fn extra(&mut self, number: i32) -> Handle<Room> {
        let _ = number;
        self.twin.clone()
    }
}

fn main() {}
