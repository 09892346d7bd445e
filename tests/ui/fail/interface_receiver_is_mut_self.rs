use psom::psom_interface;

#[psom_interface(name = "Example.Receiver", version = 1, hash = 1)]
trait ReceiverServer {
    fn s_shared(&self);
    fn s_owned(self);
    fn s_boxed(self: Box<Self>);
    fn s_lifetime(&'static mut self);
    fn s_none(text: &str);
}

fn main() {}
