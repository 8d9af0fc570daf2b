//! Compiles the Rust blocks of the README and of the book as doc tests.
//!
//! A page that shows code which no longer compiles, or asserts what no longer holds, fails the
//! tests. The pages lie outside of the crate, so this module exists for doc tests only.

#[doc = include_str!("../../../README.md")]
pub(crate) struct Readme;

#[doc = include_str!("../../../docs/catalogue.md")]
pub(crate) struct Catalogue;

#[doc = include_str!("../../../docs/evidence.md")]
pub(crate) struct Evidence;

#[doc = include_str!("../../../docs/guard.md")]
pub(crate) struct Guard;

#[doc = include_str!("../../../docs/http.md")]
pub(crate) struct Http;

#[doc = include_str!("../../../docs/sqlx.md")]
pub(crate) struct Sqlx;

#[doc = include_str!("../../../docs/start.md")]
pub(crate) struct Start;

#[doc = include_str!("../../../docs/testing.md")]
pub(crate) struct Testing;
