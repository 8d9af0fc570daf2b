//! What every adapter has to show, written once: the same laws for every driver and database.
//!
//! *Why:* an adapter forwards a driver's many ways of running a statement, and each way is a place
//! where the guard can be missed. A law is stated against [`Adapter`], a small face over the real
//! thing, so that a new driver is judged by the tests that judged the first.

mod law;
mod session;

use std::fmt;

use async_trait::async_trait;
use tenantshield_core::TenantContext;
use tenantshield_sql::Dialect;

use crate::error::Error;
use crate::fixture::{self, Keys, Population, TABLES};

pub use law::Law;

/// A value that goes to the database or comes from it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter under test has to translate every value"
)]
pub enum Value {
    /// A 64-bit integer.
    Integer(i64),
    /// NULL, sent as an integer.
    Null,
    /// A text.
    Text(String),
}

/// A step of a transaction.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter under test has to know every step"
)]
pub enum Step {
    /// Runs a statement.
    Execute(String),
    /// Opens a savepoint inside the innermost transaction.
    Open,
    /// Rolls the innermost savepoint back.
    Undo,
    /// Commits the innermost savepoint into what surrounds it.
    Keep,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter under test has to know every end"
)]
pub enum End {
    /// Committed.
    Commit,
    /// Dropped without a word.
    Drop,
    /// Rolled back.
    Rollback,
}

/// An error of an adapter under test.
#[derive(Clone, Debug)]
pub struct AdapterError {
    code: Option<String>,
    text: String,
}

impl AdapterError {
    /// An error with our code, where it is a refusal of ours, and with everything it would print.
    pub fn new(code: Option<&str>, text: impl Into<String>) -> Self {
        Self {
            code: code.map(str::to_owned),
            text: text.into(),
        }
    }

    /// The code of a refusal; none for an error of the database.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Everything that the error says.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for AdapterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code().unwrap_or("database"), self.text)
    }
}

impl std::error::Error for AdapterError {}

/// The face of an adapter under test.
///
/// # Shape
///
/// Every method but `administer` goes through the adapter as an application would. Placeholders
/// are those of [`Adapter::dialect`].
#[async_trait]
pub trait Adapter: Send + Sync {
    /// The database's dialect.
    fn dialect(&self) -> Dialect;

    /// Runs a statement beside the guard, to lay the fixture.
    async fn administer(&self, sql: &str) -> Result<(), AdapterError>;

    /// Runs a statement as the context's tenant and gives the number of rows affected.
    async fn execute(
        &self,
        context: &TenantContext,
        sql: &str,
        binds: &[Value],
    ) -> Result<u64, AdapterError>;

    /// Fetches all rows of integer and text columns as the context's tenant.
    async fn fetch(
        &self,
        context: &TenantContext,
        sql: &str,
        binds: &[Value],
    ) -> Result<Vec<Vec<Value>>, AdapterError>;

    /// Makes a stream as `context`'s tenant, and polls it only later, inside `elsewhere`'s scope.
    async fn stream_elsewhere(
        &self,
        context: &TenantContext,
        elsewhere: &TenantContext,
        sql: &str,
    ) -> Result<Vec<Vec<Value>>, AdapterError>;

    /// Runs steps in one transaction; the first error ends it and is returned.
    async fn transaction(
        &self,
        context: &TenantContext,
        steps: &[Step],
        end: End,
    ) -> Result<(), AdapterError>;

    /// Fetches through the handle of the ambient scope.
    async fn fetch_ambient(&self, sql: &str) -> Result<Vec<Vec<Value>>, AdapterError>;
}

/// What came of every law.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Conformance {
    kept: Vec<Law>,
    broken: Vec<(Law, String)>,
}

impl Conformance {
    /// The laws that hold.
    pub fn kept(&self) -> &[Law] {
        &self.kept
    }

    /// The laws that do not, with what was seen.
    pub fn broken(&self) -> &[(Law, String)] {
        &self.broken
    }
}

impl fmt::Display for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "laws kept: {}, broken: {}",
            self.kept.len(),
            self.broken.len()
        )?;
        for (law, what) in &self.broken {
            writeln!(f, "  {}: {what}", law.as_str())?;
        }
        Ok(())
    }
}

/// Lays the fixture and tries every law on it, each on fresh rows.
///
/// # Errors
///
/// [`Error::Server`] when the fixture cannot be laid. A broken law is in the result.
pub async fn run(adapter: &dyn Adapter) -> Result<Conformance, Error> {
    let laid = |source: AdapterError| Error::server("the fixture cannot be laid", source);
    for statement in fixture::schema(adapter.dialect(), Population::Both) {
        adapter.administer(&statement).await.map_err(laid)?;
    }
    let mut conformance = Conformance::default();
    for law in Law::ALL {
        for table in TABLES {
            adapter
                .administer(&format!("DELETE FROM {table}"))
                .await
                .map_err(laid)?;
        }
        for statement in fixture::rows(Keys::OwnOdd, Population::Both) {
            adapter.administer(&statement).await.map_err(laid)?;
        }
        let stand = Stand {
            adapter,
            own: fixture::tenant_context(fixture::OWN).await?,
            foreign: fixture::tenant_context(fixture::FOREIGN).await?,
        };
        match stand.try_law(law).await {
            Ok(()) => conformance.kept.push(law),
            Err(what) => conformance.broken.push((law, what)),
        }
    }
    Ok(conformance)
}

/// What a law is tried on.
pub(crate) struct Stand<'a> {
    pub(crate) adapter: &'a dyn Adapter,
    pub(crate) own: TenantContext,
    pub(crate) foreign: TenantContext,
}
