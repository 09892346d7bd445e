//! Generated code keeps its meaning if the user's names shadow those of the prelude.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, Handle, PsomType, distributed_object, psom_interface};

struct Ok;
struct Err;
struct Some;
struct None;
struct Result;
struct Option;
struct Vec;
struct String;
struct Box;
trait Send {}
trait Clone {}
trait From {}
trait Into {}
trait FnMut {}
trait Extend {}
trait Drop {}
mod core {}
mod std {}

#[psom_interface(name = "Example.Shadow", version = 1, hash = 1)]
trait ShadowServer {
    fn s_text(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_verdict(&mut self) -> ::std::result::Result<(), psom::Violation>;
    async fn s_wait(&mut self, code: Code, label: Label);
}

#[psom_interface(name = "Example.Shadow", version = 1, hash = 2)]
trait ShadowClient {}

#[derive(PsomType)]
#[repr(i32)]
enum Code {
    One = 1,
    #[other]
    Other(i32),
}

#[derive(PsomType)]
struct Label(i64);

#[distributed_object(serves = ShadowServer, calls = ShadowClient)]
struct Shadow {
    #[child("twin")]
    twin: Handle<Shadow>,
}

#[distributed_object]
impl Shadow {
    #[child("number.{number}")]
    fn numbered(&mut self, number: i64) -> Handle<Shadow> {
        let _ = number;
        ::core::clone::Clone::clone(&self.twin)
    }
}

impl ShadowServer for Shadow {
    fn s_text(&mut self, _cx: &mut Context<Self>, _text: &str) {}
    fn s_verdict(&mut self) -> ::std::result::Result<(), psom::Violation> {
        ::std::result::Result::Ok(())
    }
    async fn s_wait(&mut self, _code: Code, _label: Label) {}
}

fn main() {}
