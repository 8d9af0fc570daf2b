//! Running the binary.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A catalogue with one table of each kind, tenants by text.
pub(crate) const ORDERS: &str = r#"
tenant_column = "tenant_id"
tenant_type = "text"
[tables.orders]
kind = "tenant"
columns = ["id", "tenant_id", "customer_id", "total", "note"]
unique = [["tenant_id", "id"]]
[tables.plans]
kind = "shared"
columns = ["id", "name"]
[tables.jobs]
kind = "platform"
"#;

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantshield"));
    command.env_remove("NO_COLOR");
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the binary runs")
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is utf-8")
}

/// A catalogue in a folder of its own.
pub(crate) struct CatalogFile {
    _folder: TempDir,
    pub(crate) path: PathBuf,
}

impl CatalogFile {
    pub(crate) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tenants.toml");
        std::fs::write(&path, text).expect("the catalogue is written");
        Self {
            _folder: folder,
            path,
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("a path in utf-8")
    }
}

/// Runs `guard` on raw input and gives its output.
pub(crate) fn guard(catalog: &str, arguments: &[&str], input: &[u8]) -> Output {
    let file = CatalogFile::new(catalog);
    let mut child = command()
        .args(["guard", "--catalog", file.path()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // Unusable arguments end the process before it reads anything.
    drop(child.stdin.take().expect("a pipe").write_all(input));
    child.wait_with_output().expect("the process ends")
}

/// Runs `guard` for `acme` and gives the answers; the exit code must be 0.
pub(crate) fn answers(dialect: &str, arguments: &[&str], input: &[u8]) -> Vec<Value> {
    let mut all = vec!["--dialect", dialect, "--tenant", "acme"];
    all.extend(arguments);
    let output = guard(ORDERS, &all, input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

/// The one answer to one statement.
pub(crate) fn answer(dialect: &str, arguments: &[&str], sql: &str) -> Value {
    let line = serde_json::json!({ "id": 1, "sql": sql }).to_string();
    let mut answers = answers(dialect, arguments, line.as_bytes());
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}
