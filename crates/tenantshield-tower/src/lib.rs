//! Resolves the tenant of an HTTP request, admits it through the shield, and runs the handler and
//! its streamed body in that tenant's scope.
//!
//! ```
//! use tenantshield_core::Shield;
//! use tenantshield_tower::{
//!     Combine, HostOptions, HostResolver, JwtOptions, JwtResolver, OnMissingTenant, TenantLayer,
//! };
//!
//! fn layer(shield: Shield, issuers: JwtOptions) -> Result<TenantLayer, tenantshield_tower::Error> {
//!     let host = HostResolver::new(HostOptions::new().with_base_domain("example.com")?);
//!     let resolver = Combine::new().with(host).with(JwtResolver::new(issuers)?);
//!     Ok(TenantLayer::new(shield, resolver).with_on_missing_tenant(OnMissingTenant::Raise))
//! }
//! ```
//!
//! # Modules
//! * [`layer`]: the layer, its service and body, and the proof that it covers a route
//! * [`resolve`]: header, host, path, token, session, API key, closure, and their combination
//! * [`problem`]: the one way out, RFC 9457 problems
//! * [`directory`]: a directory with bounded staleness in front of a slow one
//! * [`peer`]: who sent the request, and which proxies are believed
//! * [`error`]: failures of one request, and of the configuration
//! * `extract` (feature `axum`): the tenant as a handler's argument
//!
//! # Features
//! * `axum`: extractors, `Problem` as a response, `ConnectInfo` as the peer's address
//! * `sqlx`: a row that is not found becomes a 404
//!
//! # Not supported
//! The layer needs tokio's timer. WebSocket and other upgrades are admitted but not bound: bind
//! what lives on after the handshake with `context.scope(..)`. The server name of TLS is not
//! compared with the host. Key sets are not fetched: give keys, and call `JwtResolver::replace`
//! when they rotate. Encrypted and nested tokens are refused.

pub mod directory;
pub mod error;
#[cfg(feature = "axum")]
pub mod extract;
pub mod layer;
pub mod peer;
pub mod problem;
pub mod resolve;

mod credential;

pub use crate::directory::CachedDirectory;
pub use crate::error::{Error, ResolveError, ResolveErrorKind};
#[cfg(feature = "axum")]
pub use crate::extract::{OptionalTenant, Tenant};
pub use crate::layer::{
    Covered, CoveredFuture, CoveredLayer, OnMissingTenant, ResponseCaching, TenantBody,
    TenantFuture, TenantLayer, TenantLayerRan, TenantService, admitted,
};
pub use crate::peer::{Cidr, PeerAddr};
pub use crate::problem::{Problem, RequestId};
pub use crate::resolve::api_key::{ApiKey, ApiKeyPepper, ApiKeyResolver};
pub use crate::resolve::callable::CallableResolver;
pub use crate::resolve::combine::Combine;
pub use crate::resolve::header::HeaderResolver;
pub use crate::resolve::host::{HostOptions, HostResolver};
pub use crate::resolve::jwt::{JwtAlgorithm, JwtIssuer, JwtKey, JwtOptions, JwtResolver};
pub use crate::resolve::path::PathResolver;
pub use crate::resolve::session::{
    MemorySessionStore, SessionId, SessionRecord, SessionResolver, SessionStore, rotate,
};
pub use crate::resolve::{FromSync, Resolver, SyncResolver};
