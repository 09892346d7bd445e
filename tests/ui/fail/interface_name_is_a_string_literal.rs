use psom::psom_interface;

#[psom_interface(name = "", version = 1, hash = 1)]
trait EmptyServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = Example, version = 1, hash = 1)]
trait BareServer {
    fn s_ping(&mut self);
}

fn main() {}
