//! The FROM clause: tables are resolved, placed and, where nothing else holds, derived.

use std::sync::Arc;

use sqlparser::ast::{
    Ident, Join, JoinConstraint, ObjectName, TableAlias, TableFactor, TableSample, TableSampleKind,
    TableSampleModifier, TableSampleQuantity, TableWithJoins,
};
use tenantshield_core::Action;

use super::fence::Reach;
use super::{Resolved, Walk, platform};
use crate::barrier;
use crate::code;
use crate::derived;
use crate::dialect::Dialect;
use crate::name;
use crate::place::{self, Entry, Place, Sides};
use crate::predicate;
use crate::refusal::Refusal;
use crate::relation::{Kind, Relation};
use crate::scope::{Source, TenantRef};

/// The most tables of one FROM clause: placing and proving predicates compares each with all.
const MAX_TABLES: usize = 256;

/// The state of one FROM clause on its way through the tables.
struct Pass {
    entries: std::iter::Enumerate<std::vec::IntoIter<Entry>>,
    sides: Vec<Sides>,
    locked: bool,
    /// Tenant relations whose predicate goes to WHERE.
    open: Vec<TenantRef>,
    /// Tenant relations whose predicate goes to the ON with this ordinal.
    on: Vec<(usize, TenantRef)>,
    joins: usize,
}

