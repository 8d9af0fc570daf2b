//! The barrier's side of the walk: which guards a condition gets, and which subqueries are closed.
//!
//! *Why:* a raising conjunct is kept from foreign rows by the predicate of the table that it reads.
//! Where it reads a subquery there is none to name: planners move the conjunct into the subquery,
//! beside the predicate there, unless the subquery ends in an offset, which nothing passes.

use sqlparser::ast::{Expr, Query, TableWithJoins, With};

use super::Walk;
use crate::barrier::{self, Guards, Reader};
use crate::dialect::Dialect;
use crate::place::Sides;
use crate::predicate;
use crate::relation::Kind;
use crate::scope::{Frame, Source};

/// Which tables of a FROM clause a condition can name.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    /// All of them, and the target of the write.
    All,
    /// Those that the ON of a join sees.
    On(Sides),
}

impl Reach {
    /// An ON of Postgres sees its own two sides; one of `SQLite` everything to its left, up to the
    /// parentheses around it.
    fn contains(&self, entry: Option<usize>, dialect: Dialect) -> bool {
        match (self, entry) {
            (Self::All, _) => true,
            (Self::On(_), None) => false,
            (Self::On(sides), Some(entry)) => {
                let start = match dialect {
                    Dialect::Postgres => sides.start,
                    Dialect::Sqlite => sides.nest,
                };
                (start..sides.end).contains(&entry)
            }
        }
    }
}

impl Walk<'_> {
    /// Judges expressions in the innermost scope.
    pub(super) const fn reader(&self) -> Reader<'_> {
        Reader::new(self.rules.dialect, &self.scopes)
    }

    /// Decides whether the innermost scope is strict, before its tables get their predicates.
    ///
    /// SECURITY: where a condition says `column = constant`, `SQLite` puts the constant in the place
    /// of the column everywhere, in a guard as well, which then always holds, and checks the
    /// equality when it likes. So beside a raising condition no equality may pin a tenant column:
    /// our own predicate is not one, and those of the application go behind the guard.
    pub(super) fn pin(&mut self, selection: Option<&Expr>, trees: &[TableWithJoins]) {
        let strict = self.dialect() == Dialect::Sqlite
            && self.rules.barrier.is_on()
            && (selection.is_some_and(|condition| self.reader().raises(condition))
                || self.reader().joins_raise(trees));
        if let Some(frame) = self.scopes.frame() {
            frame.strict = strict;
        }
    }

    /// Whether the innermost scope is strict.
    pub(super) fn is_strict(&mut self) -> bool {
        self.scopes.frame().is_some_and(|frame| frame.strict)
    }

    /// `own AND (original)`, with the raising conjuncts behind the guards of what they can reach.
    pub(super) fn conjoin(
        &mut self,
        own: Vec<Expr>,
        original: Option<Expr>,
        reach: &Reach,
    ) -> Option<Expr> {
        let strict = self.is_strict();
        let guards = match &original {
            Some(condition)
                if strict || self.rules.barrier.is_on() && self.reader().raises(condition) =>
            {
                self.guards(reach)
            }
            Some(_) | None => Guards::default(),
        };
        let fenced = barrier::conjoin(own, original, &guards, strict, self.reader());
        if fenced.reads_rows
            && let Some(frame) = self.scopes.frame()
        {
            frame.fenced = true;
        }
        fenced.condition
    }

    /// Keeps the raising conjuncts of `having` behind the grouping.
    pub(super) fn fence_groups(&mut self, having: &mut Option<Expr>) {
        if self.rules.barrier.is_on() && !self.guards(&Reach::All).is_empty() {
            *having = having
                .take()
                .map(|having| barrier::grouped(having, self.reader()));
        }
    }

    /// Closes the subqueries of `trees` where a raising condition of `frame` reads them; in a strict
    /// scope all, as one that is merged brings its constants along: `USING (tenant_id)` pins with them.
    pub(super) fn fence(&mut self, frame: &Frame, trees: &mut [TableWithJoins]) {
        if frame.fenced || frame.strict {
            barrier::close_sources(trees, self.dialect());
            self.scopes.watch(&frame.ctes);
            self.note("barrier on subqueries", "OFFSET 0".to_owned());
        }
    }

    /// Closes the common table expressions, listed from `first` on, that raising conditions read.
    pub(super) fn fence_ctes(&mut self, with: &mut With, first: usize) {
        for (position, cte) in with.cte_tables.iter_mut().enumerate() {
            let position = first + position;
            if self.scopes.is_watched(position) && self.closable(position, cte) {
                barrier::close(&mut cte.query, self.dialect());
            }
        }
    }

    /// Puts a barrier around a derived query whose columns can raise: the planner would otherwise
    /// pull them up and evaluate them beside the tenant predicate. A `lateral` one is closed as well
    /// when a condition inside can raise, as that may read the tables before it.
    pub(super) fn close_off(&mut self, query: &mut Query, lateral: bool) {
        let reader = self.reader();
        // SQLite carries conditions of the query around into this one as well, see `pin`.
        let whole = lateral || self.dialect() == Dialect::Sqlite;
        let raises = self.rules.barrier.is_on()
            && (reader.projects_raising(query) || whole && reader.query_raises(query));
        if raises {
            barrier::close(query, self.dialect());
            self.note("barrier on a derived query", "OFFSET 0".to_owned());
        }
    }

    /// For each tenant relation in reach the condition under which its columns may be evaluated.
    fn guards(&mut self, reach: &Reach) -> Guards {
        let mut guards = Guards::default();
        let frame = self.scopes.frame().map(std::mem::take).unwrap_or_default();
        for tenant in &frame.tenants {
            let Kind::Tenant { column, value } = &tenant.relation.kind else {
                continue;
            };
            if !reach.contains(tenant.entry, self.dialect()) {
                continue;
            }
            let bind = self.tenant_bind(*value);
            let column = predicate::column(&tenant.alias, column);
            let plain = predicate::equals(column.clone(), bind);
            let condition = if tenant.nullable {
                predicate::or_null(plain, column)
            } else {
                plain
            };
            guards.add(tenant, condition);
        }
        for (name, source) in &frame.sources {
            if matches!(source, Source::Rows) {
                guards.add_rows(name);
            }
        }
        if frame.nameless {
            guards.add_rows("");
        }
        if let Some(current) = self.scopes.frame() {
            *current = frame;
        }
        guards
    }
}
