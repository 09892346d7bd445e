use psom::psom_interface;

#[psom_interface(name = "Example.Taken", version = 1, hash = 1)]
trait TakenServer {
    fn filter(&mut self);
    fn dispatch(&mut self);
    fn proxy(&mut self);
    fn deref(&mut self);
    fn deref_mut(&mut self);
    fn __psom_call(&mut self);
}

fn main() {}
