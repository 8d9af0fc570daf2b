//! Who is at the other end of the connection, and whether it is one of our own proxies.
//!
//! A forwarded header is worth what its sender is worth: it is read only when the peer's address
//! lies in a configured network.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::Extensions;

use crate::error::Error;

/// The address of the connection's other end, put into the request's extensions by the server.
///
/// # Examples
/// ```
/// use tenantshield_tower::PeerAddr;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(PeerAddr::new("10.0.0.7:40000".parse().unwrap()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(SocketAddr);

impl PeerAddr {
    /// Names the peer.
    pub const fn new(address: SocketAddr) -> Self {
        Self(address)
    }

    /// The address.
    pub const fn address(&self) -> SocketAddr {
        self.0
    }
}

/// Reads the peer's address: [`PeerAddr`], and with the feature `axum` also its `ConnectInfo`.
pub(crate) fn peer_address(extensions: &Extensions) -> Option<IpAddr> {
    if let Some(peer) = extensions.get::<PeerAddr>() {
        return Some(peer.0.ip());
    }
    #[cfg(feature = "axum")]
    if let Some(info) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(info.0.ip());
    }
    None
}

/// A network in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`.
///
/// # Shape
/// Bits below the prefix must be zero: `10.0.0.1/8` is refused as a probable slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u32,
}

impl Cidr {
    /// Whether the address lies in the network; an IPv4 address in IPv6 clothes counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || Error::configuration("trusted_proxies", "write networks as 10.0.0.0/8");
        let (network, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let network: IpAddr = network.parse().map_err(|_| wrong())?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let prefix: u32 = prefix.parse().map_err(|_| wrong())?;
        let host_bits_are_zero = match network {
            IpAddr::V4(address) if prefix <= 32 => {
                address.to_bits() & u32::MAX.checked_shr(prefix).unwrap_or(0) == 0
            }
            IpAddr::V6(address) if prefix <= 128 => {
                address.to_bits() & u128::MAX.checked_shr(prefix).unwrap_or(0) == 0
            }
            IpAddr::V4(_) | IpAddr::V6(_) => false,
        };
        if host_bits_are_zero {
            Ok(Self { network, prefix })
        } else {
            Err(wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_own_addresses_and_no_others() {
        let network: Cidr = "10.0.0.0/8".parse().unwrap();
        assert!(network.contains("10.255.0.1".parse().unwrap()));
        assert!(network.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!network.contains("11.0.0.1".parse().unwrap()));
        assert!(!network.contains("fd00::1".parse().unwrap()));
        let all: Cidr = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("203.0.113.9".parse().unwrap()));
        assert!(!all.contains("::1".parse().unwrap()));
        let one: Cidr = "::1/128".parse().unwrap();
        assert!(one.contains("::1".parse().unwrap()));
        assert!(!one.contains("::2".parse().unwrap()));
    }

    #[test]
    fn a_sloppy_network_is_refused() {
        for text in [
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/+8",
            "/8",
            "a/8",
        ] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }
}
