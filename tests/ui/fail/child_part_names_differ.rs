use psom::{Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Differ", version = 1, hash = 1)]
trait DifferServer {}

#[distributed_object(serves = DifferServer, calls = DifferServer)]
struct Room {
    #[child("twin")]
    one: Handle<Room>,
    #[child("Twin")]
    two: Handle<Room>,
}

impl DifferServer for Room {}

#[distributed_object]
impl Room {
    #[child("content.{id}")]
    fn by_id(&mut self, id: i64) -> Handle<Room> {
        let _ = id;
        self.one.clone()
    }
    #[child("CONTENT.{name}")]
    fn by_name(&mut self, name: String) -> Handle<Room> {
        let _ = name;
        self.two.clone()
    }
}

fn main() {}
