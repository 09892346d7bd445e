//! The errors of `#[psom_interface]` for methods.

use super::{accepts, interface, methods, rejects};

#[test]
fn valid_methods_are_accepted() {
    accepts(methods("fn a(&mut self); fn b(self: &mut Self) -> ();"));
    accepts(methods("fn a(&mut self, cx: &mut Context<Self>) -> Result<(), Violation>;"));
    accepts(methods("fn a(&mut self, _: &mut psom::Context<Self>, text: &str, n: Vec<u8>) {}"));
    accepts(methods("async fn a(&mut self, ids: &[i64]) -> std::result::Result<(), Violation>;"));
    accepts(methods("fn a(&mut self, value: ty!(), other: (String));"));
}

#[test]
fn receiver_is_mut_self() {
    for receiver in ["self", "mut self", "&self", "self: Box<Self>", "self: &Self", "&'a mut self"]
    {
        rejects(methods(&format!("fn a({receiver});")), &["write `&mut self`"]);
    }
    rejects(methods("fn a();"), &["write `&mut self`"]);
    rejects(methods("fn a(text: &str);"), &["write `&mut self`"]);
}

#[test]
fn method_has_no_generics_qualifiers_or_cfg() {
    rejects(methods("fn a<T>(&mut self, t: T);"), &["cannot be generic"]);
    rejects(methods("fn a<'a>(&mut self, t: &str);"), &["cannot be generic"]);
    rejects(methods("fn a(&mut self) where Self: Sized;"), &["cannot be generic"]);
    rejects(methods("unsafe fn a(&mut self);"), &["remove this keyword"]);
    rejects(methods("const fn a(&mut self);"), &["remove this keyword"]);
    rejects(methods("extern \"C\" fn a(&mut self);"), &["remove this keyword"]);
    rejects(methods("#[cfg(unix)] fn a(&mut self);"), &["`#[cfg]` is not allowed here"]);
    rejects(methods("fn a(&mut self, #[cfg(unix)] b: i32);"), &["`#[cfg]` is not allowed here"]);
}

#[test]
fn method_returns_nothing_or_a_violation_result() {
    for output in ["i32", "String", "Option<()>", "(i32,)", "&str", "!"] {
        rejects(methods(&format!("fn a(&mut self) -> {output};")), &["returns nothing"]);
    }
    rejects(methods("async fn a(&mut self) -> i32;"), &["returns nothing"]);
    rejects(methods("fn a(&mut self) -> impl Future<Output = ()>;"), &["write `async fn`"]);
}

#[test]
fn parameter_has_a_plain_name() {
    for pattern in ["_", "mut a", "ref a", "(a, b)", "&a", "a @ 1"] {
        rejects(methods(&format!("fn m(&mut self, {pattern}: i32) {{}}")), &["has a plain name"]);
    }
}

#[test]
fn parameter_type_has_a_supported_form() {
    #[rustfmt::skip]
    let types = [
        "impl Display", "&dyn Display", "fn()", "*const u8", "!", "_", "[u8]", "str", "&&str",
    ];
    for ty in types {
        rejects(methods(&format!("fn m(&mut self, a: {ty});")), &["this is not a PSOM type"]);
    }
    #[rustfmt::skip]
    let hints = [
        ("(i32, i32)", "a tuple is no PSOM type"), ("()", "a tuple is no PSOM type"),
        ("[u8; 4]", "write `&[T]` or `Vec<T>`"), ("&[u8; 4]", "write `&[T]` or `Vec<T>`"),
        ("Handle<Room>", "write `ObjectRef`"), ("&psom::Handle<Room>", "with `cx.resolve`"),
        ("HashMap<i32, i32>", "maps and sets"), ("f32", "write `f64`"), ("Vec<usize>", "write `u32`"),
        ("&[u16]", "no number of this size"), ("Option<i128>", "at most 64 bits"),
        ("char", "no characters"), ("std::time::Duration", "no times"),
    ];
    for (ty, hint) in hints {
        rejects(methods(&format!("fn m(&mut self, a: {ty});")), &[hint]);
    }
    accepts(methods("fn m(&mut self, a: Option<i32>, b: my::char, c: HashMap);"));
    rejects(methods("fn m(&mut self, a: &mut String);"), &["write `&T` or `T`"]);
    rejects(methods("fn m(&mut self, a: &'static str);"), &["without a lifetime"]);
}

#[test]
fn method_has_at_most_16_parameters() {
    let declare = |count| {
        let params: Vec<_> = (0..count).map(|i| format!("p{i}: i32")).collect();
        format!("fn m(&mut self, cx: &mut Context<Self>, {});", params.join(", "))
    };
    accepts(methods(&declare(16)));
    rejects(methods(&declare(17)), &["at most 16 parameters, and this one has 17"]);
}

#[test]
fn context_is_the_first_parameter_and_mutable() {
    let first = "the context is the first parameter";
    let borrowed = "write `cx: &mut Context<Self>`";
    rejects(methods("fn m(&mut self, a: i32, cx: &mut Context<Self>);"), &[first]);
    rejects(methods("fn m(&mut self, a: i32, cx: Context<Self>);"), &[first]);
    rejects(methods("fn m(&mut self, cx: &mut Context<Self>, c: &mut Context<Self>);"), &[first]);
    rejects(methods("fn m(&mut self, cx: &Context<Self>);"), &[borrowed]);
    rejects(methods("fn m(&mut self, cx: Context<Self>);"), &[borrowed]);
    rejects(methods("fn m(&mut self, cx: &mut Context<Room>);"), &[borrowed]);
    rejects(methods("fn m(&mut self, cx: &mut Context);"), &[borrowed]);
}

