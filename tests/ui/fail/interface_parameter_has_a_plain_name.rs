use psom::psom_interface;

#[psom_interface(name = "Example.Pattern", version = 1, hash = 1)]
trait PatternServer {
    fn s_wildcard(&mut self, _: i32);
    fn s_mutable(&mut self, mut text: String) {
        text.clear();
    }
    fn s_reference(&mut self, &number: &i32) {
        let _ = number;
    }
}

fn main() {}
