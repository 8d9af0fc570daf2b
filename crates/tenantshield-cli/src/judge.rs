//! The guard behind `guard` and `explain`, made from the command line.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tenantshield_core::{Catalog, TableKind, TenantId, TenantValue};
use tenantshield_sql::{
    Barrier, Dialect, Filters, Guard, GuardOptions as Limits, Judgement, Refusal,
};

use crate::cli::{BarrierName, DialectName, GuardOptions};
use crate::failure::Failure;

/// Judges statements for a tenant.
#[derive(Debug)]
pub(crate) struct Judge {
    /// None for a dialect that this build does not guard: everything is refused.
    guard: Option<Guard>,
    tenant: Option<TenantId>,
}

/// An admitted statement.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) judgement: Arc<Judgement>,
    /// The tenant's binds; none without a tenant.
    pub(crate) binds: Vec<Bind>,
}

/// A tenant's value and where to bind it.
#[derive(Debug, Serialize)]
pub(crate) struct Bind {
    pub(crate) index: usize,
    pub(crate) value: serde_json::Value,
}

/// A refused statement.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    pub(crate) mend: &'static str,
}

impl Refused {
    const DIALECT: &'static str = "TS-SQL-DIALECT";

    fn dialect() -> Self {
        Self {
            code: Self::DIALECT,
            reason: "this build has no guard for the dialect".to_owned(),
            mend: "use postgres or sqlite",
        }
    }
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        let reason = refusal.reason().to_owned();
        Self {
            code: refusal.code(),
            reason,
            mend: refusal.hint(),
        }
    }
}

impl Judge {
    /// Makes the guard; the tenant must fit every tenant column of the catalogue.
    pub(crate) fn new(options: &GuardOptions, tenant: Option<&str>) -> Result<Self, Failure> {
        let catalog = read_catalog(&options.catalog)?;
        let tenant = tenant.map(|text| fitting(text, &catalog)).transpose()?;
        let dialect = match options.dialect {
            DialectName::Mysql => None,
            DialectName::Postgres => Some(Dialect::Postgres),
            DialectName::Sqlite => Some(Dialect::Sqlite),
        };
        let mut limits = Limits::default();
        limits.transactions = options.transactions;
        limits.barrier = match options.barrier {
            BarrierName::Always => Barrier::Always,
            BarrierName::Auto => Barrier::Auto,
            BarrierName::Never => Barrier::Never,
        };
        let guard = dialect
            .map(|dialect| Guard::with_options(Arc::new(catalog), dialect, limits))
            .transpose()
            .map_err(|e| {
                let file = options.catalog.display();
                Failure::unusable(format!("catalogue {file}: {e} ({})", e.code()))
            })?;
        Ok(Self { guard, tenant })
    }

    pub(crate) fn judge(&self, sql: &str) -> Result<Admitted, Refused> {
        let guard = self.guard.as_ref().ok_or_else(Refused::dialect)?;
        let judgement = guard
            .judge(sql, &Filters::default())
            .map_err(|refusal| Refused::from(&*refusal))?;
        let binds = match &self.tenant {
            None => Vec::new(),
            Some(tenant) => {
                let binds = judgement
                    .tenant_binds(tenant)
                    .map_err(|r| Refused::from(&r))?;
                binds
                    .into_iter()
                    .map(|(index, value)| Bind {
                        index,
                        value: json(value),
                    })
                    .collect()
            }
        };
        Ok(Admitted { judgement, binds })
    }

    /// The text with the tenant's value written into it.
    pub(crate) fn inlined(&self, judgement: &Judgement) -> Result<String, Refused> {
        match &self.tenant {
            None => Ok(judgement.sql().to_string()),
            Some(tenant) => judgement
                .inline(tenant)
                .map_err(|refusal| Refused::from(&refusal)),
        }
    }
}

/// Reads a catalogue file.
pub(crate) fn read_catalog(file: &Path) -> Result<Catalog, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::unusable(format!("catalogue {}: {e}", file.display())))?;
    Catalog::from_toml(&text)
        .map_err(|e| Failure::unusable(format!("catalogue {}: {e} ({})", file.display(), e.code())))
}

fn fitting(text: &str, catalog: &Catalog) -> Result<TenantId, Failure> {
    let unusable = |reason: &str| Failure::unusable(format!("tenant `{text}`: {reason}"));
    let tenant = TenantId::new(text).map_err(|e| unusable(&e.to_string()))?;
    for (_, table) in catalog.tables() {
        if let TableKind::Tenant { kind, .. } = table.kind() {
            tenant
                .to_value(*kind)
                .map_err(|e| unusable(&e.to_string()))?;
        }
    }
    Ok(tenant)
}

fn json(value: TenantValue) -> serde_json::Value {
    match value {
        TenantValue::Integer(number) => number.into(),
        TenantValue::Text(text) => (*text).into(),
        TenantValue::Uuid(bytes) => {
            let text = bytes.iter().enumerate().map(|(n, byte)| {
                let dash = if matches!(n, 4 | 6 | 8 | 10) { "-" } else { "" };
                format!("{dash}{byte:02x}")
            });
            text.collect::<String>().into()
        }
    }
}
