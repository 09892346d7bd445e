//! What `#[distributed_object]` says of structs, impl blocks and children.

use super::{accepts, factories, object, refuses};

const HALVES: &str = "serves = a::Server, calls = a::Client";

#[track_caller]
fn arguments(args: &str, fragments: &[&str]) {
    refuses(object(args, "struct Room;"), fragments);
}

/// A method that makes a child of this part, with these parameters behind the receiver.
fn part(part: &str, params: &str) -> proc_macro2::TokenStream {
    factories(&format!("#[child({part:?})] fn a(&mut self, {params}) -> Handle<A> {{ a }}"))
}

#[test]
fn good_objects_are_accepted() {
    arguments("serves = Server, calls = self::a::Client, crate = ::b", &[]);
    accepts(object(
        HALVES,
        "struct Room<T: Store>(#[child(\"a\")] T, #[child(\"b\")] B) where T: A;",
    ));
    accepts(object("crate = crate::a", "impl Room { #[child(\"a\")] fn a(&mut self) -> A {} }"));
    accepts(part("page.{page}.{layer}/x", "layer: String, page: u32"));
    accepts(part("{type}", "cx: &mut Context<Room>, r#type: i32"));
}

#[test]
fn an_object_has_two_interfaces() {
    arguments("", &["the object's interfaces are missing"]);
    arguments("serves = A", &["write `calls = ClientTrait`"]);
    arguments("calls = A", &["write `serves = ServerTrait`"]);
    arguments("crate = ::a", &["write `serves = ServerTrait`"]);
    arguments("serves = A, serves = B, calls = C", &["`serves` is given twice"]);
    let unknown = "no argument `name` here: write `serves`, `calls`, `connects` or `crate`";
    arguments("serves = A, calls = B, name = \"C\"", &[unknown]);
    accepts(object("serves = A, calls = B, connects = C, connects = d::E<u8>", "struct Room;"));
    let path = "write `path::ServerTrait`";
    arguments("serves = \"A\", calls = B<u8>", &[path, path]);
    arguments("serves, calls = B", &["the value of `serves` is missing"]);
    arguments("serves = A calls = B", &["a `,` belongs between"]);
}

#[test]
fn an_object_is_a_struct_that_borrows_nothing() {
    refuses(object(HALVES, "enum Room {}"), &["describes a struct, or the inherent `impl` block"]);
    refuses(object(HALVES, "union Room { a: u8 }"), &["describes a struct"]);
    refuses(object("", "fn room() {}"), &["describes a struct"]);
    refuses(object(HALVES, "struct Room<'a>(&'a str);"), &["borrows nothing"]);
}

#[test]
fn a_field_is_one_child() {
    let fields = |fields: &str| object(HALVES, &format!("struct Room {{ {fields} }}"));
    refuses(fields("#[child(\"a.{b}\")] a: A"), &["a field is one child"]);
    refuses(fields("#[child] a: A"), &["write `#[child(\"part\")]`"]);
    refuses(fields("#[child = \"a\"] a: A"), &["write `#[child(\"part\")]`"]);
    refuses(fields("#[child(a)] a: A"), &["write `#[child(\"part\")]`"]);
    refuses(fields("#[child(\"a\", \"b\")] a: A"), &["write `#[child(\"part\")]`"]);
    refuses(fields("#[child(\"a\")] #[child(\"b\")] a: A"), &["`#[child]` stands here twice"]);
    refuses(fields("#[cfg(unix)] #[child(\"a\")] a: A"), &["cannot depend on `#[cfg]`"]);
    accepts(fields("#[cfg(unix)] a: A"));
    let twice = "#[child(\"a\")] a: A, #[child(\"A\")] b: A";
    refuses(fields(twice), &["the part \"a\" stands above already"]);
}

