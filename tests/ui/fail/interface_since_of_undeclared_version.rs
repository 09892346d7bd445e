use psom::psom_interface;

#[psom_interface(name = "Example.Since", version = 1, hash = 1, version = 10, hash = 2)]
trait SinceServer {
    fn s_ping(&mut self);
    #[since(9)]
    fn s_later(&mut self);
}

fn main() {}
