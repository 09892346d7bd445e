//! What `#[derive(PsomType)]` says.

use super::{accepts, psom_type, refuses};

#[track_caller]
fn variants(variants: &str, fragments: &[&str]) {
    refuses(psom_type(&format!("#[repr(i32)] enum A {{ {variants} }}")), fragments);
}

#[test]
fn good_types_are_accepted() {
    variants("A, B = -2, C, D = 0x10, E = 2147483647, #[other] Other(i32) = 99", &[]);
    variants("#[other] Other(i32)", &[]);
    variants("A = -2147483648, #[other] Other(i32), B", &[]);
    accepts(psom_type("struct A(Vec<String>);"));
    accepts(psom_type("#[psom(crate = crate::b)] pub struct A(#[doc(hidden)] pub i64);"));
}

#[test]
fn an_enumeration_is_an_open_int32() {
    refuses(psom_type("enum A { B, #[other] C(i32) }"), &["write `#[repr(i32)]`"]);
    refuses(psom_type("#[repr(u8)] enum A { B, #[other] C(i32) }"), &["write `#[repr(i32)]`"]);
    variants("A", &["add a variant `#[other] Other(i32)`"]);
    variants("#[other] A(i32), #[other] B(i32)", &["remove this one"]);
    variants("#[other] #[other] A(i32)", &["`#[other]` stands here twice"]);
    variants("#[other(1)] A(i32)", &["`other` takes no arguments"]);
    for fields in ["", "()", "(i64)", "(i32, i32)", "{ a: i32 }"] {
        variants(&format!("#[other] A {fields}"), &["write `#[other] Other(i32)`"]);
    }
}

#[test]
fn a_variant_is_one_number() {
    let other = "#[other] Other(i32) = 9";
    variants(&format!("A(i32), B {{ a: i32 }}, {other}"), &["has no fields", "has no fields"]);
    for number in ["A", "1 + 1", "2147483648", "-2147483649", "1.0", "\"1\"", "!1"] {
        variants(&format!("A = {number}, {other}"), &["the number of a variant is written out"]);
    }
    variants(&format!("A = 2147483647, B, C, {other}"), &["the number behind 2147483647"]);
    variants(&format!("A = 1, B = 0, C, {other}"), &["`A` is 1 already"]);
    variants(&format!("A = X, B, {other}"), &["is written out"]);
}

#[test]
fn other_types_are_refused() {
    let what = "or on a struct that stands for several parameters";
    for item in ["struct A;", "struct A {}", "struct A { a: i32 }", "struct A(i32, i32);"] {
        refuses(psom_type(item), &[what]);
    }
    refuses(psom_type("union A { a: i32 }"), &[what]);
    refuses(psom_type("fn a() {}"), &[what]);
    refuses(psom_type("struct A<T>(T);"), &["is not generic"]);
    refuses(psom_type("#[repr(i32)] enum A<T> { #[other] B(i32) }"), &["is not generic"]);
    refuses(psom_type("#[psom] struct A(i32);"), &["write `#[psom(crate = ::name)]`"]);
    refuses(psom_type("#[psom(name = 1)] struct A(i32);"), &["no argument `name`"]);
    refuses(psom_type("#[psom(crate = a)] struct A(i32);"), &["write `crate = ::name`"]);
}

#[test]
fn a_flattened_struct_has_owned_fields_with_different_names() {
    accepts(psom_type("pub struct A { pub a: i32, #[wire(name = \"c\")] b: Vec<Bytes>, }"));
    let refused = |field: &str, fragment: &str| {
        refuses(psom_type(&format!("struct A {{ a: i32, {field} }}")), &[fragment]);
    };
    refused("b: &str", "a field is an owned PSOM type");
    refused("b: [u8]", "a field is an owned PSOM type");
    refused("b: (i32, i32)", "a field is an owned PSOM type");
    refused("#[cfg(test)] b: i32", "cannot depend on `#[cfg]`");
    refused("#[wire] b: i32", "`wire` takes the interface's own name");
    refused("#[wire(name = \"a b\")] b: i32", "is made of ASCII letters");
    refused("#[wire(name = \"a\")] b: i32", "`a` has the wire name `a` already");
    refuses(psom_type("struct A<T> { a: T, b: T }"), &["is not generic"]);
}

#[test]
fn several_mistakes_are_reported_at_once() {
    let item = "enum A<T> { B(T), C = X, D = 1, E = 1 }";
    refuses(
        psom_type(item),
        &[
            "is not generic",
            "write `#[repr(i32)]`",
            "has no fields",
            "is written out",
            "add a variant",
            "`D` is 1 already",
        ],
    );
}
