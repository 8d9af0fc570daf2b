//! The tenant that the host name stands for.
//!
//! `acme.example.com` names `acme` when `example.com` is a base domain; a custom domain names the
//! tenant that the map gives it. Everything else about hosts is a way to be fooled, so the host is
//! brought to one canonical form or refused, and proxies are believed only when configured.

mod authority;
mod forwarded;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use http::header;
use http::request::Parts;
use tenantshield_core::{ClaimSource, Claims, TenantClaim, TenantId};

use crate::error::{Error, ResolveError, fault};
use crate::peer::{Cidr, peer_address};
use crate::resolve::host::authority::Authority;
use crate::resolve::host::forwarded::forwarded_host;
use crate::resolve::{Resolver, SyncResolver};

const RESERVED: [&str; 12] = [
    "admin", "api", "app", "assets", "auth", "cdn", "login", "mail", "static", "status", "support",
    "www",
];

/// Which hosts name which tenants.
///
/// # Shape
/// Empty at first: without a base domain and without a custom domain every host is unknown.
#[derive(Clone, Debug)]
#[must_use]
pub struct HostOptions {
    base_domains: BTreeSet<String>,
    custom_domains: BTreeMap<String, TenantId>,
    neutral_hosts: BTreeSet<String>,
    reserved_labels: BTreeSet<String>,
    trusted_proxies: Vec<Cidr>,
}

impl HostOptions {
    /// Starts with no domain and the usual reserved labels (`www`, `api`, `admin`, …).
    pub fn new() -> Self {
        Self {
            base_domains: BTreeSet::new(),
            custom_domains: BTreeMap::new(),
            neutral_hosts: BTreeSet::new(),
            reserved_labels: RESERVED.into_iter().map(str::to_owned).collect(),
            trusted_proxies: Vec::new(),
        }
    }

    /// Adds a domain whose direct children are tenants; the domain itself claims nothing.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not a plain name of two labels or more.
    pub fn with_base_domain(mut self, domain: &str) -> Result<Self, Error> {
        let name = canonical(domain, "base domain")?;
        if !name.contains('.') {
            return Err(Error::configuration(
                "base domain",
                "name at least two labels",
            ));
        }
        self.base_domains.insert(name);
        Ok(self)
    }

    /// Maps one exact host to one tenant.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not a plain name, or already maps to another tenant.
    pub fn with_custom_domain(mut self, domain: &str, tenant: TenantId) -> Result<Self, Error> {
        let name = canonical(domain, "custom domain")?;
        match self.custom_domains.get(&name) {
            Some(known) if *known != tenant => Err(Error::configuration(
                "custom domain",
                "a domain belongs to one tenant",
            )),
            _ => {
                self.custom_domains.insert(name, tenant);
                Ok(self)
            }
        }
    }

    /// Adds a host of the service that stands for no tenant, such as `localhost` for a probe.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not a plain name.
    pub fn with_neutral_host(mut self, host: &str) -> Result<Self, Error> {
        let name = canonical(host, "neutral host")?;
        self.neutral_hosts.insert(name);
        Ok(self)
    }

    /// Adds a label that is never a tenant under a base domain; such a host claims nothing.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not one label.
    pub fn with_reserved_label(mut self, label: &str) -> Result<Self, Error> {
        let name = canonical(label, "reserved label")?;
        if name.contains('.') {
            return Err(Error::configuration("reserved label", "give one label"));
        }
        self.reserved_labels.insert(name);
        Ok(self)
    }

    /// Believes `Forwarded` and `X-Forwarded-Host` from peers in this network.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is not a network as `10.0.0.0/8`.
    ///
    /// # Security
    /// Needs [`PeerAddr`](crate::PeerAddr) in the request; without it no proxy is believed.
    pub fn with_trusted_proxy(mut self, network: &str) -> Result<Self, Error> {
        self.trusted_proxies.push(network.parse()?);
        Ok(self)
    }
}

