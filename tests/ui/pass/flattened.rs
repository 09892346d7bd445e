//! A struct that is encoded as several parameters: the wire bytes and the descriptor are those of the
//! fields one by one.

#![deny(warnings)]

use std::cell::RefCell;

use psom::{
    Context, Interface, PsomType, distributed_object, psom_interface,
    interface::{ParamDesc, Target},
    testing::Pair,
    wire::{Encode, Encoder},
};

#[derive(Debug, Clone, PartialEq, PsomType)]
struct Span {
    begin: i32,
    #[wire(name = "last")]
    r#end: i32,
}

#[psom_interface(name = "Example.Book", version = 1, hash = 1)]
trait BookServer {
    #[latest(color)]
    fn s_mark(&mut self, cx: &mut Context<Self>, title: &str, pages: Span, color: i32);
}

#[psom_interface(name = "Example.Book", version = 1, hash = 2)]
trait BookClient {
    fn c_mark(&mut self, pages: &Span, title: String);
}

#[psom_interface(name = "Example.Book", version = 1, hash = 2)]
trait PlainBookClient {
    fn c_mark(&mut self, begin: i32, last: i32, title: String);
}

#[distributed_object(serves = BookServer, calls = BookClient)]
struct Book;

impl BookServer for Book {
    fn s_mark(&mut self, cx: &mut Context<Self>, title: &str, pages: Span, color: i32) {
        assert_eq!(color, 7);
        cx.caller().c_mark(&pages, title);
    }
}

#[distributed_object(serves = BookClient, calls = BookServer)]
#[derive(Default)]
struct Reader(Vec<(Span, String)>);

impl BookClient for Reader {
    fn c_mark(&mut self, pages: &Span, title: String) {
        self.0.push((pages.clone(), title));
    }
}

/// Records the bytes of a call.
struct Recorder(RefCell<Vec<u8>>);

impl Target for Recorder {
    type Sent = ();

    fn call(&self, _: &'static psom::InterfaceDesc, _: u8, arguments: &[&dyn Encode]) {
        let mut bytes = self.0.borrow_mut();
        let mut out = Encoder::new(&mut bytes);
        arguments.iter().for_each(|argument| argument.encode(&mut out));
    }
}

fn main() {
    let flat = BookClientProxy::proxy(Recorder(RefCell::default()));
    flat.c_mark(&Span { begin: 300, r#end: -1 }, "a");
    let plain = PlainBookClientProxy::proxy(Recorder(RefCell::default()));
    plain.c_mark(300, -1, "a");
    assert_eq!(flat.0.0, plain.0.0);

    fn params<I: Interface>() -> Vec<ParamDesc> {
        I::DESC.methods[0].params().collect()
    }
    assert_eq!(params::<BookClientProxy>(), params::<PlainBookClientProxy>());

    let mut pair = Pair::new(Book, Reader::default());
    pair.on_client(0, |_, cx| {
        cx.peers().s_mark("note", Span { begin: 1, r#end: 2 }, 7);
    });
    let heard = pair.on_client(0, |reader, _| std::mem::take(&mut reader.0));
    assert_eq!(heard, [(Span { begin: 1, r#end: 2 }, "note".to_owned())]);
}
