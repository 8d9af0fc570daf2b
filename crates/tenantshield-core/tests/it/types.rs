/// OW-R2, OW-R3, OW-R6, FLAW-04, FLAW-05: what types promise, a compiler checks.
#[test]
fn promises_of_types_are_kept_by_the_compiler() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
