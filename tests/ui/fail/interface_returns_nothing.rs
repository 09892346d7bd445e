use std::future::Future;

use psom::psom_interface;

#[psom_interface(name = "Example.Return", version = 1, hash = 1)]
trait ReturnServer {
    fn s_number(&mut self) -> i32;
    fn s_option(&mut self) -> Option<()>;
    fn s_future(&mut self) -> impl Future<Output = ()>;
    async fn s_text(&mut self) -> String;
}

fn main() {}
