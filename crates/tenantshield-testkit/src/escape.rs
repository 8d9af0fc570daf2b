//! The escape corpus runner: judges each case, runs what was admitted, and compares.
//!
//! *Why:* a guard that refuses nothing and a guard that refuses all look alike in unit tests. Here
//! every statement that must be refused has to be refused, and every statement that must work is
//! run on a real server, between two tenants, against what its tenant would get alone.

mod compare;
mod report;

pub use report::{Finding, FindingKind, Report};

use std::collections::BTreeMap;

use tenantshield_core::{TenantContext, TenantValue};
use tenantshield_sql::{Barrier, Dialect, Filters, Guard, GuardOptions, code};

use crate::corpus::{Case, CaseBind, CaseDialect, Expectation};
use crate::database::{Bind, Dump, Pair, Which};
use crate::error::Error;
use crate::fixture::{self, Keys};

/// How a corpus is run.
#[derive(Clone, Debug)]
pub struct EscapeOptions {
    barrier: Barrier,
    postgres_url: Option<String>,
    explained: BTreeMap<String, String>,
}

impl Default for EscapeOptions {
    fn default() -> Self {
        Self {
            barrier: Barrier::Auto,
            postgres_url: None,
            explained: BTreeMap::new(),
        }
    }
}

impl EscapeOptions {
    /// Barriers where they are needed, no Postgres server, no difference explained.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the barrier mode.
    #[must_use]
    pub const fn with_barrier(mut self, barrier: Barrier) -> Self {
        self.barrier = barrier;
        self
    }

    /// Sets the server for Postgres cases; its user must be able to create databases.
    #[must_use]
    pub fn with_postgres_url(mut self, url: impl Into<String>) -> Self {
        self.postgres_url = Some(url.into());
        self
    }

    /// Says why a case gives something else than its tenant alone would get.
    ///
    /// # Security
    ///
    /// Only a difference can be explained. A canary in an answer, or a changed row of the other
    /// tenant, stays a finding.
    #[must_use]
    pub fn with_explained(mut self, id: impl Into<String>, why: impl Into<String>) -> Self {
        self.explained.insert(id.into(), why.into());
        self
    }
}

/// Runs a corpus over the fixture of this kit.
///
/// # Shape
///
/// Every case of Postgres and `SQLite` is judged by the guard. What it admits is run in both
/// forms, the tenant written into the text and the tenant bound, under both distributions of keys.
/// `MySQL` cases are counted and named as left out.
///
/// # Errors
///
/// [`Error::Server`] when a server that a case needs is missing or fails: a case that is not run
/// proves nothing. Whatever the guard or the database did wrong is in the report.
///
/// # Security
///
/// A report without findings says: no `deny` case was admitted; no canary of tenant 2 stood in a
/// row, a column name or an error; tenant 2's rows and the shared tables were the same afterwards.
pub async fn run(cases: &[Case], options: &EscapeOptions) -> Result<Report, Error> {
    let mut report = Report::default();
    let context = fixture::tenant_context(fixture::OWN).await?;
    for case in cases
        .iter()
        .filter(|case| case.dialect() == CaseDialect::Mysql)
    {
        report.left_out.push(case.id().to_owned());
    }
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        let wanted = match dialect {
            Dialect::Postgres => CaseDialect::Postgres,
            Dialect::Sqlite => CaseDialect::Sqlite,
        };
        let cases: Vec<&Case> = cases
            .iter()
            .filter(|case| case.dialect() == wanted)
            .collect();
        let admitted = judge(&cases, dialect, &context, options, &mut report)?;
        if admitted.is_empty() {
            continue;
        }
        for keys in Keys::ALL {
            let pair = match (dialect, &options.postgres_url) {
                (Dialect::Sqlite, _) => Pair::sqlite(keys).await?,
                (Dialect::Postgres, Some(url)) => Pair::postgres(url, keys).await?,
                (Dialect::Postgres, None) => {
                    return Err(Error::server(
                        "no URL of a Postgres server was given",
                        "not set",
                    ));
                }
            };
            run_all(pair, keys, &admitted, options, &mut report).await?;
        }
    }
    Ok(report)
}

/// How the tenant reaches the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a run goes through all of them")]
pub enum Form {
    /// As a bound value behind the application's own.
    Bound,
    /// As a literal in the text.
    Inline,
}

struct Admitted<'a> {
    case: &'a Case,
    forms: [(Form, String, Option<Vec<Bind>>); 2],
    own: Option<Vec<Bind>>,
}

