//! The tenant's value where the application writes one itself.
//!
//! *Why:* ORMs name every column, the tenant's included. An own value passes, a NULL on insert is
//! filled in, another tenant's value is an attack or a bug: refused before anything is written. A
//! bound value is unknown to the guard, so the statement itself carries the check.

use sqlparser::ast::{
    AssignmentTarget, BinaryOperator, Expr, FunctionArgExpr, ObjectName, UnaryOperator, Value,
};
use tenantshield_core::{Action, TenantId, TenantType, TenantValue};

use super::Walk;
use crate::code;
use crate::dialect::Dialect;
use crate::judgement::LiteralCheck;
use crate::name;
use crate::predicate;
use crate::refusal::Refusal;
use crate::relation::{Kind, Relation};

/// The text by which adapters recognise a bound value of another tenant.
pub const MISMATCH: &str = "TS-TENANT-MISMATCH";

/// What the application wrote for the tenant column.
enum Supplied {
    Bind(Box<Expr>),
    Default,
    Literal(TenantValue),
    Null,
    Other,
}

impl Walk<'_> {
    /// Replaces the application's value on insert by the tenant's own, with the check it needs.
    pub(super) fn inserted(
        &mut self,
        expr: &mut Expr,
        relation: &Relation,
        kind: TenantType,
    ) -> Result<(), Refusal> {
        let supplied = supplied(expr, kind);
        let own = self.tenant_bind(kind);
        *expr = match supplied {
            Supplied::Null => own,
            Supplied::Literal(value) => {
                self.check(value, relation, Action::Write);
                own
            }
            Supplied::Bind(bind) => own_or_raise(self.dialect(), &bind, &own, kind, true),
            Supplied::Default => {
                return Err(blocked(
                    code::TENANT_COMPUTED,
                    "the tenant column of an insert is set to default",
                    relation,
                ));
            }
            Supplied::Other => {
                return Err(blocked(
                    code::TENANT_COMPUTED,
                    "the tenant column of an insert is given a computed value",
                    relation,
                ));
            }
        };
        Ok(())
    }

    /// Decides an assignment to the tenant column: the own value passes, all else is refused.
    fn assigned(
        &mut self,
        expr: &mut Expr,
        relation: &Relation,
        kind: TenantType,
    ) -> Result<(), Refusal> {
        let supplied = supplied(expr, kind);
        let own = self.tenant_bind(kind);
        *expr = match supplied {
            Supplied::Literal(value) => {
                self.check(value, relation, Action::Read);
                own
            }
            Supplied::Bind(bind) => own_or_raise(self.dialect(), &bind, &own, kind, false),
            Supplied::Null | Supplied::Default | Supplied::Other => {
                return Err(blocked(
                    code::TENANT_ASSIGNMENT,
                    "the tenant column is assigned another or a computed value",
                    relation,
                ));
            }
        };
        Ok(())
    }

    /// Walks the assignments of an update or an upsert on `relation`.
    pub(super) fn assignments(
        &mut self,
        assignments: &mut [sqlparser::ast::Assignment],
        relation: &Relation,
        action: Action,
    ) -> Result<(), Refusal> {
        for sqlparser::ast::Assignment { target, value } in assignments {
            match target {
                AssignmentTarget::ColumnName(column) => {
                    let column = self.assigned_column(column, relation, action)?;
                    match &relation.kind {
                        Kind::Tenant {
                            column: tenant,
                            value: kind,
                        } if column == name::folded(tenant, self.dialect()) => {
                            self.assigned(value, relation, *kind)?;
                        }
                        Kind::Tenant { .. } | Kind::Shared { .. } | Kind::Platform => {
                            self.expr(value)?;
                        }
                    }
                }
                AssignmentTarget::Tuple(columns) => {
                    for column in columns {
                        let column = self.assigned_column(column, relation, action)?;
                        if self.is_tenant_column(relation, &column) {
                            return Err(blocked(
                                code::TENANT_ASSIGNMENT,
                                "the tenant column is assigned as part of a tuple",
                                relation,
                            ));
                        }
                    }
                    self.expr(value)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn is_tenant_column(&self, relation: &Relation, column: &str) -> bool {
        matches!(&relation.kind, Kind::Tenant { column: tenant, .. }
            if column == name::folded(tenant, self.dialect()))
    }

    fn assigned_column(
        &self,
        target: &ObjectName,
        relation: &Relation,
        action: Action,
    ) -> Result<String, Refusal> {
        let [column] = name::parts(target)?[..] else {
            return Err(Refusal::new(
                code::EXPRESSION,
                "an assignment to a part of a column",
            ));
        };
        let column = self.stored(column);
        self.unfiltered(relation, &column, action)?;
        Ok(column)
    }

    /// A column that a policy filters by stays the policy's.
    pub(super) fn unfiltered(
        &self,
        relation: &Relation,
        column: &str,
        action: Action,
    ) -> Result<(), Refusal> {
        let filtered = self
            .filters
            .columns(&relation.table, action)
            .iter()
            .any(|(known, _)| name::folded(known, self.dialect()) == column);
        if filtered {
            Err(Refusal::new(
                code::FILTER,
                "a column that a policy filters by is written",
            ))
        } else {
            Ok(())
        }
    }

    fn check(&mut self, value: TenantValue, relation: &Relation, action: Action) {
        self.checks.push(LiteralCheck {
            value,
            model: std::sync::Arc::clone(&relation.model),
            action,
        });
    }
}

pub(super) fn blocked(code: code::Code, what: &str, relation: &Relation) -> Refusal {
    Refusal::new(code, what).with_violation(&relation.model, Action::Write)
}

fn supplied(expr: &Expr, kind: TenantType) -> Supplied {
    let text = |raw: &str| {
        TenantId::new(raw)
            .ok()
            .and_then(|id| id.to_value(kind).ok())
            .map_or(Supplied::Other, Supplied::Literal)
    };
    match expr {
        Expr::Nested(inner) => supplied(inner, kind),
        Expr::Cast {
            expr: inner,
            data_type,
            ..
        } if *data_type == predicate::tenant_type(kind) => match supplied(inner, kind) {
            Supplied::Bind(_) => Supplied::Bind(Box::new(expr.clone())),
            other => other,
        },
        Expr::Identifier(word) if word.quote_style.is_none() => {
            if word.value.eq_ignore_ascii_case("default") {
                Supplied::Default
            } else {
                Supplied::Other
            }
        }
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr: inner,
        } => match &**inner {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, false) => text(&format!("-{digits}")),
                _ => Supplied::Other,
            },
            _ => Supplied::Other,
        },
        Expr::Value(value) => match &value.value {
            Value::Null => Supplied::Null,
            Value::Placeholder(_) => Supplied::Bind(Box::new(expr.clone())),
            Value::Number(raw, false) | Value::SingleQuotedString(raw) => text(raw),
            _ => Supplied::Other,
        },
        _ => Supplied::Other,
    }
}

