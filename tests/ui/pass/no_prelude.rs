//! Generated code uses nothing from the prelude.

#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code)]

use ::psom::{Context, Handle, PsomType, distributed_object, psom_interface};

#[psom_interface(name = "Example.Bare", version = 1, hash = 1)]
pub trait BareServer {
    fn s_text(&mut self, cx: &mut Context<Self>, text: &str);
    async fn s_code(&mut self, code: Code, label: Label) {
        let _ = (code, label);
    }
}

#[psom_interface(name = "Example.Bare", version = 1, hash = 2)]
pub trait BareClient {
    fn c_ping(&mut self);
}

#[derive(PsomType)]
#[repr(i32)]
pub enum Code {
    One = 1,
    #[other]
    Other(i32),
}

#[derive(PsomType)]
pub struct Label(i64);

#[distributed_object(serves = BareServer, calls = BareClient)]
pub struct Bare {
    #[child("twin")]
    twin: Handle<Bare>,
}

#[distributed_object]
impl Bare {
    #[child("number.{number}")]
    fn numbered(&mut self, number: i64) -> Handle<Bare> {
        let _ = number;
        ::core::clone::Clone::clone(&self.twin)
    }
}

impl BareServer for Bare {
    fn s_text(&mut self, _cx: &mut Context<Self>, _text: &str) {}
    async fn s_code(&mut self, _code: Code, _label: Label) {}
}

fn main() {}
