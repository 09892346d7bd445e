//! Tests that the layout checks detect violations, with small crates as input.

use super::{
    Crate, Files, Layers, MAX_LINES_PER_FILE, cycles, imports::imports, is_too_long,
    layer_violations, shared_names,
};

fn files(files: &[(&str, &str)]) -> Files {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Returns the cycles of a crate with these files, each as file names separated by spaces.
fn cycles_of(sources: &[(&str, &str)]) -> Vec<String> {
    let imports = imports(&Crate::parse(&files(sources)));
    cycles(&imports)
        .into_iter()
        .map(|cycle| cycle.into_iter().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Returns the cycles of three files `a`, `b` and `c` below `lib.rs`.
fn cycles_of_three(a: &str, b: &str, c: &str) -> Vec<String> {
    cycles_of(&[("lib.rs", "mod a; mod b; mod c;"), ("a.rs", a), ("b.rs", b), ("c.rs", c)])
}

#[test]
fn imports_in_one_direction_form_no_cycle() {
    let cycles = cycles_of_three(
        "use crate::{b::B, c::{self, C}}; pub struct A;",
        "use super::c::*; pub struct B(C);",
        "pub struct C;",
    );
    assert_eq!(cycles, [""; 0]);
}

#[test]
fn cycle_through_three_files_is_one_cycle() {
    let cycles = cycles_of_three(
        "use crate::b::B; pub struct A;",
        "use crate::c::C; pub struct B;",
        "use crate::a::A; pub struct C;",
    );
    assert_eq!(cycles, ["a.rs b.rs c.rs"]);
}

#[test]
fn nested_use_trees_are_followed() {
    let cycles = cycles_of_three(
        "use crate::{c::C, b::{B as Other, more::*}}; pub struct A;",
        "use super::{a::{A, Missing}, c::C}; pub struct B; pub mod more {}",
        "pub struct C;",
    );
    assert_eq!(cycles, ["a.rs b.rs"]);
}

#[test]
fn qualified_paths_are_imports() {
    for (a, b) in [
        ("pub fn a() -> crate::b::B { todo!() }", "pub struct B(super::a::Unknown);"),
        ("use crate::b; pub fn a() { b::b() }", "use crate::a; pub fn b() { a::a() }"),
        (
            "pub fn a() { assert!(crate::b::b()) }",
            "pub fn b() -> bool { self::inner::go() } mod inner { pub fn go() -> bool { super::super::a::a(); true } }",
        ),
        (
            "#[made(by = crate::b::B)] pub struct A;",
            "pub struct B; pub fn b() { { use crate::a::A; } }",
        ),
    ] {
        assert_eq!(cycles_of_three(a, b, ""), ["a.rs b.rs"], "{a} {b}");
    }
}

#[test]
fn names_from_a_glob_lead_to_their_file() {
    let cycles =
        cycles_of_three("use super::b::*; pub struct A(B);", "use super::a::A; pub struct B;", "");
    assert_eq!(cycles, ["a.rs b.rs"]);
    let unused =
        cycles_of_three("use super::b::*; pub struct A;", "use super::a::A; pub struct B;", "");
    assert_eq!(unused, [""; 0]);
}

#[test]
fn names_made_by_a_macro_lead_to_their_file() {
    let cycles = cycles_of_three(
        "use crate::b::EchoProxy; pub struct A;",
        "use crate::a::A; #[psom_interface] pub trait Echo {}",
        "",
    );
    assert_eq!(cycles, ["a.rs b.rs"]);
}

#[test]
fn path_through_a_facade_leads_behind_it() {
    let facade = [
        ("lib.rs", "mod folder; mod user; pub use folder::Part; pub use user::User;"),
        ("folder/mod.rs", "mod part; mod other; pub use part::*; pub(crate) use other::Other;"),
        ("folder/part.rs", "pub struct Part;"),
        ("folder/other.rs", "use super::Part; pub struct Other;"),
        ("user.rs", "use crate::{Part, folder::Other}; pub struct User;"),
    ];
    assert_eq!(cycles_of(&facade), [""; 0]);

    let mut cyclic = facade;
    cyclic[2].1 = "use crate::User; pub struct Part;";
    assert_eq!(cycles_of(&cyclic), ["folder/other.rs folder/part.rs user.rs",][..]);
}

#[test]
fn facade_with_code_is_an_ordinary_file() {
    let cycles = cycles_of(&[
        ("lib.rs", "mod folder;"),
        ("folder/mod.rs", "mod part; pub use part::Part; pub struct Whole(Part);"),
        ("folder/part.rs", "use super::Whole; pub struct Part;"),
    ]);
    assert_eq!(cycles, ["folder/mod.rs folder/part.rs"]);
}

#[test]
fn crate_can_refer_to_itself_by_name() {
    let cycles = cycles_of(&[
        ("lib.rs", "extern crate self as own; mod a; mod b;"),
        ("a.rs", "use own::b::B; pub struct A;"),
        ("b.rs", "use ::std::fmt; pub struct B(own::a::A);"),
    ]);
    assert_eq!(cycles, ["a.rs b.rs"]);
}

#[test]
fn test_code_may_import_everything() {
    let cycles = cycles_of(&[
        ("lib.rs", "mod a; #[cfg(test)] mod helpers;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::helpers::help; }"),
        ("helpers.rs", "use crate::a::A; pub fn help() {}"),
    ]);
    assert_eq!(cycles, [""; 0]);
}

#[test]
fn import_from_a_higher_layer_is_detected() {
    const LAYERS: Layers = &[&["wire", "net/frame"], &["session"], &["net"]];
    let sources = [
        ("lib.rs", "mod net; mod session; mod wire; use net::Net;"),
        ("net/mod.rs", "mod frame; use crate::session::Session; pub struct Net;"),
        ("net/frame.rs", "pub struct Frame;"),
        ("session.rs", "use crate::wire::Wire; pub struct Session(crate::net::frame::Frame);"),
        ("wire/mod.rs", "pub mod int; pub struct Wire;"),
        ("wire/int.rs", ""),
    ];
    let violations =
        |sources: &[_]| layer_violations(LAYERS, &imports(&Crate::parse(&files(sources))));
    assert_eq!(violations(&sources), [""; 0]);

    let mut upwards = sources;
    upwards[5].1 = "use super::super::{net::Net, session::Session};";
    let expected = ["wire/int.rs imports from net/mod.rs", "wire/int.rs imports from session.rs"];
    assert_eq!(violations(&upwards), expected);

    let mut unlisted = sources;
    unlisted[0].1 = "mod net; mod session; mod wire; mod helpers;";
    unlisted[5] = ("helpers.rs", "");
    unlisted[4].1 = "pub struct Wire;";
    assert_eq!(violations(&unlisted), ["helpers.rs has no layer"]);
}

#[test]
fn types_with_the_same_name_are_detected() {
    let parsed = Crate::parse(&files(&[
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests { struct State; }"),
        ("a.rs", "pub struct State; #[cfg(unix)] type Id = u8; #[cfg(not(unix))] type Id = u16;"),
        (
            "b.rs",
            "mod inner { enum State {} } fn b() { trait Shape {} struct Text; } struct Shape;",
        ),
    ]));
    let expected = [("State", vec!["a.rs", "b.rs"])];
    assert_eq!(shared_names(&parsed).into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn file_of_601_lines_is_too_long() {
    assert!(!is_too_long(&"line\n".repeat(MAX_LINES_PER_FILE)));
    assert!(is_too_long(&"line\n".repeat(MAX_LINES_PER_FILE + 1)));
}
