use psom::psom_interface;

#[psom_interface(name = "Example.Plain", version = 1, hash = 1)]
trait PlainServer {
    unsafe fn s_unsafe(&mut self);
    extern "C" fn s_extern(&mut self);
    #[cfg(unix)]
    fn s_conditional(&mut self);
}

fn main() {}
