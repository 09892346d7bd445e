//! Properties of the generated code. `golden` compares whole expansions.

use proc_macro2::TokenStream;

use super::{GOOD, factories, interface, messages, methods, object, psom_type};

/// Returns the expansion as text without white space.
fn print(expansion: TokenStream) -> String {
    assert!(messages(expansion.clone()).is_empty());
    squeeze(expansion)
}

fn squeeze(expansion: TokenStream) -> String {
    expansion.to_string().chars().filter(|c| !c.is_whitespace()).collect()
}

#[track_caller]
fn contains(printed: &str, fragment: &str) {
    assert!(printed.contains(fragment), "no {fragment} in {printed}");
}

#[test]
fn default_wire_names_are_in_camel_case() {
    let names = [
        ("s_broadcast", "sBroadcast"),
        ("s_to_2_users", "sTo2Users"),
        ("r#type", "type"),
        ("r#yield_now", "yieldNow"),
        ("_odd__one_", "oddOne"),
        ("sAlready", "sAlready"),
        ("s_größe_ändern", "sGrößeÄndern"),
    ];
    for (rust, wire) in names {
        let printed = print(methods(&format!("fn {rust}(&mut self, {rust}: i32);")));
        contains(&printed, &format!("__Row::new(\"{wire}\",&[__Param::new::<i32>(\"{wire}\")])"));
    }
}

#[test]
fn proxy_borrows_owned_strings_and_lists() {
    let printed = print(methods(
        "fn a(&mut self, a: String, b: Vec<Vec<u8>>, c: std::vec::Vec<i32>, d: Option<String>,
            e: &str, f: i64);",
    ));
    let lent =
        "fna(&self,a:&__psom::str,b:&[Vec<u8>],c:&[i32],d:Option<String>,e:&__psom::str,f:i64)";
    contains(&printed, lent);
    contains(&printed, "&[__Arg(&a).get(),__Arg(&b).get(),");
}

#[test]
fn proxy_takes_anything_that_yields_texts() {
    let printed = print(methods("fn a(&mut self, a: Vec<String>, b: &[String]);"));
    contains(&printed, "fna(&self,a:impl__psom::Texts,b:impl__psom::Texts)");
}

#[test]
fn deprecation_moves_to_the_proxy() {
    let printed = print(methods("#[deprecated] fn a(&mut self); fn b(&mut self);"));
    contains(&printed, "#[deprecated]fna(&self");
    contains(&printed, "#[allow(deprecated)]");
}

#[test]
fn since_is_printed_for_later_versions_only() {
    let printed = print(methods("#[since(1)] fn a(&mut self); #[since(10)] fn b(&mut self);"));
    contains(&printed, r#"__Row::new("a",&[]),__Row::new("b",&[]).since(10)]"#);
}

#[test]
fn async_method_returns_a_send_future() {
    let printed = print(methods("async fn a(&mut self) -> Result<(), Violation> { Ok(()) }"));
    let future = "->impl::core::future::Future<Output=Result<(),Violation>>+::core::marker::Send";
    contains(&printed, future);
    contains(&printed, "{asyncmove{Ok(())}}");
}

#[test]
fn type_parameters_avoid_names_of_user_types() {
    let printed = print(methods("fn a(&mut self, a: T, b: S, c: Vec<T_>);"));
    contains(&printed, "impl<T__:__psom::Target>GoodServerProxy<T__>");
    contains(&printed, "S_:GoodServer");
}

#[test]
fn dispatch_without_context_accepts_any_context() {
    contains(&print(methods("fn a(&mut self);")), "_cx:&'amutC");
    let with_context = print(methods("fn a(&mut self); fn b(&mut self, cx: &mut Context<Self>);"));
    contains(&with_context, "cx:&'amut__psom::Context<S>");
}

#[test]
fn crate_sets_the_path_of_the_runtime() {
    let args = format!("{GOOD}, crate = ::a::b");
    contains(&print(interface(&args, "trait A {}")), "use::a::b::__private::names::*");
    let args = "serves = A, calls = B, crate = crate::c";
    contains(&print(object(args, "struct Room;")), "usecrate::c::__private::{");
    contains(&print(psom_type("#[psom(crate = ::c)] struct A(i32);")), "use::c::__private");
}

#[test]
fn proxy_has_the_visibility_of_its_trait() {
    let printed = print(interface(GOOD, "pub(super) trait A { fn a(&mut self); }"));
    for item in ["structAProxy", "fna(", "fndispatch"] {
        contains(&printed, &format!("pub(super){item}"));
    }
    contains(&printed, "proxy!(pub(super)AProxy");
}

#[test]
fn captures_follow_the_order_of_the_pattern() {
    let printed =
        print(factories("#[child(\"{b}.{a}\")] fn f(&mut self, a: i32, b: String) -> A { a }"));
    contains(&printed, "Some([b,a])");
    contains(&printed, "Self::f(self,a,b)");
}

/// Checks that an invalid item is kept, but without the helper attributes, which the compiler does
/// not know.
#[test]
fn rejected_item_is_kept_without_helper_attributes() {
    let items = [
        methods("#[since(7)] #[latest] #[inline] async fn a(&mut self, #[wire] b: i32);"),
        methods("#[wire(name = \"\")] #[wire] fn a(&self);"),
        object("", "struct Room { #[child(\"{\")] a: A, #[allow(x)] #[child] b: B }"),
        object("", "impl A for Room { #[child] fn a(&self) {} #[child(\"a\")] const B: C = D; }"),
    ];
    for item in items {
        assert!(!messages(item.clone()).is_empty());
        let printed = squeeze(item);
        let ours = ["#[since", "#[latest", "#[wire", "#[child", "__psom"];
        // Messages quote the attributes, so only the item before the messages is checked.
        let (item, _) = printed.split_once("::core::compile_error!").unwrap();
        assert!(!ours.iter().any(|attribute| item.contains(attribute)), "{item}");
        assert!(!item.is_empty());
    }
}

#[test]
fn derive_does_not_repeat_the_item() {
    assert!(squeeze(psom_type("struct A { a: i32 }")).starts_with("::core::compile_error!"));
    assert!(squeeze(psom_type("struct A(i32);")).starts_with("const_:()={"));
}