#[test]
fn an_impl_block_is_inherent_and_makes_children() {
    refuses(object("", "impl Room { fn a(&self) {} }"), &["no method here has `#[child("]);
    refuses(object("", "impl A for Room {}"), &["an inherent `impl` block"]);
    refuses(
        object("", "impl<'a> Room<'a> { #[child(\"a\")] fn a(&mut self) -> A {} }"),
        &["borrows nothing"],
    );
    let halves = "belong on the struct";
    let item = "impl Room { #[child(\"a\")] fn a(&mut self) -> A {} }";
    refuses(object(HALVES, item), &[halves, halves]);
    refuses(object("name = 1", item), &["no argument `name`"]);
    let constant = "#[child(\"a\")] const A: i32 = 1; #[child(\"b\")] fn b(&mut self) -> A {}";
    refuses(factories(constant), &["or on a method that makes a child"]);
}

#[test]
fn a_part_is_text_and_captures() {
    refuses(part("", ""), &["a part has a name"]);
    refuses(part(" ", ""), &["a part has a name"]);
    for unbalanced in ["a{", "a}", "{a", "a}{b", "{{a}}", "{a}}", "{a{b}"] {
        refuses(part(unbalanced, ""), &["do not pair"]);
    }
    for name in ["{}", "a.{}", "{a b}", "{1}", "{a-b}"] {
        refuses(part(name, ""), &["a capture is named like a parameter"]);
    }
    refuses(part("{a}{b}", "a: i32, b: i32"), &["put text between them"]);
    refuses(part("{a}.{a}", "a: i32"), &["`{a}` is captured twice"]);
}

#[test]
fn captures_are_the_parameters() {
    refuses(part("a.{b}", ""), &["captures `b`, but the method has no parameter of that name"]);
    refuses(part("a", "b: i32"), &["the part does not capture `b`: write `{b}` in it"]);
    refuses(part("a.{b}", "c: i32"), &["captures `b`", "does not capture `c`"]);
    refuses(part("a.{b}", "_: i32"), &["has a plain name", "captures `b`"]);
}

#[test]
fn parts_differ_without_regard_to_case() {
    let two = |a: &str, b: &str| {
        factories(&format!(
            "#[child({a:?})] fn a(&mut self, a: i32) -> A {{}}
             #[child({b:?})] fn b(&mut self, b: i32) -> A {{}}"
        ))
    };
    accepts(two("a.{a}", "b.{b}"));
    refuses(two("a.{a}", "A.{b}"), &["the part \"a.{a}\" stands above already"]);
}

#[test]
fn a_method_that_makes_a_child_is_plain() {
    let method = |method: &str| factories(&format!("#[child(\"a\")] {method}"));
    refuses(method("async fn a(&mut self) -> A {}"), &["remove `async`"]);
    refuses(method("fn a<T>(&mut self) -> A {}"), &["is not generic"]);
    refuses(method("fn a(&mut self) -> A where A: B {}"), &["is not generic"]);
    refuses(method("unsafe fn a(&mut self) -> A {}"), &["remove this keyword"]);
    refuses(method("fn a(&self) -> A {}"), &["write `&mut self`"]);
    refuses(method("fn a() -> A {}"), &["write `&mut self`"]);
    refuses(method("fn a(&mut self) {}"), &["write `-> Option<Handle<Child>>`"]);
    refuses(method("fn a(&mut self) -> impl B {}"), &["write `-> Option<Handle<Child>>`"]);
    refuses(method("fn a(&mut self) -> () {}"), &["write `-> Option<Handle<Child>>`"]);
    refuses(method("fn a(&mut self, cx: Context<Self>) -> A {}"), &["write `cx: &mut Context"]);
    refuses(method("#[cfg(unix)] fn a(&mut self) -> A {}"), &["cannot depend on `#[cfg]`"]);
    refuses(method("#[child(\"b\")] fn a(&mut self) -> A {}"), &["`#[child]` stands here twice"]);
}

#[test]
fn several_mistakes_are_reported_at_once() {
    let item = "struct Room<'a> { #[child(\"{\")] a: A, #[child] b: B }";
    refuses(
        object("serves = 1, name = 2", item),
        &[
            "write `path::ServerTrait`",
            "no argument `name`",
            "borrows nothing",
            "do not pair",
            "`child` takes the name of the part",
        ],
    );
}
