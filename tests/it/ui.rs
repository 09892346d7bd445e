//! What the macros accept, and what they say to what they refuse.

#[test]
fn every_mistake_is_one_clear_error_at_its_token() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
