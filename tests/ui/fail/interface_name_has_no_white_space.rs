use psom::psom_interface;

#[psom_interface(name = "Example. Blank", version = 1, hash = 1)]
trait BlankServer {}

#[psom_interface(name = "Example.\u{7}Bell", version = 1, hash = 1)]
trait BellServer {}

#[psom_interface(name = "Example.Line\n", version = 1, hash = 1)]
trait LineServer {}

fn main() {}
