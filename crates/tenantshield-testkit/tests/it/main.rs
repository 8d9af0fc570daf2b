//! The kit on itself, and every adapter in the kit.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails, and the counts of a run belong to its output"
)]

mod conformance;
mod escape;
mod naive;
mod through;

/// The server that tests run on; its absence fails them.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command hands the server over this way"
)]
fn postgres_url() -> String {
    std::env::var("TENANTSHIELD_TEST_POSTGRES_URL")
        .expect("TENANTSHIELD_TEST_POSTGRES_URL names the server, `cargo xtask test` sets it")
}