impl Walk<'_> {
    /// Walks `trees` and gives the relations whose predicate belongs into WHERE.
    pub(super) fn from(
        &mut self,
        trees: &mut [TableWithJoins],
        locked: bool,
    ) -> Result<Vec<TenantRef>, Refusal> {
        let plan = place::plan(trees);
        if plan.entries.len() > MAX_TABLES {
            return Err(Refusal::new(
                code::ENV_DEPTH,
                "a from clause with too many tables",
            ));
        }
        let mut pass = Pass {
            entries: plan.entries.into_iter().enumerate(),
            sides: plan.joins,
            locked,
            open: Vec::new(),
            on: Vec::new(),
            joins: 0,
        };
        for tree in &mut *trees {
            self.tables(tree, &mut pass)?;
        }
        for tree in &mut *trees {
            self.constraints(tree)?;
        }
        for tree in trees {
            self.attach(tree, &mut pass);
        }
        Ok(pass.open)
    }

    fn tables(&mut self, tree: &mut TableWithJoins, pass: &mut Pass) -> Result<(), Refusal> {
        let TableWithJoins { relation, joins } = tree;
        self.factor(relation, pass)?;
        for join in joins {
            let Join {
                relation,
                global,
                join_operator,
            } = join;
            if *global || place::side(join_operator).is_none() {
                return Err(Refusal::new(code::JOIN_FORM, "a join of another dialect"));
            }
            self.factor(relation, pass)?;
        }
        Ok(())
    }

    fn factor(&mut self, factor: &mut TableFactor, pass: &mut Pass) -> Result<(), Refusal> {
        match factor {
            TableFactor::Table { .. } => self.table(factor, pass),
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                if sample.is_some() {
                    return Err(Refusal::new(code::CLAUSE, "a sample of a subquery"));
                }
                self.query(subquery)?;
                self.close_off(subquery, *lateral);
                if let (None, Some(frame)) = (&*alias, self.scopes.frame()) {
                    frame.nameless = true;
                }
                self.named_rows(alias.as_ref(), Source::Rows)
            }
            TableFactor::Function {
                lateral: _,
                name,
                args,
                with_ordinality: _,
                alias,
            } => {
                self.function_name(name)?;
                self.arguments(args)?;
                let source = self.function_source(name, alias.as_ref());
                self.named_rows(alias.as_ref(), source)
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset: false,
                with_offset_alias: None,
                with_ordinality: _,
            } if self.dialect() == Dialect::Postgres => {
                self.exprs(array_exprs)?;
                let name = ObjectName::from(vec![Ident::new("unnest")]);
                let source = self.function_source(&name, alias.as_ref());
                self.named_rows(alias.as_ref(), source)
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                self.tables(table_with_joins, pass)?;
                self.named_rows(alias.as_ref(), Source::Rows)
            }
            _ => Err(Refusal::new(code::TABLE_FORM, "a table of another dialect")),
        }
    }

    fn table(&mut self, factor: &mut TableFactor, pass: &mut Pass) -> Result<(), Refusal> {
        let TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } = factor
        else {
            return Err(internal());
        };
        let (position, entry) = pass.entries.next().ok_or_else(internal)?;
        let foreign = !with_hints.is_empty()
            || version.is_some()
            || !partitions.is_empty()
            || json_path.is_some()
            || !index_hints.is_empty();
        if foreign {
            return Err(Refusal::new(
                code::TABLE_FORM,
                "a table clause of another dialect",
            ));
        }
        if let Some(alias) = alias {
            self.alias(alias)?;
        }
        if let Some(args) = args {
            if args.settings.is_some() || sample.is_some() {
                return Err(Refusal::new(code::TABLE_FORM, "a function with settings"));
            }
            self.function_name(name)?;
            self.arguments(&mut args.args)?;
            let source = self.function_source(name, alias.as_ref());
            return if alias.is_some() {
                self.named_rows(alias.as_ref(), source)
            } else {
                let own = self.stored(last(name)?);
                self.register(own, source)
            };
        }
        if *with_ordinality {
            return Err(Refusal::new(code::TABLE_FORM, "an ordinality of a table"));
        }
        if let Some(sample) = sample {
            self.sample(sample)?;
        }
        let alias_name = match alias {
            Some(alias) => alias.name.clone(),
            None => last(name)?.clone(),
        };
        let known = self.stored(&alias_name);
        let relation = match self.resolve(name)? {
            Resolved::Cte(_) if sample.is_some() => {
                return Err(Refusal::new(code::CLAUSE, "a sample of a subquery"));
            }
            Resolved::Cte(position) => {
                self.scopes.read(position);
                return self.register(known, Source::Rows);
            }
            Resolved::Relation(relation) => relation,
        };
        match &relation.kind {
            Kind::Platform => Err(platform()),
            Kind::Shared { .. } => {
                self.touch(&relation, Action::Read, false)?;
                self.register(known, base(&relation, alias.as_ref()))
            }
            Kind::Tenant { .. } => {
                self.touch(&relation, Action::Read, false)?;
                self.register(known.clone(), base(&relation, alias.as_ref()))?;
                let renamed = alias
                    .as_ref()
                    .is_some_and(|alias| !alias.columns.is_empty());
                let wrap = entry.place == Place::Derived
                    || renamed
                    || (self.rules.barrier.is_always() && !pass.locked && sample.is_none());
                if wrap {
                    if pass.locked || sample.is_some() {
                        return Err(Refusal::new(
                            code::LOCK,
                            "a lock or a sample on a table that has to be wrapped",
                        ));
                    }
                    return self.derive(factor, &relation);
                }
                let tenant = TenantRef {
                    alias: alias_name,
                    name: known,
                    relation,
                    nullable: entry.nullable,
                    entry: Some(position),
                };
                if let Some(frame) = self.scopes.frame() {
                    frame.tenants.push(tenant.clone());
                }
                match entry.place {
                    Place::On(ordinal) => pass.on.push((ordinal, tenant)),
                    Place::Where | Place::Derived => pass.open.push(tenant),
                }
                Ok(())
            }
        }
    }

    /// Turns `t AS a` into `(SELECT columns FROM t WHERE t.tenant = … OFFSET 0) AS a`.
    fn derive(
        &mut self,
        factor: &mut TableFactor,
        relation: &Arc<Relation>,
    ) -> Result<(), Refusal> {
        let TableFactor::Table { name, alias, .. } = &*factor else {
            return Err(internal());
        };
        let columns = relation.columns.as_ref().ok_or_else(|| {
            Refusal::new(
                code::COLUMNS,
                format!(
                    "the columns of `{}` are needed here and not listed",
                    relation.table
                ),
            )
        })?;
        let inner = last(name)?.clone();
        let tenant = TenantRef {
            name: self.stored(&inner),
            alias: inner.clone(),
            relation: Arc::clone(relation),
            nullable: false,
            entry: None,
        };
        let own = self.own_rows(&tenant, Action::Read, false);
        let outer = alias.clone().unwrap_or(TableAlias {
            explicit: true,
            name: inner,
            columns: Vec::new(),
            at: None,
        });
        let columns = columns.iter().map(|column| name::quoted(column)).collect();
        let mut query = derived::query(name.clone(), columns, predicate::all(own));
        if self.rules.barrier.is_on() {
            barrier::close(&mut query, self.dialect());
        }
        self.note("derived table", query.to_string());
        *factor = TableFactor::Derived {
            lateral: false,
            subquery: Box::new(query),
            alias: Some(outer),
            sample: None,
        };
        Ok(())
    }

    fn sample(&mut self, sample: &mut TableSampleKind) -> Result<(), Refusal> {
        let (TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample)) =
            sample;
        let TableSample {
            modifier,
            name: _,
            quantity,
            seed: _,
            bucket,
            offset,
        } = &mut **sample;
        if *modifier != TableSampleModifier::TableSample
            || bucket.is_some()
            || offset.is_some()
            || self.dialect() == Dialect::Sqlite
        {
            return Err(Refusal::new(code::CLAUSE, "a sample of another dialect"));
        }
        match quantity {
            Some(TableSampleQuantity {
                parenthesized: _,
                value,
                unit: None,
            }) => self.expr(value),
            Some(_) => Err(Refusal::new(code::CLAUSE, "a sample of another dialect")),
            None => Ok(()),
        }
    }

    fn constraints(&mut self, tree: &mut TableWithJoins) -> Result<(), Refusal> {
        if let TableFactor::NestedJoin {
            table_with_joins, ..
        } = &mut tree.relation
        {
            self.constraints(table_with_joins)?;
        }
        for join in &mut tree.joins {
            if let TableFactor::NestedJoin {
                table_with_joins, ..
            } = &mut join.relation
            {
                self.constraints(table_with_joins)?;
            }
            match derived::constraint(&mut join.join_operator) {
                Some(JoinConstraint::On(expr)) => self.expr(expr)?,
                Some(JoinConstraint::Using(columns)) => {
                    for column in columns {
                        name::parts(column)?;
                    }
                }
                Some(JoinConstraint::Natural | JoinConstraint::None) | None => {}
            }
        }
        Ok(())
    }

    /// Guards the conjuncts of every ON and adds the predicates that belong there.
    fn attach(&mut self, tree: &mut TableWithJoins, pass: &mut Pass) {
        if let TableFactor::NestedJoin {
            table_with_joins, ..
        } = &mut tree.relation
        {
            self.attach(table_with_joins, pass);
        }
        for join in &mut tree.joins {
            let ordinal = pass.joins;
            pass.joins += 1;
            if let TableFactor::NestedJoin {
                table_with_joins, ..
            } = &mut join.relation
            {
                self.attach(table_with_joins, pass);
            }
            let Some(JoinConstraint::On(expr)) = derived::constraint(&mut join.join_operator)
            else {
                continue;
            };
            let strict = self.is_strict();
            let own: Vec<_> = pass
                .on
                .iter()
                .filter(|(at, _)| *at == ordinal)
                .flat_map(|(_, tenant)| self.own_rows(tenant, Action::Read, strict))
                .collect();
            self.note_predicates("predicate in on", &own);
            let sides = pass.sides.get(ordinal).copied().unwrap_or_default();
            let condition = std::mem::replace(expr, predicate::number("1"));
            if let Some(whole) = self.conjoin(own, Some(condition), &Reach::On(sides)) {
                *expr = whole;
            }
        }
    }

    fn named_rows(&mut self, alias: Option<&TableAlias>, source: Source) -> Result<(), Refusal> {
        let Some(alias) = alias else { return Ok(()) };
        self.alias(alias)?;
        let known = self.stored(&alias.name);
        self.register(known, source)
    }

    /// Makes `known` visible; the same name twice is refused, as databases choose differently.
    pub(super) fn register(&mut self, known: String, source: Source) -> Result<(), Refusal> {
        let Some(frame) = self.scopes.frame() else {
            return Err(internal());
        };
        if frame.sources.iter().any(|(name, _)| *name == known) {
            return Err(Refusal::new(
                code::ALIAS,
                "the same table name or alias twice",
            ));
        }
        frame.sources.push((known, source));
        Ok(())
    }
}

/// The last part of a dotted name.
pub(super) fn last(table: &ObjectName) -> Result<&Ident, Refusal> {
    name::parts(table)?.pop().ok_or_else(internal)
}

fn base(relation: &Arc<Relation>, alias: Option<&TableAlias>) -> Source {
    if alias.is_some_and(|alias| !alias.columns.is_empty()) {
        Source::Rows
    } else {
        Source::Base(Arc::clone(relation))
    }
}

pub(super) fn internal() -> Refusal {
    Refusal::new(code::INTERNAL, "the guard lost its place in the statement")
}
