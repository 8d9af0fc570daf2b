//! Reads: a subquery is found wherever it stands.

use tenantshield_core::Action;
use tenantshield_sql::Dialect::Postgres;
use tenantshield_sql::{StatementKind, Verdict};

use crate::harness::{judge, postgres, sqlite};

/// OW-2.3: every base table occurrence carries a predicate.
#[test]
fn subquery_is_filtered_wherever_it_stands() {
    for sql in [
        "SELECT (SELECT v FROM secrets ORDER BY id LIMIT 1)",
        "SELECT * FROM plans WHERE id IN (SELECT id FROM secrets)",
        "SELECT * FROM plans WHERE id = ANY (SELECT id FROM secrets)",
        "SELECT * FROM plans WHERE EXISTS (SELECT 1 FROM secrets)",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM secrets) THEN 1 ELSE 0 END",
        "SELECT * FROM plans ORDER BY (SELECT count(*) FROM secrets)",
        "SELECT * FROM plans LIMIT (SELECT count(*) FROM secrets)",
        "SELECT * FROM plans OFFSET (SELECT count(*) FROM secrets)",
        "SELECT count(*) FROM plans GROUP BY (SELECT v FROM secrets LIMIT 1)",
        "SELECT count(*) FROM plans HAVING count(*) > (SELECT count(*) FROM secrets)",
        "SELECT count(*) FILTER (WHERE id IN (SELECT id FROM secrets)) FROM plans",
        "SELECT sum(id) OVER (PARTITION BY (SELECT v FROM secrets LIMIT 1)) FROM plans",
        "SELECT sum(id) OVER w FROM plans WINDOW w AS (ORDER BY (SELECT v FROM secrets LIMIT 1))",
        "SELECT DISTINCT ON ((SELECT v FROM secrets LIMIT 1)) * FROM plans",
        "SELECT * FROM unnest(ARRAY(SELECT v FROM secrets)) WITH ORDINALITY",
        "SELECT string_agg(name, ',' ORDER BY (SELECT v FROM secrets LIMIT 1)) FROM plans",
        "SELECT * FROM plans p JOIN plans q ON p.id = (SELECT id FROM secrets LIMIT 1)",
        "SELECT * FROM (SELECT v FROM secrets) s",
        "SELECT id FROM plans UNION SELECT id FROM secrets",
        "SELECT id FROM plans EXCEPT SELECT id FROM secrets",
        "VALUES ((SELECT v FROM secrets LIMIT 1))",
        "SELECT * FROM plans WHERE (1, (SELECT v FROM secrets LIMIT 1)) IN (SELECT 1, name FROM plans)",
        "SELECT array[(SELECT v FROM secrets LIMIT 1)]",
        "SELECT coalesce((SELECT v FROM secrets LIMIT 1), 'x')",
        "SELECT count(*) FROM plans WHERE id BETWEEN 1 AND (SELECT count(*) FROM secrets)",
    ] {
        let rendered = postgres(sql);
        assert_eq!(
            rendered
                .matches(r#"secrets."tenant_id" = $1::BIGINT"#)
                .count(),
            1,
            "{sql}\n{rendered}"
        );
    }
}

#[test]
fn condition_of_the_application_is_one_conjunct() {
    assert!(
        sqlite("SELECT * FROM orders WHERE id = 1 OR tenant_id = 2")
            .ends_with(r#"WHERE orders."tenant_id" = ?1 AND (id = 1 OR tenant_id = 2)"#)
    );
}

#[test]
fn statement_without_tenant_relations_is_admitted_as_it_is() {
    let judged = judge(Postgres, "SELECT name FROM plans WHERE id = $1");
    assert_eq!(judged.verdict(), Verdict::Admit);
    assert!(judged.slots().is_empty());
    assert_eq!(judged.declared_binds(), 1);
    assert!(judged.kind().is_read_only());
}

#[test]
fn report_names_each_relation_and_action_once() {
    let judged = judge(
        Postgres,
        "UPDATE orders SET note = (SELECT v FROM secrets LIMIT 1) FROM items i, items j, plans WHERE i.order_id = orders.id",
    );
    let mut touches: Vec<_> = judged
        .touches()
        .iter()
        .map(|touch| (touch.table().to_string(), touch.action(), touch.is_tenant()))
        .collect();
    touches.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        touches,
        [
            ("items".to_owned(), Action::Read, true),
            ("orders".to_owned(), Action::Write, true),
            ("plans".to_owned(), Action::Read, false),
            ("secrets".to_owned(), Action::Read, true),
        ]
    );
    assert_eq!(judged.kind(), StatementKind::Update);
}

#[test]
fn select_with_a_writing_cte_is_no_read() {
    let judged = judge(
        Postgres,
        "WITH d AS (DELETE FROM items RETURNING *) SELECT * FROM d",
    );
    assert_eq!(judged.kind(), StatementKind::SelectWithWrites);
    assert!(!judged.kind().is_read_only());
}
