//! Reads whose hand-written form forgets the tenant somewhere.

use serde_json::json;

use super::definition::{Attack, Played, Strike};
use crate::demo::client::Call;
use crate::demo::token::Person;
use crate::demo::world::World;

pub(super) fn attacks() -> Vec<Attack> {
    let own = || Call::get("/invoices");
    let report = |name: &str| Call::get(format!("/reports/{name}"));
    let seen = |name, row, path: &str| {
        Attack::filtered(name, row, report(path), Strike::Look(report(path)))
    };
    vec![
        seen("forgotten filter", 35, "open"),
        Attack::filtered(
            "row by id of another tenant",
            29,
            Call::get("/invoices/111"),
            Strike::Look(Call::get("/invoices/211")),
        ),
        Attack::filtered(
            "list of ids in the body",
            29,
            Call::post("/invoices/batch", json!({ "ids": [111, 112] })),
            Strike::Look(Call::post(
                "/invoices/batch",
                json!({ "ids": [111, 211, 212] }),
            )),
        ),
        Attack::filtered(
            "children of a foreign parent",
            27,
            Call::get("/customers/102/invoices"),
            Strike::Look(Call::get("/customers/202/invoices")),
        ),
        Attack::filtered(
            "later page with a moved cursor",
            19,
            Call::get("/customers/page"),
            Strike::Look(Call::get("/customers/page").with_query("after", "200")),
        ),
        Attack::filtered(
            "foreign row told from an absent one",
            101,
            Call::get("/invoices/111/pdf"),
            Strike::Compare {
                foreign: Call::get("/invoices/211/pdf"),
                absent: Call::get("/invoices/999/pdf"),
            },
        ),
        seen("OR without parentheses", 38, "late"),
        seen("join on a number both tenants use", 46, "payments"),
        seen("join that starts at a shared table", 26, "plans"),
        seen("filter on the kept side of LEFT JOIN", 39, "customers"),
        seen("self join, one alias filtered", 49, "duplicates"),
        seen("subquery in the select list", 42, "last-payment"),
        seen("common table expression", 42, "drafts"),
        seen("second half of a UNION", 42, "words"),
        Attack::filtered(
            "EXISTS tells of foreign rows",
            42,
            Call::get("/customers/known").with_query("email", "ceo@acme.example"),
            Strike::Compare {
                foreign: Call::get("/customers/known").with_query("email", "ceo@globex.example"),
                absent: Call::get("/customers/known").with_query("email", "ceo@nobody.example"),
            },
        ),
        Attack::filtered(
            "count over all tenants",
            42,
            report("count"),
            Strike::Alone(report("count"), r#"[{"invoices":4}]"#),
        ),
        Attack::filtered(
            "maximum over all tenants",
            42,
            report("largest"),
            Strike::Alone(report("largest"), r#"[{"largest":40000}]"#),
        ),
        Attack::filtered(
            "window function ranks among all",
            42,
            report("rank"),
            Strike::Alone(
                report("rank"),
                r#"[{"number":"INV-1","place":4},{"number":"INV-2","place":3},{"number":"INV-3","place":2},{"number":"INV-4","place":1}]"#,
            ),
        ),
        Attack::filtered(
            "error text that carries a row",
            64,
            Call::get("/invoices/sorted").with_query("by", "number DESC"),
            Strike::Look(Call::get("/invoices/sorted").with_query(
                "by",
                "json_extract('{}', (SELECT memo FROM invoices WHERE memo LIKE '%globex%'))",
            )),
        ),
        Attack::filtered(
            "filter frozen at the first tenant",
            32,
            own(),
            Strike::Play(frozen),
        ),
    ]
}

/// The victim's request comes first and the statement's text is kept for the next caller.
fn frozen(world: &World) -> Played<'_> {
    Box::pin(async move {
        let dashboard = Call::get("/dashboard");
        world
            .expect_success(&dashboard.clone().by(Person::Carol))
            .await?;
        world.look(&dashboard).await
    })
}
