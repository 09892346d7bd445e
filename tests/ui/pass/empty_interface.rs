//! An object that only sends calls serves an interface without methods.

#![deny(warnings)]

use psom::{Context, Lifecycle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Quiet", version = 1, hash = 1)]
pub trait QuietServer {}

#[psom_interface(name = "Example.Quiet", version = 1, hash = 2)]
pub trait QuietClient {
    fn c_tick(&mut self, n: i32);
}

#[distributed_object(serves = QuietServer, calls = QuietClient)]
pub struct Quiet;

impl QuietServer for Quiet {}

impl Lifecycle for Quiet {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_tick(1);
    }
}

fn main() {}
