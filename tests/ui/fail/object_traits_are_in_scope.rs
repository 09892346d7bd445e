use psom::{distributed_object, psom_interface};

mod interfaces {
    use psom::psom_interface;

    #[psom_interface(name = "Example.Scope", version = 1, hash = 1)]
    pub trait ScopeServer {}

    #[psom_interface(name = "Example.Scope", version = 1, hash = 2)]
    pub trait ScopeClient {}
}
use interfaces::ScopeServer;

#[distributed_object(serves = ScopeServer, calls = ScopeClient)]
struct Room;

impl ScopeServer for Room {}

#[psom_interface(name = "Example.Other", version = 1, hash = 3)]
trait OtherServer {}

fn main() {}
