use psom::psom_interface;

#[psom_interface(
    name = "Example.Ascend",
    version = 2,
    hash = 1,
    version = 1,
    hash = 2,
    version = 1,
    hash = 3
)]
trait AscendServer {
    fn s_ping(&mut self);
}

fn main() {}
