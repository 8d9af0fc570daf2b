//! What the guard found out about a text: the same for every tenant, hence cached.

use std::sync::Arc;

use tenantshield_core::{Action, TenantType, TenantValue};

use crate::code;
use crate::dialect::Dialect;
use crate::filter::FilterKind;
use crate::lexer::{self, Kind};
use crate::refusal::Refusal;

/// Whether the guard had to add anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the black-box contract names all verdicts"
)]
pub enum Verdict {
    /// No tenant relation is touched.
    Admit,
    /// A predicate or a value was added.
    Rewrite,
}

impl Verdict {
    /// The word of the black-box contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Rewrite => "rewrite",
        }
    }
}

/// The kind of an admitted statement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "adapters decide per kind")]
pub enum StatementKind {
    /// `DELETE`.
    Delete,
    /// `INSERT`.
    Insert,
    /// `SELECT`, set operations and `VALUES` that write nothing.
    Select,
    /// A `SELECT` whose common table expressions write.
    SelectWithWrites,
    /// Transaction control.
    Transaction,
    /// `UPDATE`.
    Update,
}

impl StatementKind {
    /// Whether a statement of this kind changes nothing and locks nothing but rows.
    pub const fn is_read_only(self) -> bool {
        matches!(self, Self::Select)
    }
}

/// One relation and what the statement does to it.
#[derive(Clone, Debug)]
pub struct Touch {
    pub(crate) table: Arc<str>,
    pub(crate) model: Arc<str>,
    pub(crate) action: Action,
    pub(crate) tenant: bool,
    pub(crate) injected: bool,
}

impl Touch {
    /// The table's name in the catalogue, with its schema unless that is the default one.
    pub const fn table(&self) -> &Arc<str> {
        &self.table
    }

    /// The derived model's name, else the table's.
    pub const fn model(&self) -> &Arc<str> {
        &self.model
    }

    /// What is done.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Whether the relation belongs to tenants.
    pub const fn is_tenant(&self) -> bool {
        self.tenant
    }

    /// Whether the tenant's value was written into new rows.
    pub const fn is_injected(&self) -> bool {
        self.injected
    }
}

/// What a value behind the application's own binds is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "adapters must bind every slot")]
pub enum Slot {
    /// A policy's filter value.
    Filter {
        /// The table as in [`Touch::table`].
        table: Arc<str>,
        /// The action that the filter belongs to.
        action: Action,
        /// The column.
        column: Arc<str>,
        /// The type of the bind.
        kind: FilterKind,
    },
    /// The tenant, as this type.
    Tenant(TenantType),
}

/// A tenant literal that the application wrote, to be compared with the scope's tenant.
#[derive(Clone, Debug)]
pub(crate) struct LiteralCheck {
    pub(crate) value: TenantValue,
    pub(crate) model: Arc<str>,
    pub(crate) action: Action,
}

/// One thing that the guard added, for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addition {
    pub(crate) rule: &'static str,
    pub(crate) text: String,
}

impl Addition {
    /// The rule by which it was added.
    pub const fn rule(&self) -> &'static str {
        self.rule
    }

    /// The added text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The tenant-free outcome for one text.
#[derive(Debug)]
pub struct Judgement {
    pub(crate) dialect: Dialect,
    pub(crate) sql: Arc<str>,
    pub(crate) kind: StatementKind,
    pub(crate) declared: usize,
    pub(crate) slots: Vec<Slot>,
    pub(crate) touches: Vec<Touch>,
    pub(crate) checks: Vec<LiteralCheck>,
    pub(crate) additions: Vec<Addition>,
}

impl Judgement {
    /// Whether anything was added.
    pub fn verdict(&self) -> Verdict {
        if self.slots.is_empty() && self.touches.iter().all(|touch| !touch.tenant) {
            Verdict::Admit
        } else {
            Verdict::Rewrite
        }
    }

    /// The text to send, always rendered by the guard.
    pub const fn sql(&self) -> &Arc<str> {
        &self.sql
    }

    /// The kind of statement.
    pub const fn kind(&self) -> StatementKind {
        self.kind
    }

    /// How many values the application has to bind.
    pub const fn declared_binds(&self) -> usize {
        self.declared
    }

    /// The values to append, in order; the first has index `declared_binds() + 1`.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Every relation with every action on it, once each.
    pub fn touches(&self) -> &[Touch] {
        &self.touches
    }

    /// What was added, for people.
    pub fn additions(&self) -> &[Addition] {
        &self.additions
    }

    /// Compares each tenant literal that the application wrote with the scope's tenant.
    pub(crate) fn check(
        &self,
        tenant: &dyn Fn(TenantType) -> Option<TenantValue>,
    ) -> Result<(), Refusal> {
        for check in &self.checks {
            let kind = match check.value {
                TenantValue::Integer(_) => TenantType::Integer,
                TenantValue::Text(_) => TenantType::Text,
                TenantValue::Uuid(_) => TenantType::Uuid,
            };
            if tenant(kind).as_ref() != Some(&check.value) {
                let code = match check.action {
                    Action::Write => code::TENANT_FOREIGN,
                    Action::Delete | Action::Read => code::TENANT_ASSIGNMENT,
                };
                return Err(Refusal::new(
                    code,
                    "the tenant column is given another tenant's value",
                )
                .with_violation(&check.model, Action::Write));
            }
        }
        Ok(())
    }

    /// The text with every appended slot written out by `literal`.
    pub(crate) fn written_out(&self, literal: &dyn Fn(usize) -> Option<String>) -> String {
        let Ok(lexemes) = lexer::scan(&self.sql, self.dialect) else {
            return String::new();
        };
        let mut text = String::with_capacity(self.sql.len() + 32);
        let mut copied = 0;
        for lexeme in lexemes.iter().filter(|l| l.kind == Kind::Placeholder) {
            let index = lexeme
                .text(&self.sql)
                .get(1..)
                .and_then(|digits| digits.parse::<usize>().ok());
            if let Some(value) = index.and_then(literal) {
                text.push_str(self.sql.get(copied..lexeme.start).unwrap_or_default());
                text.push_str(&value);
                copied = lexeme.end;
            }
        }
        text.push_str(self.sql.get(copied..).unwrap_or_default());
        text
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.sql.len()
            + self.slots.len() * size_of::<Slot>()
            + self.touches.len() * size_of::<Touch>()
            + self.checks.len() * size_of::<LiteralCheck>()
            + self
                .additions
                .iter()
                .map(|addition| size_of::<Addition>() + addition.text.len())
                .sum::<usize>()
    }
}
