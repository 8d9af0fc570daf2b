//! The tenant of the code that runs right now.
//!
//! Logs, events and cache keys ask for the tenant where no argument can carry it. A scope belongs
//! to a future or a closure, not to a thread: the slot is exchanged on every poll, so neighbours
//! on one thread never see each other's tenant, and nothing is inherited by a spawned task or
//! another thread unless it is taken along. Database handles are bound once and do not look here.
//!
//! A scope begins at the first poll (`tenant.scope.entered`, `context_bound`) and ends once: at
//! completion or when it is dropped before (`tenant.scope.exited`, `context_released`), or by a
//! panic (`tenant.scope.exception`, `context_released`). An `Err` is a value, not an exception.

mod ambient;
mod future;
mod lane;
mod stream;

use futures_core::Stream;

pub use self::future::Scoped;
pub use self::stream::ScopedStream;
use crate::context::TenantContext;
use crate::error::{AmbiguousContext, Error, MissingContext};

const SYNC_SCOPE: &str = "SyncScope";

impl TenantContext {
    /// Runs a future inside of this tenant's scope.
    ///
    /// # Shape
    /// Destructors of the future see the tenant too, also when it is dropped before its end.
    ///
    /// # Security
    /// Does not reach what the future spawns: take the scope along with
    /// [`TenantScopeExt::in_current_tenant`].
    pub fn scope<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped::new(self.clone(), future)
    }

    /// Runs a stream inside of this tenant's scope.
    ///
    /// # Shape
    /// A body that is streamed after its handler returned is outside of the handler's scope; this
    /// gives it one of its own.
    pub fn scope_stream<S: Stream>(&self, stream: S) -> ScopedStream<S> {
        ScopedStream::new(self.clone(), stream)
    }

    /// Runs a closure inside of this tenant's scope, on this thread.
    ///
    /// # Security
    /// The outer scope is restored when the closure returns and when it panics.
    pub fn sync_scope<R>(&self, body: impl FnOnce() -> R) -> R {
        let mut slot = Some(self.clone());
        let _entered = ambient::enter(&mut slot);
        let bound = lane::Bound::new(self, SYNC_SCOPE);
        let result = body();
        bound.finish();
        result
    }
}

/// Runs a closure inside of a tenant's scope, on this thread.
pub fn tenant_scope<R>(context: &TenantContext, body: impl FnOnce() -> R) -> R {
    context.sync_scope(body)
}

/// The tenant of the innermost scope.
///
/// # Errors
/// [`Error::MissingContext`] outside of any scope.
pub fn current_tenant() -> Result<TenantContext, Error> {
    try_current_tenant().ok_or_else(|| MissingContext::new().into())
}

/// The tenant of the innermost scope, if there is one.
#[must_use]
pub fn try_current_tenant() -> Option<TenantContext> {
    ambient::with(|context| {
        let context = context?;
        Some(context.clone())
    })
}

/// Lends the tenant of the innermost scope, without touching its reference count.
///
/// # Shape
/// The closure may enter further scopes.
#[inline]
pub fn with_current_tenant<R>(body: impl FnOnce(Option<&TenantContext>) -> R) -> R {
    ambient::with(body)
}

/// Checks that no scope of another tenant is in force where `context` is about to be used.
///
/// # Errors
/// [`Error::AmbiguousContext`] when the innermost scope is another tenant's; outside of any scope
/// the explicit context stands alone and is fine.
pub fn ensure_current(context: &TenantContext) -> Result<(), Error> {
    ambient::with(|current| match current {
        Some(current) if current.tenant() != context.tenant() => {
            let (bound, given) = (context.tenant().clone(), current.tenant().clone());
            Err(AmbiguousContext::new(bound, given).into())
        }
        _ => Ok(()),
    })
}

/// Takes the current scope along into a thread pool.
///
/// # Errors
/// [`Error::MissingContext`] outside of any scope.
///
/// # Examples
/// ```
/// # fn run(context: &tenantshield_core::TenantContext) -> Result<(), tenantshield_core::Error> {
/// use tenantshield_core::{current_tenant, in_current_tenant_blocking};
///
/// context.sync_scope(|| {
///     let work = in_current_tenant_blocking(|| current_tenant().is_ok())?;
///     assert!(matches!(std::thread::spawn(work).join(), Ok(true)));
///     Ok(())
/// })
/// # }
/// ```
pub fn in_current_tenant_blocking<F, R>(body: F) -> Result<impl FnOnce() -> R + use<F, R>, Error>
where
    F: FnOnce() -> R,
{
    let context = current_tenant()?;
    Ok(move || context.sync_scope(body))
}

/// Puts futures into a scope by a method, as spawning needs it.
pub trait TenantScopeExt: Future + Sized {
    /// Runs this future inside of a tenant's scope.
    fn in_tenant(self, context: &TenantContext) -> Scoped<Self> {
        context.scope(self)
    }

    /// Takes the current scope along, so that this future can be spawned.
    ///
    /// # Errors
    /// [`Error::MissingContext`] outside of any scope.
    fn in_current_tenant(self) -> Result<Scoped<Self>, Error> {
        Ok(current_tenant()?.scope(self))
    }
}

impl<F: Future> TenantScopeExt for F {}

/// Puts streams into a scope by a method.
pub trait TenantStreamExt: Stream + Sized {
    /// Runs this stream inside of a tenant's scope.
    fn in_tenant(self, context: &TenantContext) -> ScopedStream<Self> {
        context.scope_stream(self)
    }

    /// Takes the current scope along, so that this stream can be polled elsewhere.
    ///
    /// # Errors
    /// [`Error::MissingContext`] outside of any scope.
    fn in_current_tenant(self) -> Result<ScopedStream<Self>, Error> {
        Ok(current_tenant()?.scope_stream(self))
    }
}

impl<S: Stream> TenantStreamExt for S {}
