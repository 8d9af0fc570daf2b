//! Writes: single rows, bulk forms, upserts and children of parents.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::read::{One, Rows};
use crate::demo::shop::Shop;
use crate::demo::statement::{Bind, Statement};
use crate::demo::store::Failure;

type Created = Result<(StatusCode, Json<Value>), Failure>;

#[derive(Deserialize)]
pub(super) struct NewCustomer {
    name: String,
    email: String,
    #[serde(default)]
    note: String,
    /// Nobody meant to accept this, but the struct has the table's columns.
    tenant_id: Option<String>,
}

pub(super) async fn add_customer(shop: Shop, Json(new): Json<NewCustomer>) -> Created {
    let statement = match &new.tenant_id {
        None => {
            Statement::new("INSERT INTO customers (id, name, email, note) VALUES (?1, ?2, ?3, ?4)")
                .by_hand(
                    "INSERT INTO customers (tenant_id, id, name, email, note) \
                     VALUES (:tenant, ?1, ?2, ?3, ?4)",
                )
        }
        Some(_) => Statement::new(
            "INSERT INTO customers (id, name, email, note, tenant_id) VALUES (?1, ?2, ?3, ?4, ?5)",
        ),
    };
    let id = shop.app.next_id();
    let mut statement = statement
        .bind(id)
        .bind(new.name.as_str())
        .bind(new.email.as_str())
        .bind(new.note.as_str());
    if let Some(tenant) = &new.tenant_id {
        statement = statement.bind(tenant.as_str());
    }
    shop.store.run(statement).await?;
    Ok((StatusCode::CREATED, Json(json!({ "created": 1 }))))
}

pub(super) async fn subscribe(shop: Shop, Json(new): Json<NewCustomer>) -> One {
    let statement = Statement::new(
        "INSERT INTO customers (id, name, email, note) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (tenant_id, email) DO NOTHING",
    )
    .by_hand(
        "INSERT INTO customers (tenant_id, id, name, email, note) \
         VALUES (:tenant, ?1, ?2, ?3, ?4) ON CONFLICT (email) DO NOTHING",
    )
    .bind(shop.app.next_id())
    .bind(new.name.as_str())
    .bind(new.email.as_str())
    .bind(new.note.as_str());
    let added = shop.store.run(statement).await?;
    Ok(Json(json!({ "added": added })))
}

/// Takes whatever columns the body names.
pub(super) async fn change_customer(
    shop: Shop,
    Path(id): Path<i64>,
    Json(changes): Json<Map<String, Value>>,
) -> One {
    let mut assignments = Vec::new();
    let mut binds: Vec<Bind> = vec![id.into()];
    for (column, value) in &changes {
        let plain_name = column.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let (true, Some(value)) = (plain_name, value.as_str()) else {
            return Err(Failure::Said(StatusCode::BAD_REQUEST, "unusable change"));
        };
        binds.push(value.into());
        assignments.push(format!("{column} = ?{}", binds.len()));
    }
    let set = assignments.join(", ");
    let statement = Statement::new(format!("UPDATE customers SET {set} WHERE id = ?1")).by_hand(
        format!("UPDATE customers SET {set} WHERE tenant_id = :tenant AND id = ?1"),
    );
    changed(&shop, binds.into_iter().fold(statement, Statement::bind)).await
}

pub(super) async fn put_customer(
    shop: Shop,
    Path(id): Path<i64>,
    Json(new): Json<NewCustomer>,
) -> One {
    let statement = Statement::new(
        "INSERT INTO customers (id, name, email, note) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, note = excluded.note",
    )
    .by_hand(
        "INSERT INTO customers (tenant_id, id, name, email, note) \
         VALUES (:tenant, ?1, ?2, ?3, ?4) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, note = excluded.note",
    )
    .bind(id)
    .bind(new.name.as_str())
    .bind(new.email.as_str())
    .bind(new.note.as_str());
    shop.store.run(statement).await?;
    Ok(Json(json!({ "put": 1 })))
}

