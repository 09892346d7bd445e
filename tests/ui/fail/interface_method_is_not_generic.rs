use psom::{PsomType, psom_interface};

#[psom_interface(name = "Example.Generic", version = 1, hash = 1)]
trait GenericServer {
    fn s_type<T: PsomType>(&mut self, value: T);
    fn s_lifetime<'a>(&mut self, text: &'a str);
    fn s_where(&mut self)
    where
        Self: Sized;
}

fn main() {}
