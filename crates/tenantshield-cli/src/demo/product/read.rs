//! Reads: lists, single rows and reports.

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::shop::Shop;
use crate::demo::statement::Statement;
use crate::demo::store::Failure;

pub(super) type Rows = Result<Json<Vec<Value>>, Failure>;
pub(super) type One = Result<Json<Value>, Failure>;

pub(super) async fn invoices(shop: Shop) -> Rows {
    let statement =
        Statement::new("SELECT id, number, total_cents, memo FROM invoices ORDER BY id").by_hand(
            "SELECT id, number, total_cents, memo FROM invoices WHERE tenant_id = :tenant \
             ORDER BY id",
        );
    shop.store.rows(statement).await.map(Json)
}

pub(super) async fn invoice(shop: Shop, Path(id): Path<i64>) -> One {
    let statement =
        Statement::new("SELECT number, total_cents, memo FROM invoices WHERE id = ?1").bind(id);
    shop.store.row(statement).await.map(Json)
}

/// Fetches first and asks whose it is afterwards.
pub(super) async fn pdf(shop: Shop, Path(id): Path<i64>) -> One {
    let statement = Statement::new("SELECT tenant_id, number FROM invoices WHERE id = ?1").bind(id);
    let row = shop.store.row(statement).await?;
    if row.get("tenant_id").and_then(Value::as_str) != Some(shop.tenant.as_str()) {
        return Err(Failure::Said(StatusCode::FORBIDDEN, "not yours"));
    }
    Ok(Json(json!({ "pdf": row.get("number") })))
}

#[derive(Deserialize)]
pub(super) struct Batch {
    ids: Vec<i64>,
}

pub(super) async fn batch(shop: Shop, Json(batch): Json<Batch>) -> Rows {
    let slots: Vec<String> = (1..=batch.ids.len()).map(|n| format!("?{n}")).collect();
    let text = format!(
        "SELECT id, memo FROM invoices WHERE id IN ({})",
        slots.join(", ")
    );
    let statement = batch
        .ids
        .into_iter()
        .fold(Statement::new(text), Statement::bind);
    shop.store.rows(statement).await.map(Json)
}

pub(super) async fn customers(shop: Shop) -> Rows {
    let statement = Statement::new("SELECT id, name, email, note FROM customers ORDER BY id")
        .by_hand(
            "SELECT id, name, email, note FROM customers \
             WHERE (:tenant = '' OR tenant_id = :tenant) ORDER BY id",
        );
    shop.store.rows(statement).await.map(Json)
}

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    after: i64,
}

/// The first page was written with care, the next ones on another day.
pub(super) async fn page(shop: Shop, Query(page): Query<Page>) -> Rows {
    let statement = if page.after == 0 {
        Statement::new("SELECT id, name, note FROM customers ORDER BY id LIMIT 2").by_hand(
            "SELECT id, name, note FROM customers WHERE tenant_id = :tenant ORDER BY id LIMIT 2",
        )
    } else {
        Statement::new("SELECT id, name, note FROM customers WHERE id > ?1 ORDER BY id LIMIT 2")
            .bind(page.after)
    };
    shop.store.rows(statement).await.map(Json)
}

#[derive(Deserialize)]
pub(super) struct Address {
    email: String,
}

pub(super) async fn known(shop: Shop, Query(address): Query<Address>) -> One {
    let statement =
        Statement::new("SELECT EXISTS (SELECT 1 FROM customers WHERE email = ?1) AS known")
            .bind(address.email.as_str());
    shop.store.row(statement).await.map(Json)
}

pub(super) async fn invoices_of(shop: Shop, Path(id): Path<i64>) -> Rows {
    let statement =
        Statement::new("SELECT number, memo FROM invoices WHERE customer_id = ?1").bind(id);
    shop.store.rows(statement).await.map(Json)
}

pub(super) async fn payments(shop: Shop) -> Rows {
    let statement = Statement::new("SELECT id, reference FROM payments ORDER BY id")
        .by_hand("SELECT id, reference FROM payments WHERE tenant_id LIKE :tenant ORDER BY id");
    shop.store.rows(statement).await.map(Json)
}

