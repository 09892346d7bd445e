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
struct NestedList {
    spans: Vec<Span>,
    color: i32,
}

#[derive(PsomType)]
struct Wrapped(Span);

#[psom_interface(name = "Example.Book", version = 1, hash = 1)]
trait BookServer {
    fn s_lists(&mut self, cx: &mut Context<Self>, pages: Vec<Vec<Span>>);
    fn s_options(&mut self, cx: &mut Context<Self>, pages: Vec<Option<Span>>);
    fn s_optional_list(&mut self, cx: &mut Context<Self>, pages: Option<Vec<Span>>);
    fn s_slice_of_lists(&mut self, cx: &mut Context<Self>, pages: &[Vec<Span>]);
}

fn main() {}