#[test]
fn since_refers_to_a_declared_version() {
    accepts(methods("#[since(1)] fn a(&mut self); #[since(10)] fn b(&mut self);"));
    rejects(methods("#[since(9)] fn a(&mut self);"), &["no version 9: write `1` or `10`"]);
    let one = r#"name = "A", version = 2, hash = 1"#;
    let item = "trait A { #[since(3)] fn a(&mut self); }";
    rejects(interface(one, item), &["no version 3: write `2`, or declare"]);
    for form in
        ["since", "since(0)", "since(-1)", "since = 1", "since(\"1\")", "since(1, 2)", "since()"]
    {
        rejects(methods(&format!("#[{form}] fn a(&mut self);")), &["write `#[since(10)]`"]);
    }
    let twice = "#[since(1)] #[since(10)] fn a(&mut self);";
    rejects(methods(twice), &["`#[since]` is given twice"]);
}

#[test]
fn later_versions_append_methods() {
    let before = "#[since(10)] fn a(&mut self); fn b(&mut self); fn c(&mut self);";
    rejects(methods(before), &["`b` of version 1 follows this method of version 10"]);
    let two = "#[since(10)] fn a(&mut self); #[since(10)] fn b(&mut self); fn c(&mut self);";
    rejects(methods(two), &["`c` of version 1", "`c` of version 1"]);
}

#[test]
fn wire_attribute_takes_a_name() {
    accepts(methods(r#"#[wire(name = "sA_1")] fn a(&mut self, #[wire(name = "URL")] b: i32);"#));
    rejects(methods(r#"#[wire(name = "")] fn a(&mut self);"#), &["a wire name consists of"]);
    rejects(methods(r#"#[wire(name = "s.a")] fn a(&mut self);"#), &["a wire name consists of"]);
    let form = "write `#[wire(name = \"sMethod\")]`";
    rejects(methods("#[wire] fn a(&mut self);"), &[form]);
    rejects(methods("#[wire()] fn a(&mut self);"), &[form]);
    rejects(methods("#[wire = \"a\"] fn a(&mut self);"), &[form]);
    rejects(methods("#[wire(name = 1)] fn a(&mut self);"), &[form]);
    rejects(methods("#[wire(\"a\")] fn a(&mut self);"), &["where the key is `name`"]);
    rejects(methods("#[wire(index = 1)] fn a(&mut self);"), &["unknown argument `index`"]);
    let twice = r#"#[wire(name = "a")] #[wire(name = "b")] fn a(&mut self);"#;
    rejects(methods(twice), &["`#[wire]` is given twice"]);
    let again = r#"#[wire(name = "a", name = "b")] fn a(&mut self);"#;
    rejects(methods(again), &["`name` is given twice"]);
    let on_parameter = "fn a(&mut self, #[wire] b: i32);";
    rejects(methods(on_parameter), &[form]);
}

#[test]
fn latest_names_at_most_one_parameter() {
    rejects(methods("#[latest(1)] fn a(&mut self);"), &["write `#[latest]`"]);
    rejects(methods("#[latest(a, b)] fn a(&mut self, a: i32, b: i32);"), &["write `#[latest]`"]);
    let unknown = "the method has no parameter `c`: it has `a`, `b`";
    rejects(methods("#[latest(c)] fn a(&mut self, a: i32, b: i32);"), &[unknown]);
    rejects(methods("#[latest(c)] fn a(&mut self);"), &["it has none; write `#[latest]`"]);
    rejects(methods("#[latest] #[latest] fn a(&mut self);"), &["`#[latest]` is given twice"]);
}

#[test]
fn overloads_differ_in_their_parameters() {
    accepts(methods(r#"fn s_a(&mut self); #[wire(name = "sA")] fn b(&mut self, n: i32);"#));
    let same = r#"fn s_a(&mut self); #[wire(name = "sA")] fn b(&mut self);"#;
    rejects(methods(same), &["`s_a` has the wire name `sA` and the same parameter types"]);
    let lent = r#"fn s_a(&mut self, a: String, b: &[i32]);
        #[wire(name = "sA")] fn b(&mut self, cx: &mut Context<Self>, c: &str, d: Vec<i32>);"#;
    rejects(methods(lent), &["the same parameter types"]);
    rejects(methods("fn s_a(&mut self); fn sA(&mut self);"), &["the wire name `sA`"]);
}

#[test]
fn names_of_generated_methods_are_reserved() {
    for name in ["filter", "dispatch", "proxy", "deref", "deref_mut", "__psom_x", "r#filter"] {
        let plain = name.trim_start_matches("r#");
        let refused = || methods(&format!("fn {name}(&mut self);"));
        rejects(refused(), &[&format!("the name `{plain}` is reserved for")]);
        rejects(refused(), &[&format!("keep its wire name with `#[wire(name = \"{plain}\")]`")]);
    }
}
