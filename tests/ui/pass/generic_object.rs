//! An object can be generic; the bounds of its parameters are on the struct.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, Handle, Lifecycle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Generic", version = 1, hash = 1)]
pub trait GenericServer {
    fn s_store(&mut self, cx: &mut Context<Self>, text: &str);
}

#[psom_interface(name = "Example.Generic", version = 1, hash = 2)]
pub trait GenericClient {
    fn c_stored(&mut self, count: i32);
}

trait Store: Send + 'static {
    fn store(&mut self, text: &str) -> i32;
}

#[distributed_object(serves = GenericServer, calls = GenericClient, lifecycle)]
struct Room<T: Store, const LIMIT: usize = 8>
where
    T: Default,
{
    store: T,
    #[child("next")]
    next: Option<Handle<Self>>,
}

#[distributed_object]
impl<T: Store + Default, const LIMIT: usize> Room<T, LIMIT> {
    #[child("room.{number}")]
    fn room(&mut self, cx: &mut Context<Self>, number: i32) -> Option<Handle<Self>> {
        let _ = (cx, number);
        self.next.clone()
    }
}

impl<T: Store + Default, const LIMIT: usize> GenericServer for Room<T, LIMIT> {
    fn s_store(&mut self, cx: &mut Context<Self>, text: &str) {
        let count = self.store.store(text);
        cx.peers().c_stored(count);
    }
}

impl<T: Store + Default, const LIMIT: usize> Lifecycle for Room<T, LIMIT> {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_stored(0);
    }
}

fn main() {}
