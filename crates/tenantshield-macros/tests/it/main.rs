//! Behaviour of `#[derive(TenantAware)]`.

mod derive;

/// SEED-B6. What does not compile, with the words that the compiler says.
#[test]
fn a_model_that_cannot_be_isolated_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
