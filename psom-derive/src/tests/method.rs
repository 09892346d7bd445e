//! What `#[psom_interface]` says of the methods.

use super::{accepts, interface, methods, refuses};

#[test]
fn good_methods_are_accepted() {
    accepts(methods("fn a(&mut self); fn b(self: &mut Self) -> ();"));
    accepts(methods("fn a(&mut self, cx: &mut Context<Self>) -> Result<(), Violation>;"));
    accepts(methods("fn a(&mut self, _: &mut psom::Context<Self>, text: &str, n: Vec<u8>) {}"));
    accepts(methods("async fn a(&mut self, ids: &[i64]) -> std::result::Result<(), Violation>;"));
    accepts(methods("fn a(&mut self, value: ty!(), other: (String));"));
}

#[test]
fn the_receiver_is_mut_self() {
    for receiver in ["self", "mut self", "&self", "self: Box<Self>", "self: &Self", "&'a mut self"]
    {
        refuses(methods(&format!("fn a({receiver});")), &["write `&mut self`"]);
    }
    refuses(methods("fn a();"), &["write `&mut self`"]);
    refuses(methods("fn a(text: &str);"), &["write `&mut self`"]);
}

#[test]
fn a_method_is_plain() {
    refuses(methods("fn a<T>(&mut self, t: T);"), &["is not generic"]);
    refuses(methods("fn a<'a>(&mut self, t: &str);"), &["is not generic"]);
    refuses(methods("fn a(&mut self) where Self: Sized;"), &["is not generic"]);
    refuses(methods("unsafe fn a(&mut self);"), &["remove this keyword"]);
    refuses(methods("const fn a(&mut self);"), &["remove this keyword"]);
    refuses(methods("extern \"C\" fn a(&mut self);"), &["remove this keyword"]);
    refuses(methods("#[cfg(unix)] fn a(&mut self);"), &["cannot depend on `#[cfg]`"]);
    refuses(methods("fn a(&mut self, #[cfg(unix)] b: i32);"), &["cannot depend on `#[cfg]`"]);
}

#[test]
fn a_method_returns_nothing() {
    for output in ["i32", "String", "Option<()>", "(i32,)", "&str", "!"] {
        refuses(methods(&format!("fn a(&mut self) -> {output};")), &["returns nothing"]);
    }
    refuses(methods("async fn a(&mut self) -> i32;"), &["returns nothing"]);
    refuses(methods("fn a(&mut self) -> impl Future<Output = ()>;"), &["is written `async fn`"]);
}

#[test]
fn a_parameter_has_a_plain_name() {
    for pattern in ["_", "mut a", "ref a", "(a, b)", "&a", "a @ 1"] {
        refuses(methods(&format!("fn m(&mut self, {pattern}: i32) {{}}")), &["has a plain name"]);
    }
}

#[test]
fn a_parameter_has_the_form_of_a_psom_type() {
    #[rustfmt::skip]
    let types = [
        "(i32, i32)", "()", "impl Display", "&dyn Display", "fn()", "*const u8", "!", "_",
        "[u8; 4]", "[u8]", "str", "&&str", "&[u8; 4]",
    ];
    for ty in types {
        refuses(methods(&format!("fn m(&mut self, a: {ty});")), &["this is not a PSOM type"]);
    }
    refuses(methods("fn m(&mut self, a: &mut String);"), &["write `&T` or `T`"]);
    refuses(methods("fn m(&mut self, a: &'static str);"), &["without a lifetime"]);
}

#[test]
fn a_method_has_at_most_16_parameters() {
    let declare = |count| {
        let params: Vec<_> = (0..count).map(|i| format!("p{i}: i32")).collect();
        format!("fn m(&mut self, cx: &mut Context<Self>, {});", params.join(", "))
    };
    accepts(methods(&declare(16)));
    refuses(methods(&declare(17)), &["at most 16 parameters and this one has 17"]);
}

#[test]
fn the_context_stands_first_and_is_borrowed() {
    let first = "the context stands first";
    let borrowed = "write `cx: &mut Context<Self>`";
    refuses(methods("fn m(&mut self, a: i32, cx: &mut Context<Self>);"), &[first]);
    refuses(methods("fn m(&mut self, a: i32, cx: Context<Self>);"), &[first]);
    refuses(methods("fn m(&mut self, cx: &mut Context<Self>, c: &mut Context<Self>);"), &[first]);
    refuses(methods("fn m(&mut self, cx: &Context<Self>);"), &[borrowed]);
    refuses(methods("fn m(&mut self, cx: Context<Self>);"), &[borrowed]);
    refuses(methods("fn m(&mut self, cx: &mut Context<Room>);"), &[borrowed]);
    refuses(methods("fn m(&mut self, cx: &mut Context);"), &[borrowed]);
}

