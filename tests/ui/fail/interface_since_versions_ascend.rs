use psom::psom_interface;

#[psom_interface(
    name = "Example.Since",
    version = 1,
    hash = 1,
    version = 2,
    hash = 2,
    version = 3,
    hash = 3
)]
trait SinceServer {
    #[since(3)]
    fn s_third(&mut self);
    #[since(2)]
    fn s_second(&mut self);
    fn s_first(&mut self);
}

fn main() {}
