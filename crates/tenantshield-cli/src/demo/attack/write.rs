//! Writes that reach, move or find out about another tenant's rows.

use serde_json::json;

use super::definition::{Attack, Fence, Strike};
use crate::demo::client::Call;

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = changes();
    attacks.extend(tenant_columns());
    attacks.extend(keys());
    attacks
}

fn changes() -> Vec<Attack> {
    let memo = || json!({ "memo": "taken over" });
    vec![
        Attack::filtered(
            "update by id of another tenant",
            22,
            Call::patch("/invoices/111", memo()),
            Strike::Look(Call::patch("/invoices/211", memo())),
        ),
        Attack::filtered(
            "delete by id of another tenant",
            22,
            Call::delete("/payments/131"),
            Strike::Look(Call::delete("/payments/231")),
        ),
        Attack::filtered(
            "bulk update without WHERE",
            18,
            Call::post("/invoices/remind", json!({})),
            Strike::Look(Call::post("/invoices/remind", json!({}))),
        ),
        Attack::filtered(
            "bulk delete without WHERE",
            18,
            Call::delete("/payments"),
            Strike::Look(Call::delete("/payments")),
        ),
        Attack::filtered(
            "RETURNING of foreign rows",
            18,
            Call::post("/numbers/INV-1/pay", json!({})),
            Strike::Look(Call::post("/numbers/INV-1/pay", json!({}))),
        ),
        Attack::filtered(
            "UPDATE FROM a foreign source",
            19,
            Call::post("/invoices/reconcile", json!({})),
            Strike::ActAndLook(
                Call::post("/invoices/reconcile", json!({})),
                Call::get("/invoices"),
            ),
        ),
        Attack::filtered(
            "INSERT SELECT copies foreign rows",
            43,
            Call::post("/archive", json!({})),
            Strike::ActAndLook(Call::post("/archive", json!({})), Call::get("/archive")),
        ),
        Attack::filtered(
            "error text that names inner rules",
            64,
            Call::post(
                "/invoices/111/lines",
                json!({ "text": "small", "cents": 1 }),
            ),
            Strike::Look(Call::post(
                "/invoices/111/lines",
                json!({ "text": "large", "cents": 9_000_000 }),
            )),
        )
        .behind(Fence::Handler),
        Attack::filtered(
            "upsert over a foreign key value",
            20,
            Call::put("/customers/101", customer("own@acme.example")),
            Strike::Look(Call::put("/customers/201", customer("new@acme.example"))),
        ),
    ]
}

fn tenant_columns() -> Vec<Attack> {
    let planted = |tenant: &str| {
        let email = format!("new@{tenant}.example");
        json!({ "name": "Customer 9", "email": email, "note": "new", "tenant_id": tenant })
    };
    vec![
        Attack::refused(
            "tenant column in the inserted body",
            43,
            "TS-SQL-TENANT-FOREIGN",
            Call::post("/customers", planted("acme")),
            Strike::Look(Call::post("/customers", planted("globex"))),
        ),
        Attack::refused(
            "tenant column among the changes",
            23,
            "TS-SQL-TENANT-FOREIGN",
            Call::patch("/customers/103", json!({ "tenant_id": "acme" })),
            Strike::Look(Call::patch(
                "/customers/103",
                json!({ "tenant_id": "globex" }),
            )),
        ),
    ]
}

fn keys() -> Vec<Attack> {
    let line = || json!({ "text": "one more", "cents": 1 });
    let payer = |id: i64| Call::patch("/invoices/111/customer", json!({ "customer_id": id }));
    vec![
        Attack::filtered(
            "child under a foreign parent",
            60,
            Call::post("/invoices/111/lines", line()),
            Strike::Look(Call::post("/invoices/211/lines", line())),
        )
        .behind(Fence::Key),
        Attack::filtered(
            "foreign parent told from an absent one",
            60,
            Call::post("/invoices/111/lines", line()),
            Strike::Compare {
                foreign: Call::post("/invoices/211/lines", line()),
                absent: Call::post("/invoices/999/lines", line()),
            },
        )
        .behind(Fence::Key),
        Attack::filtered(
            "row moved under a foreign parent",
            60,
            payer(103),
            Strike::Look(payer(201)),
        )
        .behind(Fence::Key),
        Attack::filtered(
            "unique key tells of foreign rows",
            62,
            Call::post("/customers", customer("first@acme.example")),
            Strike::Compare {
                foreign: Call::post("/customers", customer("ceo@globex.example")),
                absent: Call::post("/customers", customer("ceo@nobody.example")),
            },
        )
        .behind(Fence::Key),
        Attack::filtered(
            "DO NOTHING tells of foreign rows",
            62,
            Call::post("/customers/subscribe", customer("first@acme.example")),
            Strike::Compare {
                foreign: Call::post("/customers/subscribe", customer("ceo@globex.example")),
                absent: Call::post("/customers/subscribe", customer("ceo@nobody.example")),
            },
        )
        .behind(Fence::Key),
    ]
}

fn customer(email: &str) -> serde_json::Value {
    json!({ "name": "Customer 9", "email": email, "note": "new" })
}
