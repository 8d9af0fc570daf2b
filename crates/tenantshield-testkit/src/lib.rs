//! Test kit of `TenantShield`: two-tenant fixtures, the escape corpus runner, the conformance suite.
//!
//! ```
//! use tenantshield_testkit::{corpus, escape};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let line = r#"{"id": "mine", "dialect": "sqlite",
//!     "sql": "SELECT v FROM secrets", "expect": "isolated"}"#.replace('\n', "");
//! let cases = corpus::read(&line).unwrap();
//! let report = escape::run(&cases, &escape::EscapeOptions::new()).await.unwrap();
//! assert!(report.findings().is_empty(), "{report}");
//! # });
//! ```
//!
//! # Modules
//!
//! * [`conformance`]: what every adapter has to show, written once
//! * [`corpus`]: escape cases and how they are read
//! * [`error`]: what can break in the kit itself
//! * [`escape`]: the runner that judges, runs and compares
//! * [`fixture`]: the two mirrored tenants
//! * [`isolate`]: `assert_isolated!`, for tests of your own
//!
//! # Features
//!
//! None.

pub mod conformance;
pub mod corpus;
mod database;
pub mod error;
pub mod escape;
pub mod fixture;
pub mod isolate;

/// The server that tests run on; its absence fails them.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the test command hands the server over this way"
)]
fn test_url() -> String {
    std::env::var("TENANTSHIELD_TEST_POSTGRES_URL")
        .expect("TENANTSHIELD_TEST_POSTGRES_URL names the server, `cargo xtask test` sets it")
}
