use psom::psom_interface;

#[psom_interface(name = "Example.Return", version = 1, hash = 1)]
trait ReturnServer {
    fn s_value(&mut self) -> Result<i32, psom::Violation>;
    async fn s_error(&mut self) -> Result<(), String>;
}

fn main() {}
