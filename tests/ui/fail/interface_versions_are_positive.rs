use psom::psom_interface;

#[psom_interface(name = "Example.Zero", version = 0, hash = 1)]
trait ZeroServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Negative", version = -1, hash = 1, version = 2147483648, hash = 2)]
trait NegativeServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Text", version = "1", hash = 1)]
trait TextServer {
    fn s_ping(&mut self);
}

fn main() {}
