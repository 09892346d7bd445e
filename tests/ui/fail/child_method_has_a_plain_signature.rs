use psom::{Context, Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Plain", version = 1, hash = 1)]
trait PlainServer {}

#[distributed_object(serves = PlainServer, calls = PlainServer)]
struct Room {
    twin: Handle<Room>,
}

impl PlainServer for Room {}

#[distributed_object]
impl Room {
    #[child("a")]
    async fn waits(&mut self) -> Handle<Room> {
        self.twin.clone()
    }
    #[child("b.{id}")]
    fn generic<T>(&mut self, id: T) -> Handle<Room> {
        let _ = id;
        self.twin.clone()
    }
    #[child("c")]
    fn shared(&self) -> Handle<Room> {
        self.twin.clone()
    }
    #[child("d")]
    fn nothing(&mut self) {}
    #[child("e")]
    fn hidden(&mut self) -> impl Clone {
        self.twin.clone()
    }
    #[child("f.{id}")]
    fn late_context(&mut self, id: i32, cx: &mut Context<Self>) -> Handle<Room> {
        let _ = (id, cx);
        self.twin.clone()
    }
    #[child("g")]
    fn shared_context(&mut self, cx: &Context<Self>) -> Handle<Room> {
        let _ = cx;
        self.twin.clone()
    }
    #[child("h")]
    const PART: i32 = 1;
}

fn main() {}
