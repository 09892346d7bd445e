use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.Borrow", version = 1, hash = 1)]
trait BorrowServer {}

#[distributed_object(serves = BorrowServer, calls = BorrowServer)]
struct Room<'a> {
    name: &'a str,
}

impl BorrowServer for Room<'_> {}

fn main() {}
