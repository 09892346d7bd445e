use psom::{Context, psom_interface};

#[psom_interface(name = "Example.Context", version = 1, hash = 1)]
trait ContextServer {
    fn s_second(&mut self, text: &str, cx: &mut Context<Self>);
    fn s_shared(&mut self, cx: &Context<Self>);
    fn s_owned(&mut self, cx: Context<Self>);
    fn s_other(&mut self, cx: &mut Context<u8>);
    fn s_twice(&mut self, cx: &mut Context<Self>, again: &mut Context<Self>);
}

fn main() {}
