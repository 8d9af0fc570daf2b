//! What the core promises, seen from outside.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod audit;
mod audit_failure;
mod capture;
mod catalog;
mod catalog_text;
mod danger;
mod fixture;
mod observability;
mod policy;
mod scope;
mod scope_model;
mod shield;
mod shield_model;
mod types;
