use psom::psom_interface;

macro_rules! more {
    () => {};
}

#[psom_interface(name = "Example.Items", version = 1, hash = 1)]
unsafe trait ItemsServer {
    type Item;
    const COUNT: usize;
    more!();
    fn s_ping(&mut self);
}

fn main() {}
