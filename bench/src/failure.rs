//! What can go wrong in a measurement.

/// Whatever breaks in a subject; the program only prints it.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
