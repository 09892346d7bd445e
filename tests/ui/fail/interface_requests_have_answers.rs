use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.Form", version = 1, hash = 1)]
trait FormServer {
    #[answered_by]
    fn s_none(&mut self, cookie: i32);
    #[answered_by("cExported")]
    fn s_text(&mut self, cookie: i32);
    #[answered_by(c_exported)]
    fn s_no_cookie(&mut self, id: i32);
}

#[psom_interface(name = "Example.Ask", version = 1, hash = 2)]
trait AskServer {
    #[answered_by(c_unknown)]
    fn s_export(&mut self, cookie: i32);
}

#[psom_interface(name = "Example.Ask", version = 1, hash = 3)]
trait AskClient {
    fn c_exported(&mut self, cookie: i32);
}

#[distributed_object(serves = AskServer, calls = AskClient)]
struct Room;

impl AskServer for Room {
    fn s_export(&mut self, _: i32) {}
}

fn main() {}
