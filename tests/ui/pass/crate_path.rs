//! Generated code finds the runtime at the path given by `crate`.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Handle, PsomType, distributed_object, psom_interface};

mod vendored {
    pub use psom as runtime;
}

#[psom_interface(crate = crate::vendored::runtime, name = "Example.Path", version = 1, hash = 1)]
trait PathServer {
    fn s_code(&mut self, code: Code);
}

#[psom_interface(name = "Example.Path", version = 1, hash = 2, crate = ::psom)]
trait PathClient {}

#[distributed_object(serves = PathServer, calls = PathClient, crate = crate::vendored::runtime)]
struct Object {
    #[child("twin")]
    twin: Handle<Object>,
}

#[distributed_object(crate = crate::vendored::runtime)]
impl Object {
    #[child("other")]
    fn other(&mut self) -> Handle<Object> {
        self.twin.clone()
    }
}

impl PathServer for Object {
    fn s_code(&mut self, _: Code) {}
}

#[derive(PsomType)]
#[psom(crate = crate::vendored::runtime)]
struct Code(i32);

fn main() {}
