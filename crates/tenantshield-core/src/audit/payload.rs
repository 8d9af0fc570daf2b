//! The particulars of an event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::ser::SerializeMap;

use crate::id::TenantId;

/// Keys that an event's own fields use.
const RESERVED: [&str; 14] = [
    "attempted_tenant_id",
    "code",
    "id",
    "location",
    "model_class",
    "operation",
    "principal",
    "principal_issuer",
    "reason",
    "schema_version",
    "sequence",
    "tenant_id",
    "timestamp",
    "type",
];

/// The particulars of an event: named fields and a few more, never interpolated text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct AuditPayload {
    attempted_tenant_id: Option<TenantId>,
    model_class: Option<Cow<'static, str>>,
    operation: Option<Cow<'static, str>>,
    reason: Option<Cow<'static, str>>,
    code: Option<&'static str>,
    location: Option<Cow<'static, str>>,
    extra: BTreeMap<Cow<'static, str>, String>,
}

impl AuditPayload {
    /// Nothing particular.
    pub const fn new() -> Self {
        Self {
            attempted_tenant_id: None,
            model_class: None,
            operation: None,
            reason: None,
            code: None,
            location: None,
            extra: BTreeMap::new(),
        }
    }

    /// Adds the tenant that was tried.
    pub fn with_attempted_tenant(mut self, tenant: TenantId) -> Self {
        self.attempted_tenant_id = Some(tenant);
        self
    }

    /// Adds the model, else the table.
    pub fn with_model(mut self, model: impl Into<Cow<'static, str>>) -> Self {
        self.model_class = Some(model.into());
        self
    }

    /// Adds the operation.
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Adds why.
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds the stable code of the refusal.
    pub const fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds where in the source code.
    pub fn with_location(mut self, location: impl Into<Cow<'static, str>>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Adds a field.
    ///
    /// # Shape
    /// A key that an event uses itself is kept under `extra.<key>`, so that no field of an event
    /// can be overwritten.
    pub fn with_extra(mut self, key: &'static str, value: impl Into<String>) -> Self {
        let key = if RESERVED.contains(&key) {
            Cow::Owned(format!("extra.{key}"))
        } else {
            Cow::Borrowed(key)
        };
        self.extra.insert(key, value.into());
        self
    }

    /// The tenant that was tried.
    #[must_use]
    pub const fn attempted_tenant_id(&self) -> Option<&TenantId> {
        self.attempted_tenant_id.as_ref()
    }

    /// The model, else the table.
    #[must_use]
    pub fn model_class(&self) -> Option<&str> {
        self.model_class.as_deref()
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The stable code of the refusal.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// Where in the source code.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// One further field.
    #[must_use]
    pub fn extra(&self, key: &str) -> Option<&str> {
        self.extra.get(key).map(String::as_str)
    }

    /// All further fields in bytewise order of their keys.
    pub fn extras(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extra
            .iter()
            .map(|(key, value)| (&**key, value.as_str()))
    }

    pub(super) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("attempted_tenant_id", &self.attempted_tenant_id)?;
        let named = [
            ("model_class", self.model_class()),
            ("operation", self.operation()),
            ("reason", self.reason()),
            ("code", self.code),
            ("location", self.location()),
        ];
        for (key, value) in named {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        for (key, value) in &self.extra {
            map.serialize_entry(key, value)?;
        }
        Ok(())
    }
}
