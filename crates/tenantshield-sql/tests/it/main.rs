//! The guard's behaviour as its users see it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod barrier;
mod cache;
mod corpus;
mod envelope;
mod fence;
mod harness;
mod limits;
mod placement;
mod policy;
mod property;
mod read;
mod refusal;
mod render;
mod scope;
mod write;
