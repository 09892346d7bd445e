use psom::psom_interface;

#[psom_interface(name = "Example.Generic", version = 1, hash = 1)]
trait GenericServer<T> {
    fn s_value(&mut self, value: T);
}

fn main() {}
