//! The oracle has to fail where nothing guards.

use crate::corpus::{Case, CaseDialect, Expectation, read};
use crate::database::{Pair, Which};
use crate::escape::FindingKind;
use crate::escape::compare::compare;
use crate::fixture::Keys;

fn cases(dialect: CaseDialect) -> Vec<Case> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../corpus/adversarial.jsonl"
    );
    read(&std::fs::read_to_string(path).unwrap())
        .unwrap()
        .into_iter()
        .filter(|case| case.dialect() == dialect && case.expect() == Expectation::Isolated)
        .collect()
}

/// Runs every case unguarded between both tenants and counts what the oracle says.
async fn unguarded(dialect: CaseDialect, mut pairs: Vec<Pair>) -> (usize, Vec<String>) {
    let cases = cases(dialect);
    let (mut seen, mut missed) = (0, Vec::new());
    for case in &cases {
        let mut kinds = Vec::new();
        for pair in &mut pairs {
            let before = pair.dump(Which::Both).await.unwrap();
            let alone = pair.attempt(Which::Alone, case.sql(), None).await.unwrap();
            let both = pair.attempt(Which::Both, case.sql(), None).await.unwrap();
            kinds.extend(compare(case, &before, &both, &alone));
        }
        if kinds.is_empty() {
            missed.push(case.id().to_owned());
        } else {
            seen += 1;
        }
    }
    for pair in pairs {
        pair.close().await.unwrap();
    }
    (seen, missed)
}

#[tokio::test]
async fn unguarded_statements_are_found_out_on_sqlite() {
    let mut pairs = Vec::new();
    for keys in Keys::ALL {
        pairs.push(Pair::sqlite(keys).await.unwrap());
    }
    let (seen, missed) = unguarded(CaseDialect::Sqlite, pairs).await;
    println!("found {seen}, equal with and without a guard: {missed:?}");
    assert!(seen >= 9, "only {seen}; missed {missed:?}");
}

#[tokio::test]
async fn unguarded_statements_are_found_out_on_postgres() {
    let url = crate::test_url();
    let mut pairs = Vec::new();
    for keys in Keys::ALL {
        pairs.push(Pair::postgres(&url, keys).await.unwrap());
    }
    let (seen, missed) = unguarded(CaseDialect::Postgres, pairs).await;
    println!("found {seen}, equal with and without a guard: {missed:?}");
    assert!(seen >= 60, "only {seen}; missed {missed:?}");
}

#[tokio::test]
async fn a_changed_foreign_row_and_a_leaked_canary_are_named() {
    let mut pair = Pair::sqlite(Keys::OwnOdd).await.unwrap();
    let before = pair.dump(Which::Both).await.unwrap();
    let cases = read(
        r#"{"id":"w","dialect":"sqlite","sql":"UPDATE orders SET note='x'","expect":"isolated"}
{"id":"r","dialect":"sqlite","sql":"SELECT v FROM secrets","expect":"isolated"}"#,
    )
    .unwrap();
    for (case, kind) in cases
        .iter()
        .zip([FindingKind::ForeignChanged, FindingKind::Leaked])
    {
        let alone = pair.attempt(Which::Alone, case.sql(), None).await.unwrap();
        let both = pair.attempt(Which::Both, case.sql(), None).await.unwrap();
        let found = compare(case, &before, &both, &alone);
        assert!(found.iter().any(|(seen, _)| *seen == kind), "{found:?}");
    }
    assert_eq!(before, pair.dump(Which::Both).await.unwrap());
    pair.close().await.unwrap();
}
