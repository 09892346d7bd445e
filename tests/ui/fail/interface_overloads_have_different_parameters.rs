use psom::{Context, psom_interface};

#[psom_interface(name = "Example.Overload", version = 1, hash = 1)]
trait OverloadServer {
    fn s_reserve_title(&mut self, title: &str, ids: Vec<i64>);
    #[wire(name = "sReserveTitle")]
    fn s_reserve_name(&mut self, cx: &mut Context<Self>, name: String, numbers: &[i64]);
}

fn main() {}
