//! Programs that the macros accept, and the errors of the macros for invalid programs.

use std::process::Command;

/// The compiler that produced the `.stderr` files. The texts of its own errors differ between
/// versions.
const STDERR_COMPILER: &str = "rustc 1.95";

#[test]
fn each_mistake_is_one_error_at_its_token() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap().stdout;
    if String::from_utf8_lossy(&version).starts_with(STDERR_COMPILER) {
        cases.compile_fail("ui/fail/*.rs");
    } else {
        println!("skipped the failing cases: their expected errors are those of {STDERR_COMPILER}");
    }
}