/// `CASE WHEN bind = own THEN own ELSE <raise> END`; a NULL is filled in where `fill` says so.
///
/// The raising branch holds a parameter, so that no planner folds it, and catches NULL.
pub(crate) fn own_or_raise(
    dialect: Dialect,
    bind: &Expr,
    own: &Expr,
    kind: TenantType,
    fill: bool,
) -> Expr {
    let typed = |expr: Expr, data_type| Expr::Cast {
        kind: sqlparser::ast::CastKind::DoubleColon,
        expr: Box::new(expr),
        data_type,
        format: None,
    };
    let own_type = predicate::tenant_type(kind);
    let (compared, raise) = match dialect {
        Dialect::Postgres => {
            let bind = predicate::nested(bind.clone());
            let shown = call(
                "left",
                vec![
                    call(
                        "coalesce",
                        vec![
                            typed(bind.clone(), sqlparser::ast::DataType::Text),
                            string(""),
                        ],
                    ),
                    predicate::number("0"),
                ],
            );
            let text = predicate::nested(predicate::binary(
                string(MISMATCH),
                BinaryOperator::StringConcat,
                shown,
            ));
            let number = typed(text, sqlparser::ast::DataType::Integer(None));
            let raise = typed(
                typed(number, sqlparser::ast::DataType::Text),
                own_type.clone(),
            );
            (typed(bind, own_type), raise)
        }
        Dialect::Sqlite => (
            bind.clone(),
            call("json_extract", vec![string("{}"), string(MISMATCH)]),
        ),
    };
    let mut whens = Vec::new();
    if fill {
        whens.push((Expr::IsNull(Box::new(compared.clone())), own.clone()));
    }
    whens.push((predicate::equals(compared, own.clone()), own.clone()));
    predicate::case(whens, Some(raise))
}

fn string(text: &str) -> Expr {
    predicate::value(Value::SingleQuotedString(text.to_owned()))
}

fn call(function: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(FunctionArgExpr::Expr).collect();
    predicate::call(function, args)
}
