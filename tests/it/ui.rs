//! What the macros accept, and what they say to what they refuse.

use std::process::Command;

/// The compiler whose words the `.stderr` files hold: others put the same errors differently.
const WORDED_BY: &str = "rustc 1.95";

#[test]
fn each_mistake_is_one_error_at_its_token() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap().stdout;
    if String::from_utf8_lossy(&version).starts_with(WORDED_BY) {
        cases.compile_fail("ui/fail/*.rs");
    } else {
        println!("only {WORDED_BY} is held to the wording of errors");
    }
}