#[derive(Deserialize)]
pub(super) struct Memo {
    memo: String,
}

pub(super) async fn change_memo(shop: Shop, Path(id): Path<i64>, Json(memo): Json<Memo>) -> One {
    let statement = Statement::new("UPDATE invoices SET memo = ?1 WHERE id = ?2")
        .bind(memo.memo.as_str())
        .bind(id);
    changed(&shop, statement).await
}

#[derive(Deserialize)]
pub(super) struct Payer {
    customer_id: i64,
}

pub(super) async fn change_payer(shop: Shop, Path(id): Path<i64>, Json(payer): Json<Payer>) -> One {
    let statement = Statement::new("UPDATE invoices SET customer_id = ?1 WHERE id = ?2")
        .by_hand("UPDATE invoices SET customer_id = ?1 WHERE tenant_id = :tenant AND id = ?2")
        .bind(payer.customer_id)
        .bind(id);
    changed(&shop, statement).await
}

#[derive(Deserialize)]
pub(super) struct NewLine {
    text: String,
    cents: i64,
}

pub(super) async fn add_line(
    shop: Shop,
    Path(invoice): Path<i64>,
    Json(line): Json<NewLine>,
) -> Created {
    let statement = Statement::new(
        "INSERT INTO invoice_lines (id, invoice_id, text, cents) VALUES (?1, ?2, ?3, ?4)",
    )
    .by_hand(
        "INSERT INTO invoice_lines (tenant_id, id, invoice_id, text, cents) \
         VALUES (:tenant, ?1, ?2, ?3, ?4)",
    )
    .bind(shop.app.next_id())
    .bind(invoice)
    .bind(line.text.as_str())
    .bind(line.cents);
    shop.store.run(statement).await?;
    Ok((StatusCode::CREATED, Json(json!({ "created": 1 }))))
}

pub(super) async fn remind(shop: Shop) -> One {
    changed(
        &shop,
        Statement::new("UPDATE invoices SET status = 'reminded'"),
    )
    .await
}

/// Writes each invoice's payment reference into its memo.
pub(super) async fn reconcile(shop: Shop) -> One {
    let statement = Statement::new(
        "UPDATE invoices SET memo = p.reference FROM payments p \
         WHERE p.invoice_number = invoices.number AND p.cents >= invoices.total_cents",
    )
    .by_hand(
        "UPDATE invoices SET memo = p.reference FROM payments p \
         WHERE p.invoice_number = invoices.number AND p.cents >= invoices.total_cents \
         AND invoices.tenant_id = :tenant",
    );
    changed(&shop, statement).await
}

pub(super) async fn pay(shop: Shop, Path(number): Path<String>) -> Rows {
    let statement = Statement::new(
        "UPDATE invoices SET status = 'paid' WHERE number = ?1 RETURNING number, memo",
    )
    .bind(number.as_str());
    shop.store.rows(statement).await.map(Json)
}

pub(super) async fn clear_payments(shop: Shop) -> One {
    changed(&shop, Statement::new("DELETE FROM payments")).await
}

pub(super) async fn delete_payment(shop: Shop, Path(id): Path<i64>) -> One {
    changed(
        &shop,
        Statement::new("DELETE FROM payments WHERE id = ?1").bind(id),
    )
    .await
}

pub(super) async fn fill_archive(shop: Shop) -> One {
    let statement = Statement::new(
        "INSERT INTO archive (number, memo) SELECT number, memo FROM invoices \
         WHERE status = 'paid'",
    )
    .by_hand(
        "INSERT INTO archive (tenant_id, number, memo) SELECT :tenant, number, memo \
         FROM invoices WHERE status = 'paid'",
    );
    changed(&shop, statement).await
}

/// Runs a write; touching nothing is "no such row".
async fn changed(shop: &Shop, statement: Statement) -> One {
    match shop.store.run(statement).await? {
        0 => Err(Failure::NOT_FOUND),
        rows => Ok(Json(json!({ "changed": rows }))),
    }
}
