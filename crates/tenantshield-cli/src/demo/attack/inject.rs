//! SQL that comes in through a search field.

use super::definition::{Attack, Strike};
use crate::demo::client::Call;

pub(super) fn attacks() -> Vec<Attack> {
    let search = |q: &str| Call::get("/customers/search").with_query("q", q);
    let filtered = |name, row, q: &str| {
        Attack::filtered(name, row, search("Customer"), Strike::Look(search(q)))
    };
    let refused = |name, row, code, q: &str| {
        Attack::refused(name, row, code, search("Customer"), Strike::Look(search(q)))
    };
    vec![
        filtered("injected OR 1=1", 35, "' OR 1=1 OR name LIKE '"),
        filtered(
            "injected UNION",
            42,
            "x' UNION SELECT id, name, email, note FROM customers WHERE name <> '",
        ),
        Attack::filtered(
            "backslash in front of a quote",
            35,
            Call::get("/customers/find").with_query("q", "Customer"),
            Strike::Look(Call::get("/customers/find").with_query("q", "' OR 1=1 --")),
        ),
        Attack::filtered(
            "minus minus begins a comment",
            35,
            Call::get("/invoices/above").with_query("credit", "1"),
            Strike::Look(Call::get("/invoices/above").with_query("credit", "-1")),
        ),
        Attack::filtered(
            "subquery in ORDER BY as an oracle",
            42,
            Call::get("/invoices/sorted").with_query("by", "number DESC"),
            Strike::Compare {
                foreign: order_by("ceo@globex.example"),
                absent: order_by("x@y.z"),
            },
        ),
        refused(
            "stacked second statement",
            35,
            "TS-SQL-ENV-MULTIPLE",
            "x'; UPDATE customers SET note = 'taken' WHERE tenant_id <> 'acme'; --",
        ),
        refused(
            "ATTACH of another tenant's file",
            85,
            "TS-SQL-ENV-MULTIPLE",
            "x'; ATTACH DATABASE '{folder}/globex-export.db' AS g; \
             SELECT id, name, email, note FROM g.customers; --",
        ),
        refused(
            "schema from sqlite_master",
            73,
            "TS-SQL-RELATION",
            "x' UNION SELECT 1, name, sql, '' FROM sqlite_master WHERE name <> '",
        ),
        refused(
            "columns from a pragma function",
            73,
            "TS-SQL-FUNCTION",
            "x' UNION SELECT cid, name, dflt_value, '' FROM pragma_table_info('platform_settings') \
             WHERE name <> '",
        ),
        refused(
            "secret from a platform table",
            36,
            "TS-SQL-PLATFORM",
            "x' UNION SELECT 1, name, value, '' FROM platform_settings WHERE name <> '",
        ),
        refused(
            "backup table nobody declared",
            36,
            "TS-SQL-RELATION",
            "x' UNION SELECT id, name, note, '' FROM customers_2019 WHERE name <> '",
        ),
    ]
}

fn order_by(email: &str) -> Call {
    Call::get("/invoices/sorted").with_query(
        "by",
        format!(
            "CASE WHEN EXISTS (SELECT 1 FROM customers WHERE email = '{email}') \
             THEN total_cents ELSE 0 - total_cents END"
        ),
    )
}
