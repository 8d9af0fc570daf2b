//! From a request's head to what it claims: one trait, seven strategies, and their combination.
//!
//! A resolver never decides. It reports what the request *says* (header, host, path) or what was
//! *verified* (token, session, API key); `Shield::admit` compares all of it and decides. Every
//! resolver reads only [`http::request::Parts`], so none of them knows a web framework.

pub mod api_key;
pub mod callable;
pub mod combine;
pub mod header;
pub mod host;
pub mod jwt;
pub mod path;
pub mod session;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use tenantshield_core::Claims;

use crate::error::ResolveError;

/// Reads from a request's head what it claims to be.
///
/// # Shape
/// `Ok` with empty claims means: this request says nothing that the resolver understands. A value
/// that is present but wrong is an error, never an empty answer.
///
/// # Security
/// Whoever implements it marks a claim as verified only after proving it by cryptography or by a
/// lookup of its own.
#[async_trait]
pub trait Resolver: Debug + Send + Sync {
    /// Reads the claims.
    ///
    /// # Errors
    /// [`ResolveError`], whose kind decides the answer.
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError>;
}

/// The twin of [`Resolver`] for a strategy that needs no waiting.
///
/// Wrap it in [`FromSync`] where a [`Resolver`] is asked for.
pub trait SyncResolver: Debug + Send + Sync {
    /// Reads the claims.
    ///
    /// # Errors
    /// [`ResolveError`], whose kind decides the answer.
    fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError>;
}

/// Makes a [`SyncResolver`] usable as a [`Resolver`].
#[derive(Clone, Debug)]
pub struct FromSync<R>(R);

impl<R: SyncResolver> FromSync<R> {
    /// Wraps the resolver.
    pub fn new(resolver: R) -> Self {
        Self(resolver)
    }
}

#[async_trait]
impl<R: SyncResolver> Resolver for FromSync<R> {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        self.0.resolve(parts)
    }
}

#[async_trait]
impl<R: Resolver + ?Sized> Resolver for Arc<R> {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        (**self).resolve(parts).await
    }
}

#[async_trait]
impl<R: Resolver + ?Sized> Resolver for Box<R> {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        (**self).resolve(parts).await
    }
}
