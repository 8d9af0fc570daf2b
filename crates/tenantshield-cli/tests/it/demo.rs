//! The demo: every attack leaks from the naive product and none from the shielded one.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{command, run, text};

const FENCES: [&str; 5] = ["type", "resolver", "guard", "key", "handler"];

/// The report of one run, which several tests read.
fn report() -> &'static Value {
    static REPORT: LazyLock<Value> = LazyLock::new(|| {
        let output = run(&["demo", "--format", "json"]);
        serde_json::from_slice(&output.stdout).expect("the report is JSON")
    });
    &REPORT
}

/// The fence and the code that the shielded product met an attack with.
fn refusal(name: &str) -> (&'static str, &'static str) {
    let attacks = report()["attacks"].as_array().expect("a list");
    let attack = attacks
        .iter()
        .find(|attack| attack["name"] == name)
        .expect("the attack is run");
    (
        attack["fence"].as_str().expect("a fence"),
        attack["code"].as_str().expect("a code"),
    )
}

#[test]
fn json_is_one_object_and_every_attack_leaks_naively_and_is_blocked_here() {
    let output = run(&["demo", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), 1);
    assert_eq!(members(&report), ["attacks", "audit_verified", "leaks"]);
    assert_eq!(report["leaks"], 0);
    assert_eq!(report["audit_verified"], true, "{}", text(&output.stderr));
    let attacks = report["attacks"].as_array().unwrap();
    assert!(attacks.len() >= 30);
    for attack in attacks {
        let names = [
            "code", "fence", "lesson", "micros", "naive", "name", "shielded",
        ];
        assert_eq!(members(attack), names);
        assert_eq!(attack["naive"], "leaked", "{attack}");
        assert_eq!(attack["shielded"], "blocked", "{attack}");
        assert!(FENCES.contains(&attack["fence"].as_str().unwrap()));
        assert!(attack["micros"].is_u64());
        let row = attack["lesson"]
            .as_str()
            .unwrap()
            .strip_prefix("leaks.md:")
            .unwrap();
        assert!((1..=132).contains(&row.parse::<u32>().unwrap()));
        assert!(attack["code"].is_null() || attack["code"].as_str().unwrap().starts_with("TS-"));
    }
    let names: BTreeSet<&str> = attacks
        .iter()
        .map(|a| a["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), attacks.len());
    let fences: BTreeSet<&str> = attacks
        .iter()
        .map(|a| a["fence"].as_str().unwrap())
        .collect();
    assert_eq!(fences.len(), FENCES.len());
}

/// SEED-C3, OW-R7: header, host and path must agree with what the token proves.
#[test]
fn a_claim_that_conflicts_with_the_token_is_refused_by_the_resolver() {
    for name in [
        "header names another tenant",
        "host names another tenant",
        "path names another tenant",
        "unknown tenant told from a foreign one",
    ] {
        assert_eq!(refusal(name), ("resolver", "TS-ADM-001"), "{name}");
    }
    assert_eq!(refusal("header given twice"), ("resolver", "TS-RES-001"));
}

/// HTTP-J1: exact algorithm, audience and expiry; no `none`, no mixing of HMAC and signatures.
#[test]
fn a_token_that_does_not_verify_is_refused_by_the_resolver() {
    for name in [
        "unsigned token",
        "token signed with one's own key",
        "HMAC under the public key",
        "token for another service",
    ] {
        assert_eq!(refusal(name), ("resolver", "TS-RES-021"), "{name}");
    }
    assert_eq!(refusal("expired token"), ("resolver", "TS-RES-022"));
}

/// FLAW-01: a token outlives the membership and opens nothing.
#[test]
fn the_token_of_a_removed_member_is_refused() {
    assert_eq!(
        refusal("token of a removed member"),
        ("resolver", "TS-ADM-003")
    );
}

/// FLAW-46: the tenant's state is asked with each request.
#[test]
fn the_token_of_a_suspended_tenant_is_refused() {
    assert_eq!(
        refusal("token of a suspended tenant"),
        ("resolver", "TS-ADM-006")
    );
}

/// SEED-A12: an assignment of another tenant is a violation with a code of its own.
#[test]
fn a_foreign_value_for_the_tenant_column_is_refused_by_the_guard() {
    for name in [
        "tenant column in the inserted body",
        "tenant column among the changes",
    ] {
        assert_eq!(refusal(name), ("guard", "TS-SQL-TENANT-FOREIGN"), "{name}");
    }
}

/// SEED-B1: a spawned task has no tenant unless it is carried along, and no handle either.
#[test]
fn work_without_a_context_gets_no_handle() {
    for name in ["spawned task without a tenant", "job without a tenant"] {
        assert_eq!(refusal(name), ("type", "TS-CTX-001"), "{name}");
    }
}

#[test]
fn naive_json_counts_the_naive_leaks_and_exits_with_1() {
    let output = run(&["demo", "--naive", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let attacks = report["attacks"].as_array().unwrap();
    assert_eq!(report["leaks"], attacks.len());
    assert_eq!(report["audit_verified"], Value::Null);
    for attack in attacks {
        assert_eq!(attack["naive"], "leaked", "{attack}");
        assert_eq!(attack["shielded"], Value::Null);
        assert_eq!(attack["fence"], Value::Null);
    }
}

#[test]
fn the_table_fits_100_columns_and_names_each_attack() {
    let output = run(&["demo", "--once"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let shown = text(&output.stdout);
    assert!(
        shown.lines().all(|line| line.chars().count() <= 100),
        "{shown}"
    );
    assert!(!shown.contains('…'), "nothing is cut:\n{shown}");
    assert!(shown.contains("forgotten filter"));
    assert!(shown.contains("audit trail:"));
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn naive_once_exits_with_1() {
    assert_eq!(run(&["demo", "--naive", "--once"]).status.code(), Some(1));
}

#[test]
fn without_once_the_product_stays_up_and_its_curl_lines_work() {
    let mut visit = Visit::start(&[]);
    let own = visit.get("/invoices", "AS_MALLORY", "");
    assert!(own.starts_with("HTTP/1.1 200"), "{own}");
    assert!(
        own.contains("canary-acme") && !own.contains("canary-globex"),
        "{own}"
    );
    let foreign = visit.get("/invoices/211", "AS_MALLORY", "");
    assert!(foreign.starts_with("HTTP/1.1 404"), "{foreign}");
    let spoofed = visit.get("/invoices", "AS_MALLORY", "x-tenant-id: globex\r\n");
    assert!(spoofed.starts_with("HTTP/1.1 404"), "{spoofed}");
    let theirs = visit.get("/invoices/211", "AS_CAROL", "");
    assert!(
        theirs.starts_with("HTTP/1.1 200") && theirs.contains("canary-globex"),
        "{theirs}"
    );
    assert_eq!(visit.end().code(), Some(0));
    let left = std::fs::read_dir(visit.folder.path()).unwrap().count();
    assert_eq!(left, 0, "the product removes its folder");
}

#[test]
fn the_naive_product_that_stays_up_leaks() {
    let mut visit = Visit::start(&["--naive"]);
    assert!(
        visit
            .get("/invoices/211", "AS_MALLORY", "")
            .contains("canary-globex")
    );
}

/// A demo that stays up, and what it printed.
struct Visit {
    child: Child,
    folder: TempDir,
    printed: String,
}

impl Visit {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = command()
            .arg("demo")
            .env("TMPDIR", folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
            let line = line.expect("a line");
            printed.push_str(&line);
            printed.push('\n');
            if line.contains("Ctrl-C") {
                break;
            }
        }
        Self {
            child,
            folder,
            printed,
        }
    }

    /// Asks the product to terminate; left alone it would stay up.
    fn end(&mut self) -> ExitStatus {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(asked.expect("kill runs").success());
        self.child.wait().expect("the product ends")
    }

    fn after(&self, mark: &str) -> &str {
        let (_, rest) = self
            .printed
            .split_once(mark)
            .expect("the invitation has it");
        rest.split(['\'', '\n', '/'])
            .next()
            .expect("something follows")
    }

    fn get(&mut self, path: &str, token: &str, header: &str) -> String {
        let port: u16 = self
            .after("http://127.0.0.1:")
            .trim()
            .parse()
            .expect("a port");
        let token = self.after(&format!("export {token}='"));
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the product is up");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{token}\r\n{header}\
             connection: close\r\n\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .expect("the request is sent");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the answer comes");
        answer
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // A test that failed half way must not leave a server behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}
