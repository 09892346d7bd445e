use psom::{Context, psom_interface};

struct Point {
    x: f64,
    y: f64,
}

#[psom_interface(name = "Example.Type", version = 1, hash = 1)]
trait TypeServer {
    fn s_point(&mut self, cx: &mut Context<Self>, point: Point);
}

fn main() {}
