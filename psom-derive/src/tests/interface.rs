//! The errors of `#[psom_interface]` for its arguments and for the trait as a whole.

use super::{GOOD, accepts, interface, messages, methods, rejects};

#[track_caller]
fn arguments(args: &str, fragments: &[&str]) {
    rejects(interface(args, "trait GoodServer { fn s_ping(&mut self); }"), fragments);
}

#[test]
fn valid_interface_is_accepted() {
    arguments(GOOD, &[]);
    arguments(r#"version = 1, hash = -9223372036854775808, name = "A", crate = crate::b"#, &[]);
    arguments(r#"name = "A", version = 2147483647, hash = 0xff,"#, &[]);
    accepts(interface(GOOD, "pub(crate) trait GoodServer: Send + Debug where Self: Sized {}"));
}

#[test]
fn arguments_have_keys_and_values() {
    let no_key = "`key = value`, where the key is `name`, `version`, `hash` or `crate`";
    arguments(r#""A", name = "A", version = 1, hash = 1"#, &[no_key]);
    arguments(r#"name("A"), version = 1, hash = 1"#, &["the value of `name` is missing"]);
    arguments("name, version = 1, hash = 1", &["the value of `name` is missing"]);
    arguments(r#"name = "A", version = , hash = 1"#, &["the value of `version` is missing"]);
    arguments(r#"name = "A", version = 1, hash ="#, &["the value of `hash` is missing"]);
    arguments(r#"name = "A" version = 1, hash = 1"#, &["a `,` is missing between"]);
    arguments(r#"name = "A", version = 1 + 2, hash = 1"#, &["a `,` is missing between"]);
}

#[test]
fn unknown_and_repeated_arguments_are_rejected() {
    let unknown = "unknown argument `hsah`: write `name`, `version`, `hash` or `crate`";
    arguments(r#"name = "A", version = 1, hsah = 1"#, &[unknown]);
    arguments(r#"name = "A", name = "B", version = 1, hash = 1"#, &["`name` is given twice"]);
    let crates = r#"name = "A", version = 1, hash = 1, crate = ::a, crate = ::b"#;
    arguments(crates, &["`crate` is given twice"]);
    arguments(r#"name = "A", version = 1, hash = 1, crate = a::b"#, &["write `crate = ::name`"]);
    arguments(r#"name = "A", version = 1, hash = 1, crate = "a""#, &["write `crate = ::name`"]);
}

#[test]
fn interface_name_is_a_nonempty_string() {
    arguments("", &["has no name", "has no version"]);
    arguments("version = 1, hash = 1", &["has no name"]);
    arguments(r#"name = " ", version = 1, hash = 1"#, &["cannot be empty"]);
    arguments("name = A, version = 1, hash = 1", &["is a string"]);
}

#[test]
fn versions_are_positive_and_ascend() {
    arguments(r#"name = "A""#, &["has no version"]);
    for version in ["0", "-1", "2147483648", "\"1\"", "1.0", "one"] {
        let args = format!(r#"name = "A", version = {version}, hash = 1"#);
        arguments(&args, &["a whole number from 1 to 2147483647"]);
    }
    let falling = r#"name = "A", version = 2, hash = 1, version = 1, hash = 1"#;
    arguments(falling, &["1 follows 2"]);
    let equal = r#"name = "A", version = 2, hash = 1, version = 2, hash = 1"#;
    arguments(equal, &["2 follows 2"]);
}

#[test]
fn each_version_has_one_hash() {
    arguments(r#"name = "A", version = 1"#, &["version 1 has no hash"]);
    let middle = r#"name = "A", version = 1, hash = 1, version = 2, version = 3, hash = 3"#;
    arguments(middle, &["version 2 has no hash"]);
    arguments(r#"name = "A", hash = 1"#, &["a hash follows its version"]);
    let first = r#"name = "A", hash = 1, version = 1, hash = 1"#;
    arguments(first, &["a hash follows its version"]);
    arguments(r#"name = "A", version = 1, hash = 1, hash = 2"#, &["already has a hash"]);
    for hash in ["9223372036854775808", "-9223372036854775809", "\"1\"", "1.5"] {
        let args = format!(r#"name = "A", version = 1, hash = {hash}"#);
        arguments(&args, &["a hash has 64 bits"]);
    }
    for hash in ["0xffff_ffff_ffff_ffff", "0x0", "-0x7fff_ffff_ffff_ffff", "0xFFFFFFFFFFFFFFFF"] {
        arguments(&format!(r#"name = "A", version = 1, hash = {hash}"#), &[]);
    }
    for hash in ["0x1_ffff_ffff_ffff_ffff", "-0xffff_ffff_ffff_ffff"] {
        let args = format!(r#"name = "A", version = 1, hash = {hash}"#);
        arguments(&args, &["a hash has 64 bits"]);
    }
}

#[test]
fn missing_hash_is_suggested() {
    let suggested = |item: &str| {
        let message = messages(interface(r#"name = "A", version = 1"#, item)).remove(0);
        let number = |text: &str| text.split_once("0x").map(|(_, rest)| rest[..16].to_owned());
        let (here, other) = message.split_once("here and").unwrap();
        (number(here).unwrap(), number(other).unwrap())
    };
    let (server, client) = (suggested("trait AServer {}"), suggested("trait AClient {}"));
    assert_ne!(server.0, server.1);
    assert_ne!(server.0, client.0, "each half has a number of its own");
    assert_eq!(server, suggested("trait AServer {}"), "a second build prints the same error");
    let pasted = format!(r#"name = "A", version = 1, hash = 0x{}"#, server.0);
    arguments(&pasted, &[]);
}

#[test]
fn interface_name_has_no_white_space() {
    for name in ["A B", "A\\n", "\\u{7}A", "A\\u{a0}B"] {
        arguments(&format!("name = \"{name}\", version = 1, hash = 1"), &["no white space"]);
    }
}

#[test]
fn methods_have_different_names() {
    let item = "trait A { fn s_a(&mut self); fn s_a(&mut self, b: i32); }";
    rejects(interface(GOOD, item), &["keep its wire name with `#[wire(name = \"sA\")]`"]);
}

#[test]
fn second_attribute_is_one_error() {
    let item = "#[psom::psom_interface(name = 1)] trait A { fn s_a(&mut self); }";
    rejects(interface(GOOD, item), &["`#[psom_interface]` is given twice"]);
}

#[test]
fn interface_is_an_ordinary_trait() {
    rejects(interface(GOOD, "struct Good;"), &["write it above `trait …`"]);
    rejects(interface(GOOD, "trait Good<T> {}"), &["cannot be generic"]);
    rejects(interface(GOOD, "trait Good<'a, T: Send> {}"), &["cannot be generic"]);
    rejects(interface(GOOD, "unsafe trait Good {}"), &["an ordinary trait"]);
    rejects(interface(GOOD, "auto trait Good {}"), &["an ordinary trait"]);
}

#[test]
fn trait_contains_only_methods() {
    let only = "contains only methods";
    rejects(methods("type A; const B: i32; c!();"), &[only, only, only]);
}

#[test]
fn interface_has_at_most_127_methods() {
    let declare = |count| (0..count).map(|i| format!("fn m{i}(&mut self);")).collect::<String>();
    accepts(methods(&declare(127)));
    rejects(methods(&declare(128)), &["at most 127 methods"]);
    rejects(methods(&declare(300)), &["this one has 300"]);
}

#[test]
fn several_errors_are_reported_at_once() {
    let args = r#"name = "", version = 0, colour = "red", hash = "x""#;
    let item = "trait Bad<T> {
        fn s_first(&self, pair: (i32, i32)) -> i32;
        #[since = 7] fn filter(&mut self, text: &str, cx: &mut Context<Self>);
        type Item;
    }";
    let expected = [
        "cannot be empty",
        "a whole number",
        "unknown argument `colour`",
        "a hash has 64 bits",
        "cannot be generic",
        "the receiver",
        "returns nothing",
        "a tuple is no PSOM type",
        "`since` takes one version",
        "the context is the first parameter",
        "contains only methods",
        "`filter` is reserved for",
    ];
    rejects(interface(args, item), &expected);
}
