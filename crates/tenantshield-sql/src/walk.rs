//! The walk: reads every node of a statement, decides it, and adds what keeps it in its tenant.
//!
//! *Why:* the guard is closed-world. A node that no rule knows is refused, never passed; structures
//! are taken apart field by field, so that a new field of the parser fails to compile.

mod delete;
mod expression;
mod fence;
mod from;
mod function;
mod insert;
mod literal;
mod query;
mod select;
mod statement;
mod tenant_value;
mod update;
mod upsert;

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{Expr, Ident, ObjectName, Statement};
use tenantshield_core::{Action, TenantType};

use crate::code;
use crate::dialect::Dialect;
use crate::filter::Filters;
use crate::judgement::{Addition, LiteralCheck, Slot, StatementKind, Touch};
use crate::mode::Barrier;
use crate::name;
use crate::predicate;
use crate::refusal::Refusal;
use crate::relation::{Index, Kind, Relation};
use crate::scope::{Scopes, TenantRef, Visibility};

pub use self::tenant_value::MISMATCH;
pub(crate) use self::tenant_value::own_or_raise;

/// What stays the same for every statement of one guard.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) dialect: Dialect,
    pub(crate) index: Index,
    pub(crate) functions: BTreeSet<String>,
    pub(crate) barrier: Barrier,
    pub(crate) transactions: bool,
}

/// What a walk found and added.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) kind: StatementKind,
    pub(crate) slots: Vec<Slot>,
    pub(crate) touches: Vec<Touch>,
    pub(crate) checks: Vec<LiteralCheck>,
    pub(crate) additions: Vec<Addition>,
}

/// Walks `statement` and rewrites it in place.
pub(crate) fn rewrite(
    statement: &mut Statement,
    rules: &Rules,
    filters: &Filters,
    declared: usize,
) -> Result<Findings, Refusal> {
    let mut walk = Walk {
        rules,
        filters,
        declared,
        scopes: Scopes::default(),
        writes: false,
        slots: Vec::new(),
        touches: Vec::new(),
        checks: Vec::new(),
        additions: Vec::new(),
    };
    let kind = walk.statement(statement)?;
    Ok(Findings {
        kind,
        slots: walk.slots,
        touches: walk.touches,
        checks: walk.checks,
        additions: walk.additions,
    })
}

/// What a name in a table position stands for.
enum Resolved {
    /// The common table expression at this position of the list of all.
    Cte(usize),
    Relation(Arc<Relation>),
}

struct Walk<'g> {
    rules: &'g Rules,
    filters: &'g Filters,
    declared: usize,
    scopes: Scopes,
    /// Whether a common table expression writes.
    writes: bool,
    slots: Vec<Slot>,
    touches: Vec<Touch>,
    checks: Vec<LiteralCheck>,
    additions: Vec<Addition>,
}

