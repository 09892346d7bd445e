use psom::psom_interface;

#[psom_interface(name = "Example.Known", version = 1, hash = 1, versoin = 2)]
trait UnknownServer {
    fn s_ping(&mut self);
}

#[psom_interface("Example.Known", version = 1, hash = 1)]
trait KeylessServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Known", name = "Example.Twice", version = 1, hash = 1)]
trait TwiceServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Known", version(1), hash = 1)]
trait ParenthesesServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Known" version = 1, hash =)]
trait CommaServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Known", version = 1, hash = 1, crate = psom)]
trait PathServer {
    fn s_ping(&mut self);
}

fn main() {}
