//! Tenant ids and the values they become in a column.
//!
//! An id is compared byte by byte by everything that holds data, so nothing here trims, folds or
//! repairs: two spellings are two tenants or an error, never one tenant by accident.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest tenant id, in bytes.
pub const MAX_TENANT_ID_BYTES: usize = 128;

/// The name of one tenant.
///
/// # Shape
/// 1 to 128 bytes of ASCII letters, digits, `.`, `_`, `-` and `:`; compared bytewise. Cheap to
/// clone. There is no `From<&str>`: text becomes an id only by passing [`TenantId::new`].
///
/// # Security
/// Being an id proves nothing about whether the tenant exists or who may act for it.
///
/// # Examples
/// ```
/// use tenantshield_core::TenantId;
///
/// assert_eq!(TenantId::new("acme")?.as_str(), "acme");
/// assert!(TenantId::new(" acme").is_err());
/// # Ok::<(), tenantshield_core::InvalidTenantId>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// Checks the text and makes it an id.
    ///
    /// # Errors
    /// [`InvalidTenantId`] when it is empty, too long or has a byte that is not allowed.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidTenantId> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(InvalidTenantId {
                fault: Fault::Empty,
            });
        }
        if text.len() > MAX_TENANT_ID_BYTES {
            return Err(InvalidTenantId {
                fault: Fault::Length,
            });
        }
        if !text.bytes().all(is_allowed) {
            return Err(InvalidTenantId { fault: Fault::Byte });
        }
        Ok(Self(Arc::from(text)))
    }

    /// Makes an id that nobody can guess: 128 random bits in the form of a uuid.
    ///
    /// # Shape
    /// Fits text and uuid columns. It has no version or variant bits, as those would cost entropy.
    ///
    /// # Security
    /// From the process's cryptographic generator, seeded by the operating system. That an id
    /// cannot be guessed is a second line only: knowing it opens nothing.
    #[must_use]
    pub fn random() -> Self {
        // Of a version 4 uuid the bytes 0..6 and 9..16 are random in full; eight of each are used.
        let (one, two) = (
            uuid::Uuid::new_v4().as_u128(),
            uuid::Uuid::new_v4().as_u128(),
        );
        let half = |value: u128| ((value >> 80) << 16) | (value & 0xffff);
        let bits = (half(one) << 64) | half(two);
        Self(Arc::from(
            uuid::Uuid::from_u128(bits).hyphenated().to_string(),
        ))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as the value of a tenant column of this type.
    ///
    /// # Shape
    /// `Integer` takes the decimal form of an `i64` without plus sign, leading zeros or `-0`;
    /// `Uuid` takes the lower-case hyphenated form only.
    ///
    /// # Errors
    /// [`InvalidTenantId`] when the id is not in exactly that form; it is never coerced.
    pub fn to_value(&self, kind: TenantType) -> Result<TenantValue, InvalidTenantId> {
        match kind {
            TenantType::Integer => {
                canonical_integer(&self.0)
                    .map(TenantValue::Integer)
                    .ok_or(InvalidTenantId {
                        fault: Fault::Integer,
                    })
            }
            TenantType::Text => Ok(TenantValue::Text(Arc::clone(&self.0))),
            TenantType::Uuid => canonical_uuid(&self.0)
                .map(TenantValue::Uuid)
                .ok_or(InvalidTenantId { fault: Fault::Uuid }),
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TenantId({:?})", &*self.0)
    }
}

impl FromStr for TenantId {
    type Err = InvalidTenantId;

    fn from_str(text: &str) -> Result<Self, InvalidTenantId> {
        Self::new(text)
    }
}

impl Serialize for TenantId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TenantId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(text).map_err(serde::de::Error::custom)
    }
}

/// The type of a tenant column.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever binds a tenant must handle every type"
)]
pub enum TenantType {
    /// A 64-bit integer; columns of 16, 32 and 64 bits take it.
    Integer,
    /// A text.
    Text,
    /// A uuid.
    Uuid,
}

impl TenantType {
    /// The lower-case name, as the catalogue file writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Uuid => "uuid",
        }
    }
}

impl fmt::Display for TenantType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A tenant id in the type of the column it is bound to.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "adapters must bind every kind of value"
)]
pub enum TenantValue {
    /// For an integer column.
    Integer(i64),
    /// For a text column.
    Text(Arc<str>),
    /// For a uuid column, in network byte order.
    Uuid([u8; 16]),
}

/// A text that is no tenant id, or an id that does not fit a column's type.
///
/// # Security
/// The text itself is not kept: it came from outside and may be anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the tenant id {fault}")]
pub struct InvalidTenantId {
    fault: Fault,
}

impl InvalidTenantId {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "TS-ID-001"
    }

    /// How to mend it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self.fault {
            Fault::Byte | Fault::Empty | Fault::Length => {
                "use 1 to 128 ASCII letters, digits and `.`, `_`, `-`, `:`, exactly as stored"
            }
            Fault::Integer => {
                "the tenant column is an integer: use the plain decimal form, such as 42"
            }
            Fault::Uuid => "the tenant column is a uuid: use the lower-case form with hyphens",
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    Byte,
    Empty,
    Integer,
    Length,
    Uuid,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Byte => "has a character that is not allowed",
            Self::Empty => "is empty",
            Self::Integer => "is not a canonical integer",
            Self::Length => "is longer than 128 bytes",
            Self::Uuid => "is not a canonical uuid",
        })
    }
}

const fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':')
}

fn canonical_integer(text: &str) -> Option<i64> {
    let value: i64 = text.parse().ok()?;
    // Printing and comparing refuses `+1`, `01` and `-0` without a second grammar.
    (value.to_string() == text).then_some(value)
}

fn canonical_uuid(text: &str) -> Option<[u8; 16]> {
    let value = uuid::Uuid::try_parse(text).ok()?;
    let mut buffer = uuid::Uuid::encode_buffer();
    (*value.hyphenated().encode_lower(&mut buffer) == *text).then(|| value.into_bytes())
}

#[cfg(test)]
mod tests;
