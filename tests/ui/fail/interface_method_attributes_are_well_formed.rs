use psom::psom_interface;

#[psom_interface(name = "Example.Attributes", version = 1, hash = 1)]
trait AttributesServer {
    #[since(1)]
    #[since(1)]
    fn s_since_twice(&mut self);
    #[since = 1]
    fn s_since_equals(&mut self);
    #[latest]
    #[latest]
    fn s_latest_twice(&mut self);
    #[latest(5)]
    fn s_latest_count(&mut self);
    #[wire(name = "sOne")]
    #[wire(name = "sTwo")]
    fn s_wire_twice(&mut self);
    #[wire(name = "")]
    fn s_wire_empty(&mut self);
    #[wire(name = "s wire")]
    fn s_wire_space(&mut self);
    #[wire]
    fn s_wire_bare(&mut self);
    #[wire(index = 3)]
    fn s_wire_unknown(&mut self);
    #[wire(name = 3)]
    fn s_wire_number(&mut self);
}

fn main() {}
