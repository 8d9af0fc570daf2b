//! The escape corpus, through the guard and on real servers.

use std::collections::BTreeSet;

use tenantshield_sql::Barrier;
use tenantshield_testkit::corpus::{self, Case, CaseDialect};
use tenantshield_testkit::escape::{self, EscapeOptions, FindingKind};

use crate::postgres_url;

const UPSERT: &str =
    "the key is another tenant's: the row is left alone, where alone it is inserted";
const NAMED: &str = "SQLite names a column without alias after its text, which is rendered anew";

const WRAPPED: &str = "a table behind a barrier has no rowid, key or schema: the database refuses";

/// Differences that are no leak, each with its reason; one that no longer shows fails the test.
const EXPLAINED: &[(&str, &[Barrier], &str)] = &[
    ("po-write-0107", &MODES, UPSERT),
    ("po-write-0110", &MODES, UPSERT),
    ("sq-sqlite-0481", &MODES, UPSERT),
    ("sq-sqlite-0469", &[Barrier::Always], WRAPPED),
    ("sq-lexer-0594", &MODES, NAMED),
    ("own-po-0066", &[Barrier::Always], WRAPPED),
    ("own-po-0089", &[Barrier::Always], WRAPPED),
];

/// The barrier modes that promise to hold without a second fence.
const MODES: [Barrier; 2] = [Barrier::Auto, Barrier::Always];

pub(crate) fn cases(file: &str, dialect: CaseDialect) -> Vec<Case> {
    let path = format!("{}/../../corpus/{file}", env!("CARGO_MANIFEST_DIR"));
    let cases = corpus::read(&std::fs::read_to_string(path).unwrap()).unwrap();
    cases
        .into_iter()
        .filter(|case| case.dialect() == dialect)
        .collect()
}

/// Every case of the dialect, in every barrier mode.
async fn holds(file: &str, dialect: CaseDialect, judged: usize, runs: usize) {
    let cases = cases(file, dialect);
    for barrier in MODES {
        let mut options = EscapeOptions::new()
            .with_barrier(barrier)
            .with_postgres_url(postgres_url());
        let mut explained: BTreeSet<&str> = cases
            .iter()
            .filter(|case| case.differs().is_some())
            .map(Case::id)
            .collect();
        for (id, modes, why) in EXPLAINED {
            if modes.contains(&barrier) && cases.iter().any(|case| case.id() == *id) {
                options = options.with_explained(*id, *why);
                explained.insert(id);
            }
        }
        let report = escape::run(&cases, &options).await.unwrap();
        println!("{file}, {dialect:?}, barrier {barrier:?}\n{report}");
        assert!(report.findings().is_empty(), "{barrier:?}: {report}");
        assert_eq!(report.judged(), judged);
        assert!(
            report.runs() >= runs,
            "only {} runs were compared",
            report.runs()
        );
        let seen: BTreeSet<&str> = report.explained().collect();
        assert_eq!(
            seen, explained,
            "an explanation that explains nothing is to be taken out"
        );
    }
}

#[tokio::test]
async fn no_adversarial_case_escapes_on_postgres() {
    holds("adversarial.jsonl", CaseDialect::Postgres, 178, 300).await;
}

#[tokio::test]
async fn no_adversarial_case_escapes_on_sqlite() {
    holds("adversarial.jsonl", CaseDialect::Sqlite, 33, 40).await;
}

#[tokio::test]
async fn no_case_of_our_own_escapes_on_postgres() {
    holds("own.jsonl", CaseDialect::Postgres, 252, 400).await;
}

#[tokio::test]
async fn no_case_of_our_own_escapes_on_sqlite() {
    holds("own.jsonl", CaseDialect::Sqlite, 167, 250).await;
}

#[tokio::test]
async fn cases_of_a_dialect_that_is_not_judged_are_named() {
    let mysql = cases("adversarial.jsonl", CaseDialect::Mysql);
    let report = escape::run(&mysql, &EscapeOptions::new()).await.unwrap();
    assert_eq!(report.left_out().len(), 44);
    assert_eq!(report.judged(), 0);
}

#[tokio::test]
async fn a_missing_server_is_an_error_and_no_skip() {
    let cases = cases("adversarial.jsonl", CaseDialect::Postgres);
    let error = escape::run(&cases, &EscapeOptions::new())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "TS-KIT-003");
}

#[tokio::test]
async fn a_corpus_of_ones_own_is_judged_with_its_binds() {
    let text = r#"
{"id":"admitted","dialect":"sqlite","sql":"SELECT id FROM orders","expect":"deny"}
{"id":"refused","dialect":"sqlite","sql":"SELECT id FROM nowhere","expect":"isolated"}
{"id":"unbound","dialect":"sqlite","sql":"SELECT id FROM orders WHERE id = ?","expect":"isolated"}
{"id":"bound","dialect":"sqlite","sql":"SELECT id FROM orders WHERE id > ? AND note <> ?","expect":"isolated","binds":[1,"x"]}
"#;
    let cases = corpus::read(text).unwrap();
    let report = escape::run(&cases, &EscapeOptions::new()).await.unwrap();
    let found: Vec<_> = report
        .findings()
        .iter()
        .map(|finding| (finding.case(), finding.kind()))
        .collect();
    assert_eq!(
        found,
        [
            ("admitted", FindingKind::Admitted),
            ("refused", FindingKind::Refused),
            ("unbound", FindingKind::NotRun),
        ]
    );
    assert_eq!(report.runs(), 4);
}