#[test]
fn since_names_a_declared_version() {
    accepts(methods("#[since(1)] fn a(&mut self); #[since(10)] fn b(&mut self);"));
    refuses(methods("#[since(9)] fn a(&mut self);"), &["no version 9: write `1` or `10`"]);
    let one = r#"name = "A", version = 2, hash = 1"#;
    let item = "trait A { #[since(3)] fn a(&mut self); }";
    refuses(interface(one, item), &["no version 3: write `2`, or declare"]);
    for form in
        ["since", "since(0)", "since(-1)", "since = 1", "since(\"1\")", "since(1, 2)", "since()"]
    {
        refuses(methods(&format!("#[{form}] fn a(&mut self);")), &["write `#[since(10)]`"]);
    }
    let twice = "#[since(1)] #[since(10)] fn a(&mut self);";
    refuses(methods(twice), &["`#[since]` stands here twice"]);
}

#[test]
fn later_versions_append() {
    let before = "#[since(10)] fn a(&mut self); fn b(&mut self); fn c(&mut self);";
    refuses(methods(before), &["`b` of version 1 stands behind this method of version 10"]);
    let two = "#[since(10)] fn a(&mut self); #[since(10)] fn b(&mut self); fn c(&mut self);";
    refuses(methods(two), &["`c` of version 1", "`c` of version 1"]);
}

#[test]
fn wire_gives_a_name() {
    accepts(methods(r#"#[wire(name = "sA_1")] fn a(&mut self, #[wire(name = "URL")] b: i32);"#));
    refuses(methods(r#"#[wire(name = "")] fn a(&mut self);"#), &["a wire name is made of"]);
    refuses(methods(r#"#[wire(name = "s.a")] fn a(&mut self);"#), &["a wire name is made of"]);
    let form = "write `#[wire(name = \"sMethod\")]`";
    refuses(methods("#[wire] fn a(&mut self);"), &[form]);
    refuses(methods("#[wire()] fn a(&mut self);"), &[form]);
    refuses(methods("#[wire = \"a\"] fn a(&mut self);"), &[form]);
    refuses(methods("#[wire(name = 1)] fn a(&mut self);"), &[form]);
    refuses(methods("#[wire(\"a\")] fn a(&mut self);"), &["where the key is `name`"]);
    refuses(methods("#[wire(index = 1)] fn a(&mut self);"), &["no argument `index`"]);
    let twice = r#"#[wire(name = "a")] #[wire(name = "b")] fn a(&mut self);"#;
    refuses(methods(twice), &["`#[wire]` stands here twice"]);
    let again = r#"#[wire(name = "a", name = "b")] fn a(&mut self);"#;
    refuses(methods(again), &["`name` is given twice"]);
    let on_parameter = "fn a(&mut self, #[wire] b: i32);";
    refuses(methods(on_parameter), &[form]);
}

#[test]
fn latest_names_at_most_one_parameter() {
    refuses(methods("#[latest(1)] fn a(&mut self);"), &["write `#[latest]`"]);
    refuses(methods("#[latest(a, b)] fn a(&mut self, a: i32, b: i32);"), &["write `#[latest]`"]);
    let unknown = "the method has no parameter `c` that travels: it has `a`, `b`";
    refuses(methods("#[latest(c)] fn a(&mut self, a: i32, b: i32);"), &[unknown]);
    refuses(methods("#[latest(c)] fn a(&mut self);"), &["it has none; write `#[latest]`"]);
    refuses(methods("#[latest] #[latest] fn a(&mut self);"), &["`#[latest]` stands here twice"]);
}

#[test]
fn overloads_differ_in_their_parameters() {
    accepts(methods(r#"fn s_a(&mut self); #[wire(name = "sA")] fn b(&mut self, n: i32);"#));
    let same = r#"fn s_a(&mut self); #[wire(name = "sA")] fn b(&mut self);"#;
    refuses(methods(same), &["`s_a` has the wire name `sA` and the same parameter types"]);
    let lent = r#"fn s_a(&mut self, a: String, b: &[i32]);
        #[wire(name = "sA")] fn b(&mut self, cx: &mut Context<Self>, c: &str, d: Vec<i32>);"#;
    refuses(methods(lent), &["the same parameter types"]);
    refuses(methods("fn s_a(&mut self); fn sA(&mut self);"), &["the wire name `sA`"]);
}

#[test]
fn names_of_generated_methods_are_taken() {
    for name in ["filter", "dispatch", "proxy", "deref", "deref_mut", "__psom_x", "r#filter"] {
        let plain = name.trim_start_matches("r#");
        let refused = || methods(&format!("fn {name}(&mut self);"));
        refuses(refused(), &[&format!("`{plain}` is taken by")]);
        refuses(
            refused(),
            &[&format!("keep the name on paper with `#[wire(name = \"{plain}\")]`")],
        );
    }
}
