use psom::{Context, PsomType, psom_interface};

#[derive(PsomType)]
struct Name(String);

struct Point;

#[psom_interface(name = "Example.Lend", version = 1, hash = 1)]
trait LendServer {
    fn s_name(&mut self, cx: &mut Context<Self>, name: &Name);
    fn s_points(&mut self, cx: &mut Context<Self>, points: &[Point]);
    fn s_point(&mut self, cx: &mut Context<Self>, point: &Point);
}

fn main() {}
