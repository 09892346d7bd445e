//! The macros accept tokens from `macro_rules!`.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, PsomType, distributed_object, psom_interface};

macro_rules! interface {
    ($vis:vis $server:ident, $name:literal, $version:literal, $hash:literal; $method:ident($param:ident: $ty:ty)) => {
        #[psom_interface(name = $name, version = $version, hash = $hash)]
        $vis trait $server {
            fn $method(&mut self, cx: &mut Context<Self>, $param: $ty, text: &str) -> ();
        }
    };
}

macro_rules! object {
    ($object:ident: $server:path, $client:path) => {
        #[distributed_object(serves = $server, calls = $client)]
        struct $object;
    };
}

macro_rules! open_enum {
    ($name:ident { $($variant:ident = $value:expr),* }) => {
        #[derive(PsomType)]
        #[repr(i32)]
        enum $name { $($variant = $value,)* #[other] Unknown(i32) }
    };
}

interface!(pub(crate) ServerHalf, "Example.Macro", 1, -5; s_mark(mark: Mark));
interface!(ClientHalf, "Example.Macro", 1, 5; c_mark(mark: Vec<i32>));
object!(Room: ServerHalf, ClientHalf);
open_enum!(Mark { Low = -1, High = 1 });

impl ServerHalf for Room {
    fn s_mark(&mut self, cx: &mut Context<Self>, _: Mark, text: &str) {
        cx.peers().c_mark(&[], text);
    }
}

fn main() {}
