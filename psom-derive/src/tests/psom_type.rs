//! The errors of `#[derive(PsomType)]`.

use super::{accepts, psom_type, rejects};

#[track_caller]
fn variants(variants: &str, fragments: &[&str]) {
    rejects(psom_type(&format!("#[repr(i32)] enum A {{ {variants} }}")), fragments);
}

#[test]
fn valid_types_are_accepted() {
    variants("B = -2, D = 0x10, E = 2147483647, #[other] Other(i32) = 99", &[]);
    variants("#[other] Other(i32)", &[]);
    variants("A = -2147483648, #[other] Other(i32), B = 1", &[]);
    accepts(psom_type("struct A(Vec<String>);"));
    accepts(psom_type("#[psom(crate = crate::b)] pub struct A(#[doc(hidden)] pub i64);"));
}

#[test]
fn enumeration_has_repr_i32_and_an_other_variant() {
    rejects(psom_type("enum A { B = 1, #[other] C(i32) }"), &["write `#[repr(i32)]`"]);
    rejects(psom_type("#[repr(u8)] enum A { B = 1, #[other] C(i32) }"), &["write `#[repr(i32)]`"]);
    variants("A = 1", &["add a variant `#[other] Other(i32)`"]);
    variants("#[other] A(i32), #[other] B(i32)", &["remove this one"]);
    variants("#[other] #[other] A(i32)", &["`#[other]` is given twice"]);
    variants("#[other(1)] A(i32)", &["`other` takes no arguments"]);
    for fields in ["", "()", "(i64)", "(i32, i32)", "{ a: i32 }"] {
        variants(&format!("#[other] A {fields}"), &["write `#[other] Other(i32)`"]);
    }
}

#[test]
fn variant_has_one_i32_value() {
    let other = "#[other] Other(i32) = 9";
    variants(
        &format!("A(i32), B {{ a: i32 }}, {other}"),
        &["cannot have fields", "cannot have fields"],
    );
    for number in ["A", "1 + 1", "2147483648", "-2147483649", "1.0", "\"1\"", "!1"] {
        variants(&format!("A = {number}, {other}"), &["the value of a variant is an i32 literal"]);
    }
    variants(&format!("A = 1, B, {other}"), &["an inserted variant would change implicit ones"]);
    variants(&format!("A = 1, B = 0, C = 1, {other}"), &["`A` already has the value 1"]);
    variants(&format!("A = X, B = 1, {other}"), &["is an i32 literal"]);
}

#[test]
fn unsupported_types_are_rejected() {
    let supported = "or for a struct with several named fields";
    for item in ["struct A;", "struct A {}", "struct A { a: i32 }", "struct A(i32, i32);"] {
        rejects(psom_type(item), &[supported]);
    }
    rejects(psom_type("union A { a: i32 }"), &[supported]);
    rejects(psom_type("fn a() {}"), &[supported]);
    rejects(psom_type("struct A<T>(T);"), &["cannot be generic"]);
    rejects(psom_type("#[repr(i32)] enum A<T> { #[other] B(i32) }"), &["cannot be generic"]);
    rejects(psom_type("#[psom] struct A(i32);"), &["write `#[psom(crate = ::name)]`"]);
    rejects(psom_type("#[psom(name = 1)] struct A(i32);"), &["unknown argument `name`"]);
    rejects(psom_type("#[psom(crate = a)] struct A(i32);"), &["write `crate = ::name`"]);
}

#[test]
fn flattened_fields_are_owned_and_differ() {
    accepts(psom_type("pub struct A { pub a: i32, #[wire(name = \"c\")] b: Vec<Bytes>, }"));
    let refused = |field: &str, fragment: &str| {
        rejects(psom_type(&format!("struct A {{ a: i32, {field} }}")), &[fragment]);
    };
    refused("b: &str", "the type of a field is an owned PSOM type");
    refused("b: [u8]", "the type of a field is an owned PSOM type");
    accepts(psom_type("struct A { a: Option<i32>, b: Vec<Vec<String>> }"));
    refused("b: (i32, i32)", "the type of a field is an owned PSOM type");
    refused("#[cfg(test)] b: i32", "`#[cfg]` is not allowed here");
    refused("#[wire] b: i32", "`wire` takes the name in the interface's definition");
    refused("#[wire(name = \"a b\")] b: i32", "consists of ASCII letters");
    refused("#[wire(name = \"a\")] b: i32", "`a` already has the wire name `a`");
    rejects(psom_type("struct A<T> { a: T, b: T }"), &["cannot be generic"]);
}

#[test]
fn several_errors_are_reported_at_once() {
    let item = "enum A<T> { B(T), C = X, D = 1, E = 1 }";
    rejects(
        psom_type(item),
        &[
            "cannot be generic",
            "write `#[repr(i32)]`",
            "cannot have fields",
            "is an i32 literal",
            "add a variant",
            "`D` already has the value 1",
        ],
    );
}
