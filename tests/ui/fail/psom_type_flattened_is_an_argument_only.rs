use psom::{Context, PsomType, psom_interface};

#[derive(PsomType)]
struct Span {
    begin: i32,
    end: i32,
}

#[derive(PsomType)]
struct Nested {
    span: Span,
    color: i32,
}

#[derive(PsomType)]
struct Wrapped(Span);

#[psom_interface(name = "Example.Book", version = 1, hash = 1)]
trait BookServer {
    fn s_mark(&mut self, cx: &mut Context<Self>, pages: Vec<Span>);
    fn s_mark_slice(&mut self, cx: &mut Context<Self>, pages: &[Span]);
}

fn main() {}
