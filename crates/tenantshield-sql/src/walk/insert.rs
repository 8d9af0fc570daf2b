//! INSERT: each new row gets the tenant, whatever its source.

use std::sync::Arc;

use sqlparser::ast::{
    Expr, Ident, Insert, ObjectName, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, SqliteOnConflict, TableAlias, TableAliasWithoutColumns, TableFactor, TableObject,
    Values, WildcardAdditionalOptions,
};
use tenantshield_core::{Action, TenantType};

use super::Walk;
use super::from::{internal, last};
use super::literal::label;
use super::tenant_value::blocked;
use crate::allow;
use crate::code;
use crate::derived;
use crate::dialect::Dialect;
use crate::filter::FilterKind;
use crate::judgement::Slot;
use crate::name;
use crate::predicate;
use crate::refusal::Refusal;
use crate::relation::{Kind, Relation};
use crate::scope::{Source, TenantRef};

/// Name of the derived table that a set operation is wrapped in.
const SOURCE: &str = "tenantshield_source";

impl Walk<'_> {
    pub(super) fn insert(&mut self, insert: &mut Insert) -> Result<(), Refusal> {
        let Insert {
            insert_token: _,
            optimizer_hints,
            or,
            ignore,
            into,
            table,
            table_alias,
            columns,
            overwrite,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword,
            on,
            returning,
            output,
            replace_into,
            priority,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        let foreign = !optimizer_hints.is_empty()
            || *ignore
            || *overwrite
            || !assignments.is_empty()
            || partitioned.is_some()
            || !after_columns.is_empty()
            || *has_table_keyword
            || output.is_some()
            || priority.is_some()
            || insert_alias.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || multi_table_insert_type.is_some()
            || !multi_table_into_clauses.is_empty()
            || !multi_table_when_clauses.is_empty()
            || multi_table_else_clause.is_some();
        if foreign {
            return Err(Refusal::new(
                code::INSERT_FORM,
                "an insert form of another dialect",
            ));
        }
        *into = true;
        let TableObject::TableName(target) = &*table else {
            return Err(Refusal::new(
                code::INSERT_FORM,
                "an insert into something but a table",
            ));
        };
        let relation = self.target(target)?;
        let given = columns.iter().filter_map(|column| last(column).ok());
        self.replaces(or.as_ref(), *replace_into, &relation, given)?;
        self.touch(&relation, Action::Write, relation.is_tenant())?;
        let Some(source) = source else {
            return Err(Refusal::new(
                code::INSERT_FORM,
                "an insert of default values, which cannot name its tenant",
            ));
        };
        self.fill(columns, source, &relation)?;
        let alias = match table_alias {
            Some(TableAliasWithoutColumns { explicit: _, alias }) => {
                label(alias)?;
                alias.clone()
            }
            None => last(target)?.clone(),
        };
        let tenant = TenantRef {
            name: self.stored(&alias),
            alias,
            relation,
            nullable: false,
            entry: None,
        };
        self.scopes.push();
        self.register(
            tenant.name.clone(),
            Source::Base(Arc::clone(&tenant.relation)),
        )?;
        if let Some(on) = on {
            self.upsert(on, &tenant)?;
        }
        if let Some(items) = returning {
            self.items(items)?;
        }
        let _frame = self.scopes.pop();
        Ok(())
    }

    /// `REPLACE` deletes the row it collides with, and nothing can be said about whose that is
    /// unless every unique key holds the tenant. The hidden row number is such a key as well, so it
    /// may not be `given`.
    pub(super) fn replaces<'i>(
        &self,
        or: Option<&SqliteOnConflict>,
        replace_into: bool,
        relation: &Relation,
        mut given: impl Iterator<Item = &'i Ident>,
    ) -> Result<(), Refusal> {
        let replaces = match or {
            _ if replace_into => true,
            None
            | Some(SqliteOnConflict::Abort | SqliteOnConflict::Fail | SqliteOnConflict::Ignore) => {
                false
            }
            Some(SqliteOnConflict::Rollback) => {
                return Err(Refusal::new(
                    code::TRANSACTION,
                    "a conflict clause that rolls back",
                ));
            }
            Some(SqliteOnConflict::Replace) => true,
        };
        let own_keys = relation.unique.as_ref().is_some_and(|keys| {
            keys.iter().all(|key| {
                key.iter().any(|column| {
                    self.is_tenant_column(relation, &name::folded(column, self.dialect()))
                })
            })
        });
        let by_row_number = given.any(|column| allow::is_row_number(&self.stored(column)));
        let safe = self.dialect() == Dialect::Sqlite && relation.is_tenant() && own_keys;
        if replaces && (!safe || by_row_number) {
            return Err(Refusal::new(
                code::REPLACE,
                "a replace on a table whose unique keys do not all hold the tenant",
            ));
        }
        Ok(())
    }

    /// Makes `columns` and `source` name the tenant in every row.
    fn fill(
        &mut self,
        columns: &mut Vec<ObjectName>,
        source: &mut Query,
        relation: &Relation,
    ) -> Result<(), Refusal> {
        let (Kind::Tenant { column, value }, relation) = (&relation.kind, relation) else {
            return self.query(source);
        };
        if columns.is_empty() {
            let known = relation.columns.as_ref().ok_or_else(|| {
                Refusal::new(
                    code::COLUMNS,
                    format!("an insert into `{}` without a column list", relation.table),
                )
            })?;
            columns.extend(
                known
                    .iter()
                    .map(|c| ObjectName::from(vec![name::quoted(c)])),
            );
        }
        let mut position = None;
        for (at, target) in columns.iter().enumerate() {
            let [ident] = name::parts(target)?[..] else {
                return Err(Refusal::new(
                    code::EXPRESSION,
                    "an insert into a part of a column",
                ));
            };
            let stored = self.stored(ident);
            self.unfiltered(relation, &stored, Action::Write)?;
            if stored == name::folded(column, self.dialect()) && position.replace(at).is_some() {
                return Err(blocked(
                    code::TENANT_COMPUTED,
                    "the tenant column stands twice in an insert",
                    relation,
                ));
            }
        }
        let width = columns.len();
        let own_columns = self.own_columns(relation, position.is_none(), column, *value);
        self.source(source, width, position, relation, *value, &own_columns)?;
        for (column, bind) in own_columns {
            self.note("value in insert", format!("{column} = {bind}"));
            columns.push(ObjectName::from(vec![column]));
        }
        Ok(())
    }

    /// The columns that the guard appends: the tenant's, unless given, and those of the policy.
    fn own_columns(
        &mut self,
        relation: &Relation,
        tenant: bool,
        column: &str,
        value: TenantType,
    ) -> Vec<(Ident, Expr)> {
        let mut own = Vec::new();
        if tenant {
            own.push((name::quoted(column), self.tenant_bind(value)));
        }
        let filters: Vec<(Arc<str>, FilterKind)> = self
            .filters
            .columns(&relation.table, Action::Write)
            .to_vec();
        for (column, kind) in filters {
            let index = self.slot(Slot::Filter {
                table: Arc::clone(&relation.table),
                action: Action::Write,
                column: Arc::clone(&column),
                kind,
            });
            let bind = predicate::typed_bind(self.dialect(), index, predicate::filter_type(kind));
            own.push((name::quoted(&column), bind));
        }
        own
    }

    /// Walks the rows of an insert, decides the tenant's value at `position`, appends `own`.
    fn source(
        &mut self,
        source: &mut Query,
        width: usize,
        position: Option<usize>,
        relation: &Relation,
        kind: TenantType,
        own: &[(Ident, Expr)],
    ) -> Result<(), Refusal> {
        let plain = source.with.is_none()
            && source.order_by.is_none()
            && source.limit_clause.is_none()
            && source.fetch.is_none()
            && source.locks.is_empty();
        if plain && let SetExpr::Values(values) = &mut *source.body {
            let Values {
                explicit_row: false,
                value_keyword: false,
                rows,
            } = values
            else {
                return Err(Refusal::new(
                    code::INSERT_FORM,
                    "a values clause of another dialect",
                ));
            };
            for row in rows {
                let row = &mut row.content;
                if row.len() != width {
                    return Err(Refusal::new(
                        code::VALUES,
                        "a row has not as many values as there are columns",
                    ));
                }
                self.exprs(row)?;
                if let Some(at) = position {
                    let expr = row.get_mut(at).ok_or_else(internal)?;
                    self.inserted(expr, relation, kind)?;
                }
                row.extend(own.iter().map(|(_, bind)| bind.clone()));
            }
            return Ok(());
        }
        self.query(source)?;
        match (&mut *source.body, position) {
            (SetExpr::Select(select), Some(at)) => {
                self.selected(select, at, width, relation, kind)?;
                select.projection.extend(items(own));
                Ok(())
            }
            (SetExpr::Select(select), None) => {
                select.projection.extend(items(own));
                Ok(())
            }
            (_, Some(_)) => Err(blocked(
                code::TENANT_COMPUTED,
                "the tenant column of an insert comes from a set operation",
                relation,
            )),
            (_, None) => {
                wrap(source, own);
                Ok(())
            }
        }
    }

    /// The tenant's value in `INSERT … SELECT`: countable only without a wildcard.
    fn selected(
        &mut self,
        select: &mut Select,
        at: usize,
        width: usize,
        relation: &Relation,
        kind: TenantType,
    ) -> Result<(), Refusal> {
        let countable = select.projection.len() == width
            && select.projection.iter().all(|item| {
                matches!(
                    item,
                    SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
                )
            });
        if !countable {
            return Err(blocked(
                code::TENANT_COMPUTED,
                "the tenant column of an insert comes from a wildcard",
                relation,
            ));
        }
        match select.projection.get_mut(at) {
            Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => {
                self.inserted(expr, relation, kind)
            }
            _ => Err(internal()),
        }
    }
}

fn items(own: &[(Ident, Expr)]) -> impl Iterator<Item = SelectItem> {
    own.iter()
        .map(|(_, bind)| SelectItem::UnnamedExpr(bind.clone()))
}

/// `SELECT source.*, own FROM (query) AS source`.
fn wrap(source: &mut Query, own: &[(Ident, Expr)]) {
    let alias = name::quoted(SOURCE);
    let mut projection = vec![SelectItem::QualifiedWildcard(
        SelectItemQualifiedWildcardKind::ObjectName(ObjectName::from(vec![alias.clone()])),
        WildcardAdditionalOptions::default(),
    )];
    projection.extend(items(own));
    let empty = derived::from_select(derived::select(
        Vec::new(),
        TableFactor::TableFunction {
            expr: predicate::number("0"),
            alias: None,
        },
        None,
    ));
    let inner = std::mem::replace(source, empty);
    let relation = TableFactor::Derived {
        lateral: false,
        subquery: Box::new(inner),
        alias: Some(TableAlias {
            explicit: true,
            name: alias,
            columns: Vec::new(),
            at: None,
        }),
        sample: None,
    };
    *source = derived::from_select(derived::select(projection, relation, None));
}
