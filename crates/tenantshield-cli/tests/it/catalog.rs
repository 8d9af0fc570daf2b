//! What `catalog check` says.

use crate::run::{CatalogFile, ORDERS, run, text};

#[test]
fn a_good_catalogue_is_listed_and_exits_with_0() {
    let file = CatalogFile::new(ORDERS);
    let output = run(&["catalog", "check", file.path()]);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    assert!(shown.contains("orders: tenant by tenant_id"), "{shown}");
    assert!(shown.contains("jobs: platform"), "{shown}");
}

#[test]
fn a_bad_catalogue_exits_with_1_and_one_that_is_not_there_with_2() {
    let file = CatalogFile::new("unknown_key = 1");
    let output = run(&["catalog", "check", file.path(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let got: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(got["valid"], false);
    assert!(got["code"].as_str().unwrap().starts_with("TS-CFG-"));
    assert_eq!(
        run(&["catalog", "check", "/nowhere.toml"]).status.code(),
        Some(2)
    );
}