fn judge<'a>(
    cases: &[&'a Case],
    dialect: Dialect,
    context: &TenantContext,
    options: &EscapeOptions,
    report: &mut Report,
) -> Result<Vec<Admitted<'a>>, Error> {
    let mut how = GuardOptions::default();
    how.barrier = options.barrier;
    let guard = Guard::with_options(fixture::catalog()?, dialect, how)
        .map_err(|source| Error::fixture("guard", source))?;
    let mut admitted = Vec::new();
    for case in cases {
        report.judged += 1;
        match (
            guard.guard(context, case.sql(), Filters::NONE),
            case.expect(),
        ) {
            (Err(refusal), Expectation::Deny) => report.deny(refusal.code()),
            (Ok(guarded), Expectation::Deny) => {
                report.find(case.id(), FindingKind::Admitted, guarded.sql());
            }
            (Err(refusal), Expectation::Isolated) => {
                let allowed = if code::is_deferred(refusal.code()) {
                    &mut report.deferred
                } else if code::is_envelope(refusal.code()) {
                    &mut report.envelope
                } else if case.may_be_refused() {
                    &mut report.allowed
                } else {
                    report.find(
                        case.id(),
                        FindingKind::Refused,
                        format!("{}: {}", refusal.code(), refusal.reason()),
                    );
                    continue;
                };
                allowed.push((case.id().to_owned(), refusal.code()));
            }
            (Ok(guarded), Expectation::Isolated) => {
                let own: Vec<Bind> = case.binds().iter().map(application_bind).collect();
                let judgement = guarded.judgement();
                if own.len() != judgement.declared_binds() {
                    let declared = judgement.declared_binds();
                    let what = format!("{} values for {declared} placeholders", own.len());
                    report.find(case.id(), FindingKind::NotRun, what);
                    continue;
                }
                let mut all = own.clone();
                let tenant = judgement.tenant_binds(context.tenant());
                let inline = judgement.inline(context.tenant());
                let (Ok(tenant), Ok(inline)) = (tenant, inline) else {
                    report.find(case.id(), FindingKind::NotRun, "no value for the tenant");
                    continue;
                };
                all.extend(tenant.into_iter().map(|(_, value)| tenant_bind(&value)));
                let own = (!own.is_empty()).then_some(own);
                admitted.push(Admitted {
                    case,
                    forms: [
                        (Form::Inline, inline, own.clone()),
                        (Form::Bound, guarded.sql().to_string(), Some(all)),
                    ],
                    own,
                });
            }
        }
    }
    Ok(admitted)
}

fn application_bind(bind: &CaseBind) -> Bind {
    match bind {
        CaseBind::Boolean(value) => Bind::Boolean(*value),
        CaseBind::Integer(value) => Bind::Integer(*value),
        CaseBind::Null(()) => Bind::Null,
        CaseBind::Text(value) => Bind::Text(value.clone()),
    }
}

fn tenant_bind(value: &TenantValue) -> Bind {
    match value {
        TenantValue::Integer(number) => Bind::Integer(*number),
        TenantValue::Text(text) => Bind::Text(text.to_string()),
        TenantValue::Uuid(bytes) => Bind::Text(format!("{:032x}", u128::from_be_bytes(*bytes))),
    }
}

async fn run_all(
    mut pair: Pair,
    keys: Keys,
    admitted: &[Admitted<'_>],
    options: &EscapeOptions,
    report: &mut Report,
) -> Result<(), Error> {
    let before = pair.dump(Which::Both).await?;
    for one in admitted {
        for (form, sql, binds) in &one.forms {
            // The same protocol on both sides: answers then compare byte for byte.
            let own = match form {
                Form::Bound => Some(one.own.as_deref().unwrap_or_default()),
                Form::Inline => one.own.as_deref(),
            };
            let alone = pair.attempt(Which::Alone, one.case.sql(), own).await?;
            let both = pair.attempt(Which::Both, sql, binds.as_deref()).await?;
            report.runs += 1;
            let found = compare::compare(one.case, &before, &both, &alone);
            let listed = options.explained.get(one.case.id()).map(String::as_str);
            let explained = listed.or_else(|| one.case.differs());
            for (kind, what) in found {
                let what = format!("{} keys, {form:?}: {what}\n      {sql}", keys.as_str());
                match explained {
                    Some(why) if kind == FindingKind::Differs => {
                        report
                            .explained
                            .insert(one.case.id().to_owned(), why.to_owned());
                    }
                    _ => report.find(one.case.id(), kind, what),
                }
            }
        }
    }
    report.unchanged(&before, &pair.dump(Which::Both).await?);
    pair.close().await
}

impl Report {
    fn unchanged(&mut self, before: &Dump, after: &Dump) {
        if before != after {
            self.find(
                "(all)",
                FindingKind::ForeignChanged,
                "a rolled-back run left traces",
            );
        }
    }
}
