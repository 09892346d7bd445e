//! A parameter can have any name, even one that generated code uses.

#![deny(warnings)]
#![allow(dead_code, non_snake_case)]

use psom::{Context, Handle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Names", version = 1, hash = 1)]
trait NamesServer {
    fn s_locals(&mut self, cx: &mut Context<Self>, this: &str, call: i32, loan: &[u8]);
    fn s_context(&mut self, context: &mut Context<Self>, cx: &str, outcome: i32);
    fn s_types(&mut self, T: &str, S: i32, Self_: bool, target: i64);
    async fn s_async(&mut self, cx: &mut Context<Self>, this: &str, call: i32, loan: Vec<u8>);
    async fn s_async_cx(&mut self, _: &mut Context<Self>, cx: &str);
}

#[psom_interface(name = "Example.Names", version = 1, hash = 2)]
trait NamesClient {
    fn c_context_free(&mut self, this: &str, _cx: i32, C: bool);
}

#[distributed_object(serves = NamesServer, calls = NamesClient)]
struct Names {
    #[child("twin")]
    twin: Handle<Names>,
}

#[distributed_object]
impl Names {
    #[child("{part}/{cx}")]
    fn numbered(&mut self, context: &mut Context<Self>, part: i64, cx: String) -> Handle<Names> {
        let _ = (context, part, cx);
        self.twin.clone()
    }
}

impl NamesServer for Names {
    fn s_locals(&mut self, cx: &mut Context<Self>, this: &str, call: i32, loan: &[u8]) {
        cx.peers().c_context_free(this, call, loan.is_empty());
    }
    fn s_context(&mut self, _: &mut Context<Self>, _: &str, _: i32) {}
    fn s_types(&mut self, _: &str, _: i32, _: bool, _: i64) {}
    async fn s_async(&mut self, cx: &mut Context<Self>, this: &str, call: i32, loan: Vec<u8>) {
        std::future::ready(()).await;
        cx.peers().c_context_free(this, call, loan.is_empty());
    }
    async fn s_async_cx(&mut self, _: &mut Context<Self>, _: &str) {}
}

fn main() {}
