use psom::{Context, PsomType, psom_interface};

#[derive(PsomType)]
struct Name(String);

#[psom_interface(name = "Example.Lend", version = 1, hash = 1)]
trait LendServer {
    fn s_name(&mut self, cx: &mut Context<Self>, name: &Name);
}

fn main() {}
