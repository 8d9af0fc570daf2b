//! Expressions: each form is decided; subqueries anywhere are walked as queries.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DateTimeField, Expr, Ident,
    Interval, Subscript, TypedString, UnaryOperator,
};

use super::Walk;
use super::from::last;
use crate::allow;
use crate::code;
use crate::dialect::Dialect;
use crate::predicate;
use crate::refusal::Refusal;
use crate::scope::Source;

impl Walk<'_> {
    pub(super) fn exprs(&mut self, list: &mut [Expr]) -> Result<(), Refusal> {
        list.iter_mut().try_for_each(|expr| self.expr(expr))
    }

    fn each<const N: usize>(&mut self, list: [&mut Expr; N]) -> Result<(), Refusal> {
        list.into_iter().try_for_each(|expr| self.expr(expr))
    }

    pub(super) fn expr(&mut self, expr: &mut Expr) -> Result<(), Refusal> {
        match expr {
            Expr::Identifier(ident) => self.bare(ident),
            Expr::CompoundIdentifier(parts) => self.compound(parts),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Nested(inner) => self.expr(inner),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.each([left, right])
            }
            Expr::InList {
                expr,
                list,
                negated: _,
            } => {
                self.expr(expr)?;
                self.exprs(list)
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated: _,
            } => {
                self.expr(expr)?;
                self.query(subquery)?;
                // Planners turn the subquery into one of FROM.
                self.close_off(subquery, false);
                Ok(())
            }
            Expr::Between {
                expr,
                negated: _,
                low,
                high,
            } => self.each([expr, low, high]),
            Expr::BinaryOp { left, op, right } => {
                self.binary(op)?;
                self.each([left, right])
            }
            Expr::Like {
                negated: _,
                any: false,
                expr,
                pattern,
                escape_char,
            }
            | Expr::ILike {
                negated: _,
                any: false,
                expr,
                pattern,
                escape_char,
            }
            | Expr::SimilarTo {
                negated: _,
                expr,
                pattern,
                escape_char,
            } => {
                self.each([expr, pattern])?;
                self.maybe(escape_char.as_deref_mut())
            }
            Expr::AnyOp {
                left,
                compare_op,
                right,
                is_some: _,
            }
            | Expr::AllOp {
                left,
                compare_op,
                right,
            } => {
                self.binary(compare_op)?;
                self.each([left, right])?;
                if let Expr::Subquery(subquery) = &mut **right {
                    self.close_off(subquery, false);
                }
                Ok(())
            }
            Expr::UnaryOp { op, expr } => {
                self.unary(*op)?;
                self.expr(expr)?;
                separate(expr);
                Ok(())
            }
            Expr::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon,
                expr,
                data_type,
                format: None,
            } => {
                self.data_type(data_type)?;
                self.expr(expr)
            }
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => self.each([timestamp, time_zone]),
            Expr::Extract {
                field,
                syntax: _,
                expr,
            } => {
                field_name(field)?;
                self.expr(expr)
            }
            Expr::Ceil {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            }
            | Expr::Floor {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => self.expr(expr),
            Expr::Position { expr, r#in } => self.each([expr, r#in]),
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                special: _,
                shorthand: _,
            } => {
                self.expr(expr)?;
                self.maybe(substring_from.as_deref_mut())?;
                self.maybe(substring_for.as_deref_mut())
            }
            Expr::Trim {
                trim_where: _,
                trim_what,
                expr,
                trim_characters,
            } => {
                self.expr(expr)?;
                self.maybe(trim_what.as_deref_mut())?;
                trim_characters
                    .as_mut()
                    .map_or(Ok(()), |list| self.exprs(list))
            }
            Expr::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                self.each([expr, overlay_what, overlay_from])?;
                self.maybe(overlay_for.as_deref_mut())
            }
            Expr::Collate { expr, collation } => {
                let known = super::name::parts(collation)?
                    .into_iter()
                    .map(|part| self.stored(part))
                    .collect::<Vec<_>>();
                if !allow::collation(&known, self.dialect()) {
                    return Err(Refusal::new(
                        code::COLLATION,
                        "a collation that is not built in",
                    ));
                }
                self.expr(expr)
            }
            Expr::Value(value) => self.literal(&value.value),
            Expr::TypedString(TypedString {
                data_type,
                value,
                uses_odbc_syntax: false,
            }) => {
                self.data_type(data_type)?;
                self.literal(&value.value)
            }
            Expr::Function(function) => self.function(function),
            Expr::Case {
                case_token: _,
                end_token: _,
                operand,
                conditions,
                else_result,
            } => {
                self.maybe(operand.as_deref_mut())?;
                for CaseWhen { condition, result } in conditions {
                    self.each([condition, result])?;
                }
                self.maybe(else_result.as_deref_mut())
            }
            Expr::Exists {
                subquery,
                negated: _,
            }
            | Expr::Subquery(subquery) => self.query(subquery),
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                sets.iter_mut().try_for_each(|set| self.exprs(set))
            }
            Expr::Tuple(list) => self.exprs(list),
            Expr::Array(array) => {
                if !array.named && self.dialect() == Dialect::Sqlite {
                    return Err(unhandled());
                }
                self.exprs(&mut array.elem)
            }
            Expr::Interval(Interval {
                value,
                leading_field,
                leading_precision: None,
                last_field,
                fractional_seconds_precision: None,
            }) => {
                for field in leading_field.iter().chain(last_field.iter()) {
                    field_name(field)?;
                }
                self.expr(value)
            }
            _ => Err(unhandled()),
        }
    }

    /// A bare name. Some are no columns but session state in disguise.
    fn bare(&self, ident: &Ident) -> Result<(), Refusal> {
        if ident.quote_style == Some('\'') {
            return Err(unhandled());
        }
        if self.dialect() == Dialect::Postgres
            && ident.quote_style.is_none()
            && allow::is_session_word(&ident.value.to_ascii_lowercase())
        {
            return Err(session());
        }
        Ok(())
    }

    /// `alias.column`. In Postgres `alias.name` also calls the function `name` with the row, so the
    /// name has to be a known column wherever that can be told.
    fn compound(&self, parts: &[Ident]) -> Result<(), Refusal> {
        let [.., qualifier, column] = parts else {
            return Err(unhandled());
        };
        let wanted = self.stored(column);
        match self.scopes.source(&self.stored(qualifier)) {
            Some(source) => self.known_column(source, &wanted),
            None => Err(Refusal::new(
                code::COLUMN,
                "a column of a table that is not in scope",
            )),
        }
    }

    fn known_column(&self, source: &Source, wanted: &str) -> Result<(), Refusal> {
        let known = match (self.dialect(), source) {
            (Dialect::Sqlite, _) | (Dialect::Postgres, Source::Rows) => true,
            (Dialect::Postgres, Source::Base(relation)) => {
                allow::is_system_column(wanted)
                    || relation.has_column(wanted, self.dialect()).unwrap_or(true)
            }
            (Dialect::Postgres, Source::Function(columns)) => {
                columns.iter().any(|column| column == wanted)
            }
        };
        if known {
            Ok(())
        } else {
            Err(Refusal::new(
                code::COLUMN,
                "a column that the catalogue does not list",
            ))
        }
    }

    /// `(row).field` and subscripts. A field of anything but a known relation may be a call.
    fn access(&mut self, root: &mut Expr, chain: &mut [AccessExpr]) -> Result<(), Refusal> {
        for link in &mut *chain {
            match link {
                AccessExpr::Dot(Expr::Identifier(field)) => {
                    let row = match strip(root) {
                        Expr::Identifier(row) => self.scopes.source(&self.stored(row)),
                        _ => None,
                    };
                    match row {
                        Some(source @ Source::Base(relation)) if relation.columns.is_some() => {
                            self.known_column(source, &self.stored(field))?;
                        }
                        _ => {
                            return Err(Refusal::new(
                                code::COLUMN,
                                "a field of something whose columns are not known",
                            ));
                        }
                    }
                }
                AccessExpr::Dot(_) => return Err(unhandled()),
                AccessExpr::Subscript(Subscript::Index { index }) => self.expr(index)?,
                AccessExpr::Subscript(Subscript::Slice {
                    lower_bound,
                    upper_bound,
                    stride,
                }) => {
                    self.maybe(lower_bound.as_mut())?;
                    self.maybe(upper_bound.as_mut())?;
                    self.maybe(stride.as_mut())?;
                }
            }
        }
        self.expr(root)
    }

    fn binary(&self, op: &BinaryOperator) -> Result<(), Refusal> {
        if allow::binary(op, self.dialect()) {
            Ok(())
        } else {
            Err(operator())
        }
    }

    fn unary(&self, op: UnaryOperator) -> Result<(), Refusal> {
        if allow::unary(op, self.dialect()) {
            Ok(())
        } else {
            Err(operator())
        }
    }

    /// The names that a function in FROM offers as columns.
    pub(super) fn function_source(
        &self,
        function: &sqlparser::ast::ObjectName,
        alias: Option<&sqlparser::ast::TableAlias>,
    ) -> Source {
        let mut columns: Vec<String> = ["key", "value", "ordinality", "lexeme", "positions"]
            .map(str::to_owned)
            .to_vec();
        if let Some(alias) = alias {
            columns.push(self.stored(&alias.name));
            columns.extend(alias.columns.iter().map(|column| self.stored(&column.name)));
        } else if let Ok(name) = last(function) {
            columns.push(self.stored(name));
        }
        Source::Function(columns)
    }
}

/// Keeps two operators from touching: `- -x` would be rendered as a comment.
fn separate(operand: &mut Expr) {
    let glued = match &*operand {
        Expr::UnaryOp { .. } => true,
        Expr::Value(value) => matches!(
            &value.value,
            sqlparser::ast::Value::Number(digits, _) if digits.starts_with(['-', '+'])
        ),
        _ => false,
    };
    if glued {
        let inner = std::mem::replace(operand, predicate::number("0"));
        *operand = predicate::nested(inner);
    }
}

fn strip(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => strip(inner),
        other => other,
    }
}

fn field_name(field: &DateTimeField) -> Result<(), Refusal> {
    match field {
        DateTimeField::Custom(ident)
            if ident
                .value
                .chars()
                .any(|c| !(c.is_ascii_alphanumeric() || c == '_')) =>
        {
            Err(unhandled())
        }
        _ => Ok(()),
    }
}

pub(super) fn unhandled() -> Refusal {
    Refusal::new(code::EXPRESSION, "an expression form that is not handled")
}

fn operator() -> Refusal {
    Refusal::new(code::OPERATOR, "an operator that is not on the allow-list")
}

pub(super) fn session() -> Refusal {
    Refusal::new(code::SESSION, "session state")
}
