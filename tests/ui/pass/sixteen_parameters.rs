//! A method can have up to 16 parameters.

use psom::{Context, distributed_object, psom_interface};

#[psom_interface(name = "Example.Large", version = 1, hash = 1)]
trait LargeServer {
    #[allow(clippy::too_many_arguments)]
    fn s_large(
        &mut self,
        cx: &mut Context<Self>,
        a: bool,
        b: u8,
        c: i16,
        d: i32,
        e: i64,
        f: u32,
        g: u64,
        h: f64,
        i: String,
        j: &str,
        k: Vec<u8>,
        l: &[u8],
        m: &[i32],
        n: Vec<Vec<String>>,
        o: &str,
        p: psom::ObjectRef,
    );
}

#[psom_interface(name = "Example.Large", version = 1, hash = 2)]
trait LargeClient {}

#[distributed_object(serves = LargeServer, calls = LargeClient)]
struct Large;

impl LargeServer for Large {
    fn s_large(
        &mut self,
        _: &mut Context<Self>,
        _: bool,
        _: u8,
        _: i16,
        _: i32,
        _: i64,
        _: u32,
        _: u64,
        _: f64,
        _: String,
        _: &str,
        _: Vec<u8>,
        _: &[u8],
        _: &[i32],
        _: Vec<Vec<String>>,
        _: &str,
        _: psom::ObjectRef,
    ) {
    }
}

fn main() {}
