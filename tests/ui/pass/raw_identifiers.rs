//! Raw identifiers lose their `r#` only in descriptors.

#![deny(warnings)]
#![allow(dead_code, non_camel_case_types)]

use psom::{Context, Handle, PsomType, distributed_object, psom_interface};

#[psom_interface(name = "Example.Raw", version = 1, hash = 1)]
trait r#struct {
    fn r#match(&mut self, cx: &mut Context<Self>, r#type: &str, r#in: r#enum);
    async fn r#loop(&mut self, r#fn: i64);
}

#[psom_interface(name = "Example.Raw", version = 1, hash = 2)]
trait r#impl {
    fn r#yield(&mut self, r#as: Vec<i32>);
}

#[derive(PsomType)]
#[repr(i32)]
enum r#enum {
    r#true = 1,
    #[other]
    r#else(i32),
}

#[distributed_object(serves = r#struct, calls = r#impl)]
struct Raw {
    #[child("self")]
    r#use: Handle<Raw>,
}

#[distributed_object]
impl Raw {
    #[child("type.{type}")]
    fn r#typed(&mut self, r#type: i32) -> Handle<Raw> {
        let _ = r#type;
        self.r#use.clone()
    }
}

impl r#struct for Raw {
    fn r#match(&mut self, cx: &mut Context<Self>, _: &str, _: r#enum) {
        cx.peers().r#yield(&[1]);
    }
    async fn r#loop(&mut self, _: i64) {}
}

fn main() {}
