//! Behaviour of the tenant layer and its resolvers.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "tests and their helpers may fail loudly"
)]

mod answers;
mod api_key;
mod coverage;
mod directory;
mod events;
mod host;
mod jwt;
mod layer;
mod path;
mod problem;
mod session;
mod support;
mod ui;
