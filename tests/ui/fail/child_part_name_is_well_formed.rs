use psom::{Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Part", version = 1, hash = 1)]
trait PartServer {}

#[distributed_object(serves = PartServer, calls = PartServer)]
struct Room {
    #[child("")]
    empty: Handle<Room>,
    #[child]
    bare: Handle<Room>,
    #[child(twin)]
    unquoted: Handle<Room>,
    #[child("open{")]
    open: Handle<Room>,
    #[child("close}")]
    close: Handle<Room>,
}

impl PartServer for Room {}

#[distributed_object]
impl Room {
    #[child("page.{}")]
    fn unnamed(&mut self) -> Handle<Room> {
        self.empty.clone()
    }
    #[child("page.{two words}")]
    fn two_words(&mut self) -> Handle<Room> {
        self.empty.clone()
    }
    #[child("page.{a}{b}")]
    fn adjacent(&mut self, a: i32, b: i32) -> Handle<Room> {
        let _ = (a, b);
        self.empty.clone()
    }
    #[child("page.{a}.{a}")]
    fn twice(&mut self, a: i32) -> Handle<Room> {
        let _ = a;
        self.empty.clone()
    }
    #[child("page")]
    #[child("sheet")]
    fn two_parts(&mut self) -> Handle<Room> {
        self.empty.clone()
    }
}

fn main() {}