impl Default for HostOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads the tenant from the host name.
///
/// # Shape
/// One label below a base domain, or an exact custom domain, is a claim; a base domain, a
/// reserved label and a neutral host claim nothing; any other host is unknown. The label is
/// compared in lower case, so tenants named by host have lower-case ids.
///
/// # Security
/// Refused with 400: no host or several, lists, userinfo, a trailing dot, IP literals in
/// brackets, non-ASCII and (below a base domain) punycode, and a request target that names
/// another host than `Host` does. The server name of TLS is not compared: it is not part of a
/// request's head.
///
/// # Source
/// [RFC 9112, section 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2),
/// [RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)
///
/// # Examples
/// ```
/// use tenantshield_tower::{HostOptions, HostResolver};
///
/// let options = HostOptions::new().with_base_domain("example.com")?;
/// let resolver = HostResolver::new(options);
/// # let _ = resolver;
/// # Ok::<(), tenantshield_tower::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostResolver {
    options: HostOptions,
}

impl HostResolver {
    /// Resolves by these options.
    pub fn new(options: HostOptions) -> Self {
        Self { options }
    }

    fn effective_host(&self, parts: &Parts) -> Result<Authority, ResolveError> {
        let received = received_host(parts)?;
        let peer_is_trusted = peer_address(&parts.extensions).is_some_and(|peer| {
            self.options
                .trusted_proxies
                .iter()
                .any(|one| one.contains(peer))
        });
        if peer_is_trusted && let Some(host) = forwarded_host(&parts.headers)? {
            return Ok(host);
        }
        Ok(received)
    }

    fn tenant_of(&self, host: &str) -> Result<Option<TenantId>, ResolveError> {
        let options = &self.options;
        if let Some(tenant) = options.custom_domains.get(host) {
            return Ok(Some(tenant.clone()));
        }
        if options.neutral_hosts.contains(host) || options.base_domains.contains(host) {
            return Ok(None);
        }
        // SECURITY: a punycode label can look like a neighbour's name to a person.
        if host.split('.').any(|label| label.starts_with("xn--")) {
            return Err(fault::HOST_MALFORMED);
        }
        let (label, parent) = host.split_once('.').ok_or(fault::HOST_UNKNOWN)?;
        if !options.base_domains.contains(parent) {
            return Err(fault::HOST_UNKNOWN);
        }
        if options.reserved_labels.contains(label) {
            return Ok(None);
        }
        TenantId::new(label)
            .map(Some)
            .map_err(|_| fault::HOST_MALFORMED)
    }
}

impl SyncResolver for HostResolver {
    fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        let host = self.effective_host(parts)?;
        Ok(match self.tenant_of(host.name())? {
            Some(tenant) => Claims::new().with_claim(TenantClaim::said(tenant, ClaimSource::Host)),
            None => Claims::new(),
        })
    }
}

#[async_trait]
impl Resolver for HostResolver {
    async fn resolve(&self, parts: &Parts) -> Result<Claims, ResolveError> {
        SyncResolver::resolve(self, parts)
    }
}

/// The one host that the request's head names, in `Host` and in the target alike.
fn received_host(parts: &Parts) -> Result<Authority, ResolveError> {
    let mut values = parts.headers.get_all(header::HOST).iter();
    let header = values.next();
    if values.next().is_some() {
        return Err(fault::HOST_MALFORMED);
    }
    let header = header
        .map(|value| {
            value
                .to_str()
                .ok()
                .and_then(Authority::parse)
                .ok_or(fault::HOST_MALFORMED)
        })
        .transpose()?;
    let target = parts
        .uri
        .authority()
        .map(|found| Authority::parse(found.as_str()).ok_or(fault::HOST_MALFORMED))
        .transpose()?;
    match (header, target) {
        (Some(header), Some(target)) => {
            let default = if parts.uri.scheme_str() == Some("https") {
                443
            } else {
                80
            };
            let ports_agree = header.port_or(default) == target.port_or(default);
            if header.name() == target.name() && ports_agree {
                Ok(header)
            } else {
                Err(fault::HOST_MISMATCH)
            }
        }
        (Some(host), None) | (None, Some(host)) => Ok(host),
        (None, None) => Err(fault::HOST_MALFORMED),
    }
}

fn canonical(text: &str, option: &'static str) -> Result<String, Error> {
    let wrong = || Error::configuration(option, "give a plain ASCII name without a port");
    let found = Authority::parse(text).ok_or_else(wrong)?;
    if found.has_port() {
        Err(wrong())
    } else {
        Ok(found.name().to_owned())
    }
}
