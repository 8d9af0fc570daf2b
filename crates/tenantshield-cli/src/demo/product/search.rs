//! Searches that build their text from what the user typed.

use axum::Json;
use axum::extract::Query;
use serde::Deserialize;

use super::read::Rows;
use crate::demo::shop::Shop;
use crate::demo::statement::Statement;

#[derive(Deserialize)]
pub(super) struct Words {
    q: String,
}

pub(super) async fn by_name(shop: Shop, Query(words): Query<Words>) -> Rows {
    shop.store.rows(like(&words.q)).await.map(Json)
}

/// Escapes quotes the way another database wants it.
pub(super) async fn by_escaped_name(shop: Shop, Query(words): Query<Words>) -> Rows {
    shop.store
        .rows(like(&words.q.replace('\'', "\\'")))
        .await
        .map(Json)
}

fn like(q: &str) -> Statement {
    Statement::new(format!(
        "SELECT id, name, email, note FROM customers WHERE name LIKE '%{q}%'"
    ))
    .by_hand(format!(
        "SELECT id, name, email, note FROM customers \
             WHERE tenant_id = :tenant AND name LIKE '%{q}%'"
    ))
}

#[derive(Deserialize)]
pub(super) struct Order {
    by: String,
}

pub(super) async fn sorted(shop: Shop, Query(order): Query<Order>) -> Rows {
    let by = order.by;
    let statement = Statement::new(format!("SELECT number, memo FROM invoices ORDER BY {by}"))
        .by_hand(format!(
            "SELECT number, memo FROM invoices WHERE tenant_id = :tenant ORDER BY {by}"
        ));
    shop.store.rows(statement).await.map(Json)
}

#[derive(Deserialize)]
pub(super) struct Threshold {
    credit: String,
}

/// Subtracts what the user typed; a negative number makes `--`, which begins a comment.
pub(super) async fn above(shop: Shop, Query(threshold): Query<Threshold>) -> Rows {
    let credit = threshold.credit;
    let statement = Statement::new(format!(
        "SELECT number, memo FROM invoices WHERE total_cents > 0-{credit}"
    ))
    .by_hand(format!(
        "SELECT number, memo FROM invoices \
                 WHERE total_cents > 0-{credit} AND tenant_id = :tenant"
    ));
    shop.store.rows(statement).await.map(Json)
}
