//! The tenant a client names in the path.
//!
//! Routers and proxies differ in how they decode and fold paths. Whatever two of them could read
//! in two ways is refused here, so that the claim is about the path the router will see.

use async_trait::async_trait;
use http::request::Parts;
use tenantshield_core::{ClaimSource, Claims, TenantClaim, TenantId};

use crate::error::{Error, ResolveError, fault};
use crate::resolve::{Resolver, SyncResolver};

const PLACEHOLDER: &str = "{tenant}";

/// Reads a tenant id from a segment of the path, after a template such as `/t/{tenant}`.
///
/// # Shape
/// A path that does not begin with the template makes no claim. Empty segments, dot segments and
/// backslashes are refused anywhere in the path; percent-encoding is refused in every segment
/// that the template covers, the fixed ones included.
///
/// With the feature `axum` the path before nesting is read.
#[derive(Clone, Debug)]
pub struct PathResolver {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug)]
enum Segment {
    Fixed(String),
    Tenant,
}

impl PathResolver {
    /// Reads the template: fixed segments of letters, digits, `.`, `_`, `-` and one `{tenant}`.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the template does not start with `/`, ends with it, or has
    /// no or more than one `{tenant}`.
    pub fn new(template: &str) -> Result<Self, Error> {
        let wrong = || Error::configuration("path template", "write it as /t/{tenant}");
        let rest = template.strip_prefix('/').ok_or_else(wrong)?;
        let segments = rest
            .split('/')
            .map(|segment| {
                if segment == PLACEHOLDER {
                    Ok(Segment::Tenant)
                } else if is_fixed(segment) {
                    Ok(Segment::Fixed(segment.to_owned()))
                } else {
                    Err(wrong())
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        let places = segments
            .iter()
            .filter(|one| matches!(one, Segment::Tenant))
            .count();
        if places == 1 {
            Ok(Self { segments })
        } else {
            Err(wrong())
        }
    }
}

fn is_fixed(segment: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed)
}

impl SyncResolver for PathResolver {
    fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        let path = original_path(parts);
        let Some(rest) = path.strip_prefix('/') else {
            return Ok(Claims::new());
        };
        refuse_unclear(rest, self.segments.len())?;
        let mut given = rest.split('/');
        let mut tenant = None;
        for segment in &self.segments {
            let Some(text) = given.next() else {
                return Ok(Claims::new());
            };
            match segment {
                Segment::Fixed(fixed) if fixed == text => {}
                Segment::Fixed(_) => return Ok(Claims::new()),
                Segment::Tenant => tenant = Some(text),
            }
        }
        let Some(text) = tenant else {
            return Ok(Claims::new());
        };
        let tenant = TenantId::new(text).map_err(|_| fault::PATH_MALFORMED)?;
        Ok(Claims::new().with_claim(TenantClaim::said(tenant, ClaimSource::Path)))
    }
}

#[async_trait]
impl Resolver for PathResolver {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        SyncResolver::resolve(self, parts)
    }
}

/// Refuses what a router or a proxy could read as another path.
fn refuse_unclear(path: &str, covered: usize) -> Result<(), ResolveError> {
    let count = path.split('/').count();
    for (position, segment) in path.split('/').enumerate() {
        let is_trailing_slash = position + 1 == count && position > 0;
        let is_root = path.is_empty();
        if segment.is_empty() && !is_trailing_slash && !is_root {
            return Err(fault::PATH_MALFORMED);
        }
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        let hides_a_separator = plain.contains("%2f") || plain.contains("%5c");
        if matches!(plain.as_str(), "." | "..") || plain.contains('\\') || hides_a_separator {
            return Err(fault::PATH_MALFORMED);
        }
        if position < covered && segment.contains('%') {
            return Err(fault::PATH_MALFORMED);
        }
    }
    Ok(())
}

#[cfg(feature = "axum")]
fn original_path(parts: &Parts) -> &str {
    parts
        .extensions
        .get::<axum::extract::OriginalUri>()
        .map_or_else(|| parts.uri.path(), |original| original.0.path())
}

#[cfg(not(feature = "axum"))]
fn original_path(parts: &Parts) -> &str {
    parts.uri.path()
}
