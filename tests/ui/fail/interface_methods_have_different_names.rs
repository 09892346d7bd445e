use psom::psom_interface;

#[psom_interface(name = "Example.Namesake", version = 1, hash = 1)]
trait NamesakeServer {
    fn s_reserve_title(&mut self, title: &str);
    fn s_reserve_title(&mut self, title: &str, content: i64);
}

fn main() {}
