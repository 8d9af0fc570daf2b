//! The long text: a guide, the threat model, and what other systems teach.
//!
//! It lives beside the code so that its examples are compiled and run with every test.

#[cfg(all(feature = "axum", feature = "sqlx"))]
#[doc = include_str!("_guide/guide.md")]
pub mod guide {}

#[doc = include_str!("_guide/threat_model.md")]
pub mod threat_model {}

#[doc = include_str!("_guide/leaks.md")]
pub mod leaks {}