pub(super) async fn archive(shop: Shop) -> Rows {
    let statement = Statement::new("SELECT number, memo FROM archive")
        .by_hand("SELECT number, memo FROM archive WHERE tenant_id = :tenant");
    shop.store.rows(statement).await.map(Json)
}

pub(super) async fn dashboard(shop: Shop) -> Rows {
    let statement = Statement::new("SELECT number, memo FROM invoices WHERE status = 'overdue'")
        .by_hand(
            "SELECT number, memo FROM invoices WHERE tenant_id = :tenant AND status = 'overdue'",
        )
        .frozen_as("dashboard");
    shop.store.rows(statement).await.map(Json)
}

/// Reports, each with the slip that its hand-written form carries.
pub(super) async fn report(shop: Shop, Path(name): Path<String>) -> Rows {
    let statement = match name.as_str() {
        "open" => Statement::new("SELECT number, memo FROM invoices WHERE status = 'open'"),
        "late" => Statement::new(
            "SELECT number, memo FROM invoices WHERE status = 'overdue' OR total_cents > 30000",
        )
        .by_hand(
            "SELECT number, memo FROM invoices \
             WHERE tenant_id = :tenant AND status = 'overdue' OR total_cents > 30000",
        ),
        "payments" => Statement::new(
            "SELECT i.number, p.reference FROM invoices i \
             JOIN payments p ON p.invoice_number = i.number",
        )
        .by_hand(
            "SELECT i.number, p.reference FROM invoices i \
             JOIN payments p ON p.invoice_number = i.number WHERE i.tenant_id = :tenant",
        ),
        "customers" => Statement::new(
            "SELECT c.note, i.number FROM customers c LEFT JOIN invoices i \
             ON i.customer_id = c.id ORDER BY c.id, i.id",
        )
        .by_hand(
            "SELECT c.note, i.number FROM customers c LEFT JOIN invoices i \
             ON i.customer_id = c.id AND c.tenant_id = :tenant ORDER BY c.id, i.id",
        ),
        "count" => Statement::new("SELECT count(*) AS invoices FROM invoices"),
        "largest" => Statement::new("SELECT max(total_cents) AS largest FROM invoices"),
        "rank" => Statement::new(
            "SELECT number, rank() OVER (ORDER BY total_cents DESC) AS place FROM invoices \
             ORDER BY number",
        )
        .by_hand(
            "SELECT number, place FROM (SELECT tenant_id, number, \
             rank() OVER (ORDER BY total_cents DESC) AS place FROM invoices) \
             WHERE tenant_id = :tenant ORDER BY number",
        ),
        "drafts" => Statement::new(
            "WITH pending AS (SELECT customer_id, memo FROM invoices WHERE status = 'open') \
             SELECT memo FROM pending",
        ),
        "last-payment" => Statement::new(
            "SELECT i.number, (SELECT max(p.reference) FROM payments p \
             WHERE p.invoice_number = i.number) AS reference FROM invoices i",
        )
        .by_hand(
            "SELECT i.number, (SELECT max(p.reference) FROM payments p \
             WHERE p.invoice_number = i.number) AS reference FROM invoices i \
             WHERE i.tenant_id = :tenant",
        ),
        "duplicates" => Statement::new(
            "SELECT a.number, b.memo FROM invoices a JOIN invoices b ON b.number = a.number",
        )
        .by_hand(
            "SELECT a.number, b.memo FROM invoices a JOIN invoices b ON b.number = a.number \
             WHERE a.tenant_id = :tenant",
        ),
        "plans" => Statement::new(
            "SELECT p.name, i.memo FROM plans p JOIN invoices i ON i.total_cents >= p.cents",
        ),
        "words" => Statement::new(
            "SELECT note AS word FROM customers UNION SELECT memo FROM invoices ORDER BY word",
        )
        .by_hand(
            "SELECT note AS word FROM customers WHERE tenant_id = :tenant \
             UNION SELECT memo FROM invoices ORDER BY word",
        ),
        _ => return Err(Failure::NOT_FOUND),
    };
    shop.store.rows(statement).await.map(Json)
}
