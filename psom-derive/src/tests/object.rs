//! The errors of `#[distributed_object]` for structs, impl blocks and children.

use super::{accepts, factories, object, rejects};

const HALVES: &str = "serves = a::Server, calls = a::Client";

#[track_caller]
fn arguments(args: &str, fragments: &[&str]) {
    rejects(object(args, "struct Room;"), fragments);
}

/// Expands a factory with this pattern and with these parameters after the receiver.
fn part(part: &str, params: &str) -> proc_macro2::TokenStream {
    factories(&format!("#[child({part:?})] fn a(&mut self, {params}) -> Handle<A> {{ a }}"))
}

#[test]
fn valid_objects_are_accepted() {
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
fn object_has_two_interfaces() {
    arguments("", &["the object's interfaces are missing"]);
    arguments("serves = A", &["write `calls = ClientTrait`"]);
    arguments("calls = A", &["write `serves = ServerTrait`"]);
    arguments("crate = ::a", &["write `serves = ServerTrait`"]);
    arguments("serves = A, serves = B, calls = C", &["`serves` is given twice"]);
    let unknown = "unknown argument `name`: write `serves`, `calls`, `connects`, `lifecycle`, `before`, `after` or `crate`";
    arguments("serves = A, calls = B, name = \"C\"", &[unknown]);
    accepts(object("serves = A, calls = B, connects = C, connects = d::E<u8>", "struct Room;"));
    let path = "write `path::ServerTrait`";
    arguments("serves = \"A\", calls = B<u8>", &[path, path]);
    arguments("serves, calls = B", &["the value of `serves` is missing"]);
    arguments("serves = A calls = B", &["a `,` is missing between"]);
}

#[test]
fn object_is_a_struct_without_lifetimes() {
    rejects(
        object(HALVES, "enum Room {}"),
        &["applies to a struct, or to the inherent `impl` block"],
    );
    rejects(object(HALVES, "union Room { a: u8 }"), &["applies to a struct"]);
    rejects(object("", "fn room() {}"), &["applies to a struct"]);
    rejects(object(HALVES, "struct Room<'a>(&'a str);"), &["cannot have a lifetime parameter"]);
}

#[test]
fn field_holds_one_child() {
    let fields = |fields: &str| object(HALVES, &format!("struct Room {{ {fields} }}"));
    rejects(fields("#[child(\"a.{b}\")] a: A"), &["a field holds one child"]);
    rejects(fields("#[child] a: A"), &["write `#[child(\"part\")]`"]);
    rejects(fields("#[child = \"a\"] a: A"), &["write `#[child(\"part\")]`"]);
    rejects(fields("#[child(a)] a: A"), &["write `#[child(\"part\")]`"]);
    rejects(fields("#[child(\"a\", \"b\")] a: A"), &["write `#[child(\"part\")]`"]);
    rejects(fields("#[child(\"a\")] #[child(\"b\")] a: A"), &["`#[child]` is given twice"]);
    rejects(fields("#[cfg(unix)] #[child(\"a\")] a: A"), &["`#[cfg]` is not allowed here"]);
    accepts(fields("#[cfg(unix)] a: A"));
    let twice = "#[child(\"a\")] a: A, #[child(\"A\")] b: A";
    rejects(fields(twice), &["the part name \"a\" is already declared"]);
}

#[test]
fn impl_block_is_inherent_and_creates_children() {
    rejects(object("", "impl Room { fn a(&self) {} }"), &["no method of this block has `#[child("]);
    rejects(object("", "impl A for Room {}"), &["an inherent `impl` block"]);
    rejects(
        object("", "impl<'a> Room<'a> { #[child(\"a\")] fn a(&mut self) -> A {} }"),
        &["cannot have a lifetime parameter"],
    );
    let halves = "belong on the struct";
    let item = "impl Room { #[child(\"a\")] fn a(&mut self) -> A {} }";
    rejects(object(HALVES, item), &[halves, halves]);
    rejects(object("name = 1", item), &["unknown argument `name`"]);
    let constant = "#[child(\"a\")] const A: i32 = 1; #[child(\"b\")] fn b(&mut self) -> A {}";
    rejects(factories(constant), &["or on a method that creates a child"]);
}

#[test]
fn pattern_consists_of_text_and_captures() {
    rejects(part("", ""), &["a part name cannot be empty"]);
    rejects(part(" ", ""), &["a part name cannot be empty"]);
    for unbalanced in ["a{", "a}", "{a", "a}{b", "{{a}}", "{a}}", "{a{b}"] {
        rejects(part(unbalanced, ""), &["unbalanced braces"]);
    }
    for name in ["{}", "a.{}", "{a b}", "{1}", "{a-b}"] {
        rejects(part(name, ""), &["a capture has the name of a parameter"]);
    }
    rejects(part("{a}{b}", "a: i32, b: i32"), &["put text between them"]);
    rejects(part("{a}.{a}", "a: i32"), &["`{a}` is captured twice"]);
}

#[test]
fn captures_match_the_parameters() {
    rejects(part("a.{b}", ""), &["captures `b`, but the method has no parameter of that name"]);
    rejects(part("a", "b: i32"), &["the pattern does not capture `b`: add `{b}` to it"]);
    rejects(part("a.{b}", "c: i32"), &["captures `b`", "does not capture `c`"]);
    rejects(part("a.{b}", "_: i32"), &["has a plain name", "captures `b`"]);
}

#[test]
fn part_names_differ_ignoring_case() {
    let two = |a: &str, b: &str| {
        factories(&format!(
            "#[child({a:?})] fn a(&mut self, a: i32) -> A {{}}
             #[child({b:?})] fn b(&mut self, b: i32) -> A {{}}"
        ))
    };
    accepts(two("a.{a}", "b.{b}"));
    rejects(two("a.{a}", "A.{b}"), &["the part name \"a.{a}\" is already declared"]);
}

#[test]
fn factory_has_a_plain_signature() {
    let method = |method: &str| factories(&format!("#[child(\"a\")] {method}"));
    rejects(method("async fn a(&mut self) -> A {}"), &["remove `async`"]);
    rejects(method("fn a<T>(&mut self) -> A {}"), &["cannot be generic"]);
    rejects(method("fn a(&mut self) -> A where A: B {}"), &["cannot be generic"]);
    rejects(method("unsafe fn a(&mut self) -> A {}"), &["remove this keyword"]);
    rejects(method("fn a(&self) -> A {}"), &["write `&mut self`"]);
    rejects(method("fn a() -> A {}"), &["write `&mut self`"]);
    rejects(method("fn a(&mut self) {}"), &["write `-> Option<Handle<Child>>`"]);
    rejects(method("fn a(&mut self) -> impl B {}"), &["write `-> Option<Handle<Child>>`"]);
    rejects(method("fn a(&mut self) -> () {}"), &["write `-> Option<Handle<Child>>`"]);
    rejects(method("fn a(&mut self, cx: Context<Self>) -> A {}"), &["write `cx: &mut Context"]);
    rejects(method("#[cfg(unix)] fn a(&mut self) -> A {}"), &["`#[cfg]` is not allowed here"]);
    rejects(method("#[child(\"b\")] fn a(&mut self) -> A {}"), &["`#[child]` is given twice"]);
}

#[test]
fn several_errors_are_reported_at_once() {
    let item = "struct Room<'a> { #[child(\"{\")] a: A, #[child] b: B }";
    rejects(
        object("serves = 1, name = 2", item),
        &[
            "write `path::ServerTrait`",
            "unknown argument `name`",
            "cannot have a lifetime parameter",
            "unbalanced braces",
            "`child` takes the part name",
        ],
    );
}
