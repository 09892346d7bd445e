//! An `async fn` is implemented as an `async fn`; its future is `Send`.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, Violation, distributed_object, psom_interface};

#[psom_interface(name = "Example.Waiting", version = 1, hash = 1)]
pub trait WaitingServer: Send {
    async fn s_plain(&mut self);
    async fn s_context(&mut self, cx: &mut Context<Self>);
    async fn s_borrowed(&mut self, cx: &mut Context<Self>, text: &str, bytes: &[u8], n: i32);
    async fn s_verdict(&mut self, text: String) -> Result<(), Violation>;
    /// A default body.
    async fn s_default(&mut self, cx: &mut Context<Self>, ready: bool) -> Result<(), Violation> {
        if ready {
            return Ok(());
        }
        self.s_context(cx).await;
        Ok(())
    }
    fn s_sync(&mut self, cx: &mut Context<Self>) {
        let _ = cx;
    }
}

#[psom_interface(name = "Example.Waiting", version = 1, hash = 2)]
pub trait WaitingClient {
    fn c_done(&mut self, text: &str);
}

#[distributed_object(serves = WaitingServer, calls = WaitingClient)]
struct Waiting {
    waits: u32,
}

impl WaitingServer for Waiting {
    async fn s_plain(&mut self) {
        self.waits += 1;
        std::future::ready(()).await;
        self.waits -= 1;
    }
    async fn s_context(&mut self, cx: &mut Context<Self>) {
        std::future::ready(()).await;
        cx.caller().c_done("context");
    }
    async fn s_borrowed(&mut self, cx: &mut Context<Self>, text: &str, bytes: &[u8], n: i32) {
        std::future::ready(n).await;
        cx.caller().c_done(text);
        std::future::ready(bytes.len()).await;
    }
    async fn s_verdict(&mut self, _text: String) -> Result<(), Violation> {
        Ok(())
    }
}

fn main() {}
