//! User-defined types: open enumerations, and structs with one field.

#![deny(warnings)]

use psom::{Context, PsomType, distributed_object, psom_interface};

#[derive(Clone, Copy, Debug, PartialEq, PsomType)]
#[repr(i32)]
enum Status {
    Zero = 0,
    Reserved = 0x10,
    Upgrade = 17,
    Low = -2147483648,
    #[other]
    Other(i32) = 7,
    Behind = 8,
}

#[derive(Debug, PsomType)]
struct ContentId(i64);

#[derive(Debug, PsomType)]
struct Names(pub Vec<String>);

#[psom_interface(name = "Example.Type", version = 1, hash = 1)]
trait TypeServer {
    fn s_types(&mut self, cx: &mut Context<Self>, status: Status, id: ContentId, all: Vec<Status>);
}

#[psom_interface(name = "Example.Type", version = 1, hash = 2)]
trait TypeClient {
    fn c_types(&mut self, status: Status, names: Names, all: Vec<Status>);
}

#[distributed_object(serves = TypeServer, calls = TypeClient)]
struct Types;

impl TypeServer for Types {
    fn s_types(&mut self, cx: &mut Context<Self>, status: Status, id: ContentId, all: Vec<Status>) {
        cx.caller().c_types(status, Names(vec![format!("{id:?}")]), &all);
    }
}

fn main() {
    let all = [
        (Status::Zero, 0),
        (Status::Reserved, 16),
        (Status::Upgrade, 17),
        (Status::Low, i32::MIN),
        (Status::Behind, 8),
        (Status::Other(7), 7),
        (Status::Other(99), 99),
    ];
    for (status, number) in all {
        assert_eq!(i32::from(status), number);
        assert_eq!(Status::from(number), status);
    }
}
