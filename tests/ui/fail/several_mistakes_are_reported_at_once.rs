use psom::{Context, psom_interface};

#[psom_interface(name = "", version = 0, hash = "x", colour = 3)]
trait MistakesServer {
    fn s_first(&self, text: (i32, i32)) -> i32;
    #[since(7)]
    fn filter(&mut self, text: &str, cx: &mut Context<Self>);
}

fn main() {}
