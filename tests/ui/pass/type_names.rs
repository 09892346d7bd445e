//! A parameter's type can have any name, even one that generated code uses.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, PsomType, distributed_object, psom_interface};

#[derive(PsomType)]
struct T(i32);

#[derive(PsomType)]
struct S(i64);

#[derive(PsomType)]
struct C(bool);

#[derive(PsomType)]
struct Target(String);

#[derive(PsomType)]
struct Outcome(Vec<i32>);

#[derive(PsomType)]
struct MethodDesc(Vec<String>);

#[psom_interface(name = "Example.Types", version = 1, hash = 1)]
trait TypesServer {
    fn s_types(&mut self, cx: &mut Context<Self>, t: T, s: S, c: C, target: Target);
    fn s_more(&mut self, outcome: Outcome, descriptions: MethodDesc);
}

#[psom_interface(name = "Example.Types", version = 1, hash = 2)]
trait TypesClient {
    fn c_types(&mut self, t: T, s: S, c: C);
}

#[distributed_object(serves = TypesServer, calls = TypesClient)]
struct Types;

impl TypesServer for Types {
    fn s_types(&mut self, cx: &mut Context<Self>, t: T, s: S, c: C, _target: Target) {
        cx.peers().c_types(t, s, c);
    }
    fn s_more(&mut self, _outcome: Outcome, _descriptions: MethodDesc) {}
}

fn main() {}
