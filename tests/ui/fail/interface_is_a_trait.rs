use psom::psom_interface;

#[psom_interface(name = "Example.Struct", version = 1, hash = 1)]
struct StructServer;

fn main() {}
