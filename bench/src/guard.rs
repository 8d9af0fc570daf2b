//! What a statement costs before it is sent: seen before, and at first sight.

use std::hint::black_box;

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserOptions};
use tenantshield::TenantContext;
use tenantshield::sql::{Dialect, Filters};

use crate::failure::BoxError;
use crate::measure::{Effort, least, spent};
use crate::row::Row;
use crate::subject;

/// The statement of the round trips, as the application writes it.
pub(crate) fn point_select(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "SELECT id, total, note FROM orders WHERE id = $1",
        Dialect::Sqlite => "SELECT id, total, note FROM orders WHERE id = ?1",
    }
}

/// Thread CPU time of guarding a statement that was seen before, in nanoseconds.
pub(crate) fn cached(
    effort: Effort,
    context: &TenantContext,
    dialect: Dialect,
) -> Result<f64, BoxError> {
    let guard = subject::guard(dialect)?;
    let sql = point_select(dialect);
    if guard.guard(context, sql, Filters::NONE).is_err() {
        return Err("the measured statement is refused".into());
    }
    Ok(least(effort, 500, || {
        guard
            .guard(black_box(context), black_box(sql), Filters::NONE)
            .is_ok()
    }))
}

/// The rows of the first sight.
pub(crate) fn rows(effort: Effort, context: &TenantContext) -> Result<Vec<Row>, BoxError> {
    let guard = subject::guard(Dialect::Postgres)?;
    let options = ParserOptions::new().with_unescape(false);
    let (mut first, mut parse) = (f64::INFINITY, f64::INFINITY);
    for round in 0..effort.times(2_000) {
        // Another literal makes another text: no cache can have seen it.
        let sql = three_joins(round);
        let mut admitted = false;
        let spent_here = spent(|| {
            admitted = guard.guard(context, &sql, Filters::NONE).is_ok();
        });
        if !admitted {
            return Err("the statement with three joins is refused".into());
        }
        first = first.min(spent_here);
        parse = parse.min(spent(|| {
            Parser::new(&PostgreSqlDialect {})
                .with_options(options.clone())
                .try_with_sql(black_box(&sql))
                .and_then(|mut parser| parser.parse_statements())
                .is_ok()
        }));
    }
    Ok(vec![
        Row::reported(
            "guard, first sight of a select with three joins, time",
            first,
            PARSE,
            parse,
        ),
        Row::times(
            "guard, first sight of a select with three joins",
            first,
            PARSE,
            parse,
            3.0,
        ),
    ])
}

const PARSE: &str = "sqlparser parse";

fn three_joins(round: u32) -> String {
    format!(
        "SELECT o.id, o.total, c.name, c.email, i.sku, i.qty, p.name AS plan FROM orders o \
         JOIN customers c ON c.id = o.customer_id \
         JOIN items i ON i.order_id = o.id \
         LEFT JOIN plans p ON p.id = i.qty \
         WHERE o.total > {round} AND c.name = $1 AND i.qty BETWEEN 1 AND 10 \
         ORDER BY o.id DESC LIMIT 50"
    )
}
