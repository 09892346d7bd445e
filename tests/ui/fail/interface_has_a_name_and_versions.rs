use psom::psom_interface;

#[psom_interface]
trait EmptyServer {
    fn s_ping(&mut self);
}

#[psom_interface(version = 1, hash = 1)]
trait NamelessServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Versionless")]
trait VersionlessServer {
    fn s_ping(&mut self);
}

fn main() {}