impl Walk<'_> {
    const fn dialect(&self) -> Dialect {
        self.rules.dialect
    }

    fn stored(&self, ident: &Ident) -> String {
        name::stored(ident, self.rules.dialect)
    }

    /// Finds what `table` means here: a visible common table expression hides a table.
    fn resolve(&self, table: &ObjectName) -> Result<Resolved, Refusal> {
        let parts: Vec<String> = name::parts(table)?
            .into_iter()
            .map(|ident| self.stored(ident))
            .collect();
        match parts.as_slice() {
            [table] => {
                let relation = self.rules.index.unqualified(table);
                match (self.scopes.cte(table), relation) {
                    (Some((position, Visibility::Visible)), _)
                    | (Some((position, Visibility::Ambiguous)), None) => {
                        Ok(Resolved::Cte(position))
                    }
                    (Some((_, Visibility::Ambiguous)), Some(_)) => Err(Refusal::new(
                        code::CTE,
                        "a common table expression refers to a table by its own name",
                    )),
                    (None, Some(relation)) => Ok(Resolved::Relation(Arc::clone(relation))),
                    (None, None) => Err(unknown_relation()),
                }
            }
            [schema, table] => {
                if !self.rules.index.has_schema(schema) {
                    return Err(Refusal::new(
                        code::SCHEMA,
                        "a schema that the catalogue does not list",
                    ));
                }
                self.rules
                    .index
                    .qualified(schema, table)
                    .map(|relation| Resolved::Relation(Arc::clone(relation)))
                    .ok_or_else(unknown_relation)
            }
            _ => Err(Refusal::new(
                code::SCHEMA,
                "a name with more than two parts",
            )),
        }
    }

    /// The relation that a write is aimed at; refused where tenants may not write it.
    fn target(&self, table: &ObjectName) -> Result<Arc<Relation>, Refusal> {
        let parts = name::parts(table)?;
        // A common table expression cannot be written, so its name means the table here; the
        // statement is refused all the same, as readers would take one for the other.
        if let [single] = parts.as_slice()
            && self.scopes.cte(&self.stored(single)).is_some()
        {
            return Err(Refusal::new(
                code::CTE,
                "a write to a table whose name a common table expression bears",
            ));
        }
        let Resolved::Relation(relation) = self.resolve(table)? else {
            return Err(unknown_relation());
        };
        match relation.kind {
            Kind::Platform => Err(platform()),
            Kind::Shared { writable: false } => Err(Refusal::new(
                code::READ_ONLY,
                format!("a write to the shared table `{}`", relation.table),
            )),
            Kind::Shared { writable: true } | Kind::Tenant { .. } => Ok(relation),
        }
    }

    /// The index of `slot`, appended when it is new.
    fn slot(&mut self, slot: Slot) -> usize {
        let position = self
            .slots
            .iter()
            .position(|known| *known == slot)
            .unwrap_or_else(|| {
                self.slots.push(slot);
                self.slots.len() - 1
            });
        self.declared + position + 1
    }

    /// The tenant's value as a tree.
    fn tenant_bind(&mut self, value: TenantType) -> Expr {
        let index = self.slot(Slot::Tenant(value));
        predicate::typed_bind(self.dialect(), index, predicate::tenant_type(value))
    }

    /// Remembers that `relation` is read or written. A policy's filter on a table of all tenants
    /// would be kept by nobody, so it refuses.
    fn touch(
        &mut self,
        relation: &Relation,
        action: Action,
        injected: bool,
    ) -> Result<(), Refusal> {
        if !relation.is_tenant() && self.filters.narrow(&relation.table, action) {
            return Err(Refusal::new(
                code::FILTER,
                "a policy filters a table that is not a tenant's",
            ));
        }
        let known = self
            .touches
            .iter_mut()
            .find(|touch| touch.table == relation.table && touch.action == action);
        match known {
            Some(touch) => touch.injected |= injected,
            None => self.touches.push(Touch {
                table: Arc::clone(&relation.table),
                model: Arc::clone(&relation.model),
                action,
                tenant: relation.is_tenant(),
                injected,
            }),
        }
        Ok(())
    }

    /// The predicates that keep rows of `tenant` inside the tenant and the policy's filter; the
    /// tenant's is no equality if `strict`.
    fn own_rows(&mut self, tenant: &TenantRef, action: Action, strict: bool) -> Vec<Expr> {
        let Kind::Tenant { column, value } = &tenant.relation.kind else {
            return Vec::new();
        };
        let bind = self.tenant_bind(*value);
        let column = predicate::column(&tenant.alias, column);
        let mut conjuncts = vec![if strict {
            predicate::same(column, bind)
        } else {
            predicate::equals(column, bind)
        }];
        let filters = self.filters;
        for (column, kind) in filters.columns(&tenant.relation.table, action) {
            let index = self.slot(Slot::Filter {
                table: Arc::clone(&tenant.relation.table),
                action,
                column: Arc::clone(column),
                kind: *kind,
            });
            let bind = predicate::typed_bind(self.dialect(), index, predicate::filter_type(*kind));
            conjuncts.push(predicate::equals(
                predicate::column(&tenant.alias, column),
                bind,
            ));
        }
        conjuncts
    }

    fn note(&mut self, rule: &'static str, text: String) {
        self.additions.push(Addition { rule, text });
    }

    fn note_predicates(&mut self, rule: &'static str, predicates: &[Expr]) {
        for predicate in predicates {
            self.note(rule, predicate.to_string());
        }
    }
}

fn unknown_relation() -> Refusal {
    Refusal::new(
        code::RELATION,
        "a relation that the catalogue does not list",
    )
}

fn platform() -> Refusal {
    Refusal::new(code::PLATFORM, "a platform table")
}
