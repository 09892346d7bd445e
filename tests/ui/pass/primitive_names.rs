//! Types of the user that are called like primitive types do not change generated code.

#![deny(warnings)]
#![allow(dead_code, non_camel_case_types)]

use psom::{Context, Handle, PsomType, distributed_object, psom_interface};

struct str;
struct bool;
struct usize;
struct u8;

#[psom_interface(name = "Example.Primitive", version = 1, hash = 1)]
trait PrimitiveServer {
    fn s_text(&mut self, cx: &mut Context<Self>, text: String, list: Vec<String>);
    fn s_types(&mut self, code: Code, id: Id, range: Range);
}

#[psom_interface(name = "Example.Primitive", version = 1, hash = 2)]
trait PrimitiveClient {}

#[derive(PsomType)]
#[repr(i32)]
enum Code {
    One = 1,
    #[other]
    Other(i32),
}

#[derive(PsomType)]
struct Id(i64);

#[derive(PsomType)]
struct Range {
    begin: i64,
    end: Option<i64>,
}

#[distributed_object(serves = PrimitiveServer, calls = PrimitiveClient)]
struct Room {
    #[child("twin")]
    twin: Handle<Room>,
}

#[distributed_object]
impl Room {
    #[child("number.{number}")]
    fn numbered(&mut self, number: Id) -> Handle<Room> {
        let Id(_) = number;
        self.twin
    }
}

impl PrimitiveServer for Room {
    fn s_text(&mut self, cx: &mut Context<Self>, _: String, _: Vec<String>) {
        let _ = cx.peers().filter(|_| true);
    }
    fn s_types(&mut self, _: Code, _: Id, _: Range) {}
}

fn main() {}
