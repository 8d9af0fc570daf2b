//! Work that outlives its handler: streamed bodies, spawned tasks, jobs, slow transactions.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::read::{One, Rows};
use crate::demo::job::Job;
use crate::demo::shop::{App, Engine, Report, Shop, naive_store};
use crate::demo::statement::Statement;
use crate::demo::store::{Failure, Store};

const PAGE_PAUSE: Duration = Duration::from_millis(100);
const REPORT_DELAY: Duration = Duration::from_millis(150);
const PAGES: i64 = 4;

/// Streams one invoice at a time and asks for the current tenant's handle with each.
pub(super) async fn export(shop: Shop) -> Response {
    let app = shop.app;
    let pages = stream::unfold((app, 0), |(app, page)| async move {
        if page == PAGES {
            return None;
        }
        if page > 0 {
            tokio::time::sleep(PAGE_PAUSE).await;
        }
        let line = match next_page(&app, page).await {
            Ok(rows) => Ok(format!("{}\n", Value::from(rows))),
            Err(failure) => Err(std::io::Error::other(format!("{failure:?}"))),
        };
        Some((line, (app, page + 1)))
    });
    Body::from_stream(pages).into_response()
}

async fn next_page(app: &App, page: i64) -> Result<Vec<Value>, Failure> {
    let statement =
        Statement::new("SELECT number, memo FROM invoices ORDER BY id LIMIT 1 OFFSET ?1")
            .by_hand(
                "SELECT number, memo FROM invoices WHERE tenant_id = :tenant ORDER BY id \
             LIMIT 1 OFFSET ?1",
            )
            .bind(page);
    app.ambient()?.rows(statement).await
}

#[derive(Deserialize)]
pub(super) struct ReportOrder {
    #[serde(default)]
    now: bool,
}

/// Builds a report in the request, or in a task of its own that asks who is current.
pub(super) async fn order_report(shop: Shop, Json(order): Json<ReportOrder>) -> One {
    let ticket = shop.app.next_id();
    let app = shop.app;
    if order.now {
        let rows = current_overdue(&app).await?;
        app.keep_report(ticket, Report::Ready(rows.into()));
    } else {
        tokio::spawn(async move {
            tokio::time::sleep(REPORT_DELAY).await;
            let report = match current_overdue(&app).await {
                Ok(rows) => Report::Ready(rows.into()),
                Err(_) => Report::Failed,
            };
            app.keep_report(ticket, report);
        });
    }
    Ok(Json(json!({ "ticket": ticket })))
}

pub(super) async fn fetch_report(shop: Shop, Path(ticket): Path<i64>) -> Response {
    match shop.app.report(ticket) {
        Some(Report::Ready(rows)) => Json(rows).into_response(),
        Some(Report::Failed) => {
            Failure::Said(StatusCode::CONFLICT, "the report failed").into_response()
        }
        None => StatusCode::ACCEPTED.into_response(),
    }
}

async fn current_overdue(app: &App) -> Result<Vec<Value>, Failure> {
    overdue(&app.ambient()?).await
}

async fn overdue(store: &Store) -> Result<Vec<Value>, Failure> {
    let statement = Statement::new("SELECT number, memo FROM invoices WHERE status = 'overdue'")
        .by_hand(
            "SELECT number, memo FROM invoices WHERE tenant_id = :tenant AND status = 'overdue'",
        );
    store.rows(statement).await
}

#[derive(Deserialize)]
pub(super) struct DigestOrder {
    /// Which tenant's digest; the form has a hidden field for it.
    tenant: Option<String>,
}

pub(super) async fn digest(shop: Shop, Json(order): Json<DigestOrder>) -> Rows {
    let tenant = order.tenant.unwrap_or_else(|| shop.tenant.clone());
    enqueue(&shop, Some(tenant)).await
}

/// A webhook, whose sender says nothing about a tenant.
pub(super) async fn digest_hook(shop: Shop) -> Rows {
    enqueue(&shop, None).await
}

async fn enqueue(shop: &Shop, tenant: Option<String>) -> Rows {
    const CLOSED: Failure = Failure::Said(StatusCode::SERVICE_UNAVAILABLE, "the queue is closed");

    let (answer, answered) = oneshot::channel();
    let job = Job {
        tenant,
        principal: shop.principal.clone(),
        answer,
    };
    shop.app.jobs.send(job).await.map_err(|_| CLOSED)?;
    answered.await.map_err(|_| CLOSED)?.map(Json)
}

/// Works through the queue, one job after the other, as long as the product lives.
pub(crate) async fn work(engine: Engine, mut jobs: mpsc::Receiver<Job>) {
    // The naive worker keeps the tenant of the job before when a job names none.
    let mut last = None;
    while let Some(job) = jobs.recv().await {
        let done = match &engine {
            Engine::Naive(naive) => {
                last = job.tenant.or(last);
                let tenant = last.clone().unwrap_or_else(|| naive.current());
                overdue(&naive_store(naive, tenant)).await
            }
            Engine::Shielded(shielded) => {
                match shielded.for_job(job.tenant.as_deref(), job.principal).await {
                    Ok(store) => overdue(&store).await,
                    Err(failure) => Err(failure),
                }
            }
        };
        // A caller that went away needs no answer.
        drop(job.answer.send(done));
    }
}

#[derive(Deserialize)]
pub(super) struct Approval {
    #[serde(default)]
    pause_millis: u64,
}

/// Approves everything in one transaction that may take its time.
pub(super) async fn approve(shop: Shop, Json(approval): Json<Approval>) -> One {
    let mut work = shop.store.begin().await?;
    let statement = Statement::new("UPDATE invoices SET status = 'approved'")
        .by_hand("UPDATE invoices SET status = 'approved' WHERE tenant_id = :tenant");
    let changed = work.run(statement).await?;
    tokio::time::sleep(Duration::from_millis(approval.pause_millis.min(10_000))).await;
    work.commit().await?;
    Ok(Json(json!({ "changed": changed })))
}
