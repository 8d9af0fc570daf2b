//! Drives the built binary from outside, as its users do.

#![expect(
    clippy::expect_used,
    reason = "a failed step of a test's helper fails the test"
)]

mod catalog;
mod demo;
mod explain;
mod guard;
mod guard_input;
mod help;
mod run;
