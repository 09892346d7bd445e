//! Mistakes in object types are compile errors at the offending token.
#![allow(missing_docs, reason = "tests")]

#[test]
fn mistakes_are_errors_at_their_tokens() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass.rs");
    cases.compile_fail("tests/ui/fail_*.rs");
}
