//! Writes a catalogue in the file form, so that one read from a live database can be kept.

use std::sync::Arc;

use crate::catalog::content::Catalog;
use crate::catalog::table::{Key, Parent, Table, TableKind, UniqueKey};

impl Catalog {
    /// Writes the file form; reading it gives the same catalogue.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        let needs_sections = self.tables.keys().any(|(schema, _)| schema.is_some());
        if needs_sections {
            if let Some(first) = self.schemas.first() {
                line(&mut out, "default_schema", &quoted(first));
            }
        } else if !self.schemas.is_empty() {
            line(&mut out, "schemas", &list(&self.schemas));
        }
        if needs_sections {
            for schema in self.schemas.iter().skip(1) {
                section(&mut out, &["schemas", schema]);
            }
        }
        for ((schema, name), content) in &self.tables {
            match schema {
                None => section(&mut out, &["tables", name]),
                Some(schema) => section(&mut out, &["schemas", schema, "tables", name]),
            }
            table(&mut out, content);
        }
        if !self.functions.is_empty() {
            section(&mut out, &["functions"]);
            let functions: Vec<String> = self.functions.iter().map(|name| quoted(name)).collect();
            line(&mut out, "allow", &format!("[{}]", functions.join(", ")));
        }
        out
    }
}

fn table(out: &mut String, table: &Table) {
    line(out, "kind", &quoted(table.kind.as_str()));
    match &table.kind {
        TableKind::Platform | TableKind::Shared { writable: false } => {}
        TableKind::Shared { writable: true } => line(out, "writable", "true"),
        TableKind::Tenant { column, kind } => {
            line(out, "tenant_column", &quoted(column));
            line(out, "tenant_type", &quoted(kind.as_str()));
        }
    }
    if let Some(model) = &table.model {
        line(out, "model", &quoted(model));
    }
    if let Some(columns) = &table.columns {
        line(out, "columns", &list(columns));
    }
    if let Some(unique) = &table.unique {
        let keys: Vec<String> = unique.iter().map(unique_key).collect();
        line(out, "unique", &format!("[{}]", keys.join(", ")));
    }
    if !table.parents.is_empty() {
        let parents: Vec<String> = table.parents.iter().map(parent).collect();
        line(out, "parents", &format!("[{}]", parents.join(", ")));
    }
}

fn unique_key(key: &UniqueKey) -> String {
    match &key.0 {
        Key::Columns(columns) => list(columns),
        Key::Expression(expression) => format!("{{ expression = {} }}", quoted(expression)),
        Key::Partial(columns) => format!("{{ columns = {}, partial = true }}", list(columns)),
    }
}

fn parent(parent: &Parent) -> String {
    let schema = parent.schema.as_ref().map_or_else(String::new, |schema| {
        format!(", schema = {}", quoted(schema))
    });
    format!(
        "{{ columns = {}, table = {}, references = {}{schema} }}",
        list(&parent.columns),
        quoted(&parent.table),
        list(&parent.references),
    )
}

fn section(out: &mut String, path: &[&str]) {
    let path: Vec<String> = path.iter().map(|key| key_text(key)).collect();
    let blank = if out.is_empty() { "" } else { "\n" };
    for part in [blank, "[", &path.join("."), "]\n"] {
        out.push_str(part);
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    out.push_str(key);
    out.push_str(" = ");
    out.push_str(value);
    out.push('\n');
}

fn list(names: &[Arc<str>]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", names.join(", "))
}

fn key_text(key: &str) -> String {
    let is_bare = key
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if is_bare && !key.is_empty() {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// A basic string; control characters are written as escapes.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let escape = format!("\\u{:04X}", u32::from(c));
                out.push_str(&escape);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
