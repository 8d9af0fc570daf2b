//! Promises of types.

/// FLAW-04: a request cannot carry a context that the shield did not make.
#[test]
fn a_tenant_extractor_cannot_be_forged() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
