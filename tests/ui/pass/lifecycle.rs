//! `Lifecycle` is optional and may be implemented in whole or in part.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, Lifecycle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Life", version = 1, hash = 1)]
trait LifeServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Life", version = 1, hash = 2)]
trait LifeClient {
    fn c_welcome(&mut self);
}

#[distributed_object(serves = LifeServer, calls = LifeClient)]
struct Both;

impl LifeServer for Both {
    fn s_ping(&mut self) {}
}

impl Lifecycle for Both {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_welcome();
    }
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        cx.peers().c_welcome();
    }
}

#[distributed_object(serves = LifeServer, calls = LifeClient)]
struct One;

impl LifeServer for One {
    fn s_ping(&mut self) {}
}

impl Lifecycle for One {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_welcome();
    }
}

#[distributed_object(serves = LifeServer, calls = LifeClient)]
struct Neither;

impl LifeServer for Neither {
    fn s_ping(&mut self) {}
}

fn main() {}
