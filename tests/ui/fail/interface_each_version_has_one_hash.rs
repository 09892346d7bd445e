use psom::psom_interface;

#[psom_interface(name = "Example.Missing", version = 1, version = 2, hash = 2)]
trait MissingServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Duplicate", version = 1, hash = 1, hash = 2)]
trait DuplicateServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.First", hash = 1, version = 1, hash = 1)]
trait FirstServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Range", version = 1, hash = 9223372036854775808)]
trait RangeServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Text", version = 1, hash = "1")]
trait TextServer {
    fn s_ping(&mut self);
}

fn main() {}
