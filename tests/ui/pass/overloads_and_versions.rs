//! Two methods can share a wire name; later versions append methods.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, distributed_object, psom_interface};

#[psom_interface(
    name = "Example.Versions",
    version = 1, hash = -9223372036854775808,
    version = 10, hash = 9223372036854775807,
    version = 2147483647, hash = 0x7f,
)]
trait VersionsServer {
    fn s_reserve_title(&mut self, cx: &mut Context<Self>, title: &str);
    #[wire(name = "sReserveTitle")]
    #[since(1)]
    fn s_reserve_title_for(&mut self, cx: &mut Context<Self>, title: &str, user: i64);
    #[since(10)]
    #[wire(name = "sReserveTitle")]
    #[latest]
    fn s_reserve_titles(
        &mut self,
        cx: &mut Context<Self>,
        #[wire(name = "URLs")] urls: Vec<String>,
    );
    #[since(2147483647)]
    fn s_late(&mut self);
}

#[psom_interface(
    name = "Example.Versions",
    version = 1,
    hash = 1,
    version = 10,
    hash = 2,
    version = 2147483647,
    hash = 3
)]
trait VersionsClient {}

#[distributed_object(serves = VersionsServer, calls = VersionsClient)]
struct Versions;

impl VersionsServer for Versions {
    fn s_reserve_title(&mut self, _: &mut Context<Self>, _: &str) {}
    fn s_reserve_title_for(&mut self, _: &mut Context<Self>, _: &str, _: i64) {}
    fn s_reserve_titles(&mut self, _: &mut Context<Self>, _: Vec<String>) {}
    fn s_late(&mut self) {}
}

fn main() {}
