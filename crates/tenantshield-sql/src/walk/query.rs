//! Queries: common table expressions with lexical scope, set operations, ordering and limits.

use sqlparser::ast::{
    Cte, Expr, Fetch, LimitClause, LockClause, LockType, Offset, OffsetRows, OrderBy, OrderByExpr,
    OrderByKind, OrderByOptions, OrderBySort, Query, SetExpr, SetOperator, SetQuantifier,
    Statement, TableAlias, TableAliasColumnDef, Values, With,
};

use super::Walk;
use super::literal::label;
use crate::code;
use crate::dialect::Dialect;
use crate::judgement::StatementKind;
use crate::refusal::Refusal;
use crate::scope::Visibility;

impl Walk<'_> {
    /// A query at the top of a statement: its common table expressions may write, and its body may
    /// be a write itself (`WITH … INSERT`); then gives the kind of that write.
    pub(super) fn query_with_writes(
        &mut self,
        query: &mut Query,
    ) -> Result<Option<StatementKind>, Refusal> {
        self.any_query(query, true)
    }

    pub(super) fn query(&mut self, query: &mut Query) -> Result<(), Refusal> {
        self.any_query(query, false).map(|_kind| ())
    }

    fn any_query(
        &mut self,
        query: &mut Query,
        top: bool,
    ) -> Result<Option<StatementKind>, Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if for_clause.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty()
        {
            return Err(Refusal::new(
                code::CLAUSE,
                "a query clause that is not handled",
            ));
        }
        let mark = self.scopes.mark();
        if let Some(with) = &mut *with {
            self.with(with, top)?;
        }
        self.locks(locks)?;
        let kind = match &mut **body {
            SetExpr::Select(select) => {
                self.select(select, order_by.as_mut(), !locks.is_empty())?;
                None
            }
            SetExpr::Insert(write) | SetExpr::Update(write) | SetExpr::Delete(write) if top => {
                Some(self.write(write)?)
            }
            other => {
                if !locks.is_empty() {
                    return Err(Refusal::new(code::LOCK, "a lock on a set operation"));
                }
                self.set_expr(other)?;
                if let Some(order_by) = order_by {
                    self.order_by(order_by)?;
                }
                None
            }
        };
        if let Some(limit) = limit_clause {
            self.limit(limit)?;
        }
        if let Some(Fetch {
            with_ties: _,
            percent,
            quantity,
        }) = fetch
        {
            if *percent {
                return Err(Refusal::new(code::CLAUSE, "a fetch clause in percent"));
            }
            self.maybe(quantity.as_mut())?;
        }
        if let Some(with) = with {
            self.fence_ctes(with, mark);
        }
        self.scopes.forget(mark);
        Ok(kind)
    }

    fn write(&mut self, statement: &mut Statement) -> Result<StatementKind, Refusal> {
        match statement {
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
                self.statement(statement)
            }
            _ => Err(Refusal::new(
                code::STATEMENT,
                "a kind of statement that tenants may not send",
            )),
        }
    }

    fn with(&mut self, with: &mut With, top: bool) -> Result<(), Refusal> {
        let With {
            with_token: _,
            recursive,
            cte_tables,
        } = with;
        let names: Vec<String> = cte_tables
            .iter()
            .map(|cte| self.stored(&cte.alias.name))
            .collect();
        let first = self.scopes.mark();
        // Postgres shows every name to every body under RECURSIVE and none to itself without;
        // SQLite ignores the keyword, and what a name means before its own end is not documented.
        let ahead = match (self.dialect(), *recursive) {
            (Dialect::Postgres, false) => None,
            (Dialect::Postgres, true) => Some(Visibility::Visible),
            (Dialect::Sqlite, _) => Some(Visibility::Ambiguous),
        };
        if let Some(visibility) = &ahead {
            for name in &names {
                self.scopes.list(name.clone(), visibility.clone());
            }
        }
        for (position, (cte, name)) in cte_tables.iter_mut().zip(names).enumerate() {
            let position = first + position;
            if ahead.is_some() {
                self.scopes.set_open(position, true);
                self.cte(cte, top)?;
                self.scopes.set_open(position, false);
                self.scopes.reveal(position);
            } else {
                self.cte(cte, top)?;
                self.scopes.list(name, Visibility::Visible);
            }
            if self.closable(position, cte) {
                self.close_off(&mut cte.query, false);
            }
        }
        Ok(())
    }

    fn cte(&mut self, cte: &mut Cte, top: bool) -> Result<(), Refusal> {
        let Cte {
            alias,
            query,
            from,
            materialized: _,
            closing_paren_token: _,
        } = cte;
        if from.is_some() {
            return Err(Refusal::new(
                code::CLAUSE,
                "a from clause of a common table expression",
            ));
        }
        self.alias(alias)?;
        match &mut *query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) => {
                if !top || self.dialect() == Dialect::Sqlite {
                    return Err(Refusal::new(code::STATEMENT, "a write inside a subquery"));
                }
                self.writes = true;
                self.any_query(query, true).map(|_kind| ())
            }
            _ => self.query(query),
        }
    }

    /// A recursive query is never pulled up, and takes no offset; neither does a write.
    pub(super) fn closable(&self, position: usize, cte: &Cte) -> bool {
        !self.scopes.is_recursive(position)
            && !matches!(
                &*cte.query.body,
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_)
            )
    }

    /// An alias: no types, no single-quoted names.
    pub(super) fn alias(&self, alias: &TableAlias) -> Result<(), Refusal> {
        let TableAlias {
            explicit: _,
            name,
            columns,
            at,
        } = alias;
        if at.is_some() {
            return Err(Refusal::new(
                code::CLAUSE,
                "an alias clause that is not handled",
            ));
        }
        label(name)?;
        for TableAliasColumnDef { name, data_type } in columns {
            label(name)?;
            if let Some(data_type) = data_type {
                self.data_type(data_type)?;
            }
        }
        Ok(())
    }

    fn set_expr(&mut self, body: &mut SetExpr) -> Result<(), Refusal> {
        match body {
            SetExpr::Select(select) => self.select(select, None, false),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                match op {
                    SetOperator::Union | SetOperator::Except | SetOperator::Intersect => {}
                    SetOperator::Minus => {
                        return Err(Refusal::new(
                            code::CLAUSE,
                            "a set operation that is not handled",
                        ));
                    }
                }
                match set_quantifier {
                    SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None => {}
                    SetQuantifier::ByName
                    | SetQuantifier::AllByName
                    | SetQuantifier::DistinctByName => {
                        return Err(Refusal::new(code::CLAUSE, "a set operation by name"));
                    }
                }
                self.set_expr(left)?;
                self.set_expr(right)
            }
            SetExpr::Values(values) => self.values(values),
            SetExpr::Table(_) => Err(Refusal::new(code::TABLE_SHORTHAND, "the table shorthand")),
            SetExpr::Merge(_) => Err(Refusal::new(code::MERGE, "a merge statement")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) => {
                Err(Refusal::new(code::STATEMENT, "a write inside a subquery"))
            }
        }
    }

    fn values(&mut self, values: &mut Values) -> Result<(), Refusal> {
        let Values {
            explicit_row,
            value_keyword,
            rows,
        } = values;
        if *explicit_row || *value_keyword {
            return Err(Refusal::new(
                code::CLAUSE,
                "a values clause of another dialect",
            ));
        }
        rows.iter_mut()
            .flat_map(|row| row.content.iter_mut())
            .try_for_each(|expr| self.expr(expr))
    }

    fn locks(&self, locks: &[LockClause]) -> Result<(), Refusal> {
        for LockClause {
            lock_type,
            of: _,
            nonblock: _,
        } in locks
        {
            match (lock_type, self.dialect()) {
                (LockType::Share | LockType::Update, Dialect::Postgres) => {}
                (_, Dialect::Sqlite) => {
                    return Err(Refusal::new(code::CLAUSE, "a row lock"));
                }
            }
        }
        Ok(())
    }

    pub(super) fn order_by(&mut self, order_by: &mut OrderBy) -> Result<(), Refusal> {
        let OrderBy { kind, interpolate } = order_by;
        match (kind, interpolate) {
            (OrderByKind::Expressions(list), None) => self.order_list(list),
            (OrderByKind::Expressions(_) | OrderByKind::All(_), _) => Err(Refusal::new(
                code::CLAUSE,
                "an order clause that is not handled",
            )),
        }
    }

    pub(super) fn order_list(&mut self, list: &mut [OrderByExpr]) -> Result<(), Refusal> {
        for OrderByExpr {
            expr,
            options,
            with_fill,
        } in list
        {
            let OrderByOptions {
                sort,
                nulls_first: _,
            } = options;
            match sort {
                None | Some(OrderBySort::Asc | OrderBySort::Desc) => {}
                Some(OrderBySort::Using(_)) => {
                    return Err(Refusal::new(code::OPERATOR, "an ordering by operator"));
                }
            }
            if with_fill.is_some() {
                return Err(Refusal::new(
                    code::CLAUSE,
                    "an order clause that is not handled",
                ));
            }
            self.expr(expr)?;
        }
        Ok(())
    }

    fn limit(&mut self, limit: &mut LimitClause) -> Result<(), Refusal> {
        match limit {
            LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            } => {
                if !limit_by.is_empty() {
                    return Err(Refusal::new(
                        code::CLAUSE,
                        "a limit clause that is not handled",
                    ));
                }
                self.maybe(limit.as_mut())?;
                match offset {
                    Some(Offset {
                        value,
                        rows: OffsetRows::None | OffsetRows::Row | OffsetRows::Rows,
                    }) => self.expr(value),
                    None => Ok(()),
                }
            }
            LimitClause::OffsetCommaLimit { offset, limit } => {
                self.expr(offset)?;
                self.expr(limit)
            }
        }
    }

    pub(super) fn maybe(&mut self, expr: Option<&mut Expr>) -> Result<(), Refusal> {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }
}
