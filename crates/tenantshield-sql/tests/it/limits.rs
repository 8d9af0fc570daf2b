//! Large and deep texts end in a verdict, on a small stack.

use tenantshield_sql::{Dialect, Filters};

use crate::harness::guard;

/// A text made of `n` repetitions.
struct Shape {
    name: &'static str,
    text: fn(usize) -> String,
}

/// `pattern` with each number below `n` in place of `#`.
fn numbered(n: usize, pattern: &str) -> String {
    let all: Vec<String> = (0..n)
        .map(|at| pattern.replace('#', &at.to_string()))
        .collect();
    all.concat()
}

const SHAPES: &[Shape] = &[
    Shape {
        name: "brackets",
        text: |n| format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n)),
    },
    Shape {
        name: "calls",
        text: |n| {
            format!(
                "SELECT {}id{} FROM orders",
                "coalesce(1, ".repeat(n),
                ")".repeat(n)
            )
        },
    },
    Shape {
        name: "cases",
        text: |n| {
            let (open, close) = ("CASE WHEN id = 1 THEN ".repeat(n), " END".repeat(n));
            format!("SELECT 1 FROM orders WHERE {open}id{close}")
        },
    },
    Shape {
        name: "negations",
        text: |n| format!("SELECT 1 FROM orders WHERE {}id = 1", "NOT ".repeat(n)),
    },
    Shape {
        name: "minus",
        text: |n| format!("SELECT 1 FROM orders WHERE {}id = 1", "- ".repeat(n)),
    },
    Shape {
        name: "disjunctions",
        text: |n| {
            format!(
                "SELECT 1 FROM orders WHERE id = 1{}",
                " OR id = 1".repeat(n)
            )
        },
    },
    Shape {
        name: "conjunctions",
        text: |n| {
            format!(
                "SELECT 1 FROM orders WHERE id::int = 1{}",
                " AND note::int = 1".repeat(n)
            )
        },
    },
    Shape {
        name: "sums",
        text: |n| format!("SELECT 1 FROM orders WHERE id{} = 1", "+1".repeat(n)),
    },
    Shape {
        name: "casts",
        text: |n| format!("SELECT 1 FROM orders WHERE id{} = 1", "::int".repeat(n)),
    },
    Shape {
        name: "fields",
        text: |n| format!("SELECT note{} FROM orders", "[1]".repeat(n)),
    },
    Shape {
        name: "unions",
        text: |n| {
            format!(
                "SELECT id, id FROM orders{}",
                " UNION SELECT id, id FROM orders".repeat(n)
            )
        },
    },
    Shape {
        name: "subqueries",
        text: |n| {
            let open = "SELECT id FROM orders WHERE id IN (".repeat(n);
            format!("{open}SELECT 1{}", ")".repeat(n))
        },
    },
    Shape {
        name: "derived tables",
        text: |n| {
            let open = "SELECT * FROM (".repeat(n);
            format!(
                "{open}SELECT id FROM orders WHERE note::int = 1{}",
                ") o".repeat(n)
            )
        },
    },
    Shape {
        name: "common table expressions",
        text: |n| {
            let open = "WITH a AS (".repeat(n);
            format!(
                "{open}SELECT id FROM orders{}",
                ") SELECT * FROM a".repeat(n)
            )
        },
    },
    Shape {
        name: "nested joins",
        text: |n| {
            let close = numbered(n, " JOIN orders o# ON true)");
            format!("SELECT 1 FROM {}orders{close}", "(".repeat(n))
        },
    },
    Shape {
        name: "right-deep joins",
        text: |n| {
            let open = numbered(n, " LEFT JOIN orders o#");
            format!("SELECT 1 FROM plans{open}{}", " ON true".repeat(n))
        },
    },
    Shape {
        name: "join chains",
        text: |n| {
            let joins = numbered(n, " LEFT JOIN orders o# ON o#.note::int = 1");
            format!("SELECT 1 FROM plans{joins}")
        },
    },
    Shape {
        name: "lists",
        text: |n| format!("SELECT 1 FROM orders WHERE id IN (1{})", ",1".repeat(n)),
    },
    Shape {
        name: "rows",
        text: |n| format!("INSERT INTO orders (id) VALUES (1){}", ",(1)".repeat(n)),
    },
    Shape {
        name: "columns",
        text: |n| format!("SELECT id{} FROM orders", ",orders.id".repeat(n)),
    },
    Shape {
        name: "names",
        text: |n| {
            let names = numbered(n, ",:n#");
            format!("SELECT 1{names} FROM orders")
        },
    },
];

/// A worker of an async runtime has two megabytes.
#[test]
fn no_shape_of_any_size_overflows_a_small_stack() {
    let run = || {
        for shape in SHAPES {
            for n in [1, 8, 30, 60, 130, 1_000, 6_000] {
                let text = (shape.text)(n);
                for dialect in [Dialect::Postgres, Dialect::Sqlite] {
                    let guard = guard(dialect);
                    let _verdict = guard.judge_uncached(&text, Filters::NONE);
                    let _kind = guard.classify(&text);
                }
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn ordinary_sizes_are_admitted() {
    for shape in SHAPES {
        let text = (shape.text)(6);
        let verdict = guard(Dialect::Postgres).judge(&text, Filters::NONE);
        let odd = matches!(shape.name, "fields" | "names");
        assert!(
            odd || verdict.is_ok(),
            "{}: {:?}",
            shape.name,
            verdict.err()
        );
    }
}
