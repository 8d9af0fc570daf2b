//! The invoicing product: handlers that write their queries as if there were one customer.
//!
//! Several build SQL from user input, on purpose. The same handlers serve the naive product and
//! the shielded one.

pub(crate) mod background;
mod read;
mod search;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, patch, post};

use super::shop::App;

/// All routes of the product.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(reads())
        .merge(searches())
        .merge(writes())
        .merge(background_work())
}

fn reads() -> Router<Arc<App>> {
    Router::new()
        .route("/invoices", get(read::invoices))
        .route("/t/{tenant}/invoices", get(read::invoices))
        .route("/invoices/batch", post(read::batch))
        .route("/invoices/{id}", get(read::invoice))
        .route("/invoices/{id}/pdf", get(read::pdf))
        .route("/customers", get(read::customers))
        .route("/customers/page", get(read::page))
        .route("/customers/known", get(read::known))
        .route("/customers/{id}/invoices", get(read::invoices_of))
        .route("/payments", get(read::payments))
        .route("/archive", get(read::archive))
        .route("/dashboard", get(read::dashboard))
        .route("/reports/{name}", get(read::report))
}

fn searches() -> Router<Arc<App>> {
    Router::new()
        .route("/customers/search", get(search::by_name))
        .route("/customers/find", get(search::by_escaped_name))
        .route("/invoices/sorted", get(search::sorted))
        .route("/invoices/above", get(search::above))
}

fn writes() -> Router<Arc<App>> {
    Router::new()
        .route("/customers", post(write::add_customer))
        .route("/customers/subscribe", post(write::subscribe))
        .route(
            "/customers/{id}",
            patch(write::change_customer).put(write::put_customer),
        )
        .route("/invoices/{id}", patch(write::change_memo))
        .route("/invoices/{id}/customer", patch(write::change_payer))
        .route("/invoices/{id}/lines", post(write::add_line))
        .route("/invoices/remind", post(write::remind))
        .route("/invoices/reconcile", post(write::reconcile))
        .route("/numbers/{number}/pay", post(write::pay))
        .route("/payments", delete(write::clear_payments))
        .route("/payments/{id}", delete(write::delete_payment))
        .route("/archive", post(write::fill_archive))
}

fn background_work() -> Router<Arc<App>> {
    Router::new()
        .route("/export", get(background::export))
        .route("/nightly", post(background::order_report))
        .route("/nightly/{ticket}", get(background::fetch_report))
        .route("/digest", post(background::digest))
        .route("/hooks/digest", post(background::digest_hook))
        .route("/invoices/approve", post(background::approve))
}
