//! `tenantshield catalog check`: whether a file is a catalogue, and what it declares.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;
use tenantshield_core::{Catalog, Table, TableKind};

use crate::cli::{CatalogArguments, Format};
use crate::failure::Failure;
use crate::style::Style;

#[derive(Debug, Serialize)]
struct Listing {
    valid: bool,
    error: Option<String>,
    code: Option<&'static str>,
    tables: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    schema: Option<String>,
    table: String,
    kind: &'static str,
    tenant_column: Option<String>,
}

/// Checks one file.
pub(crate) fn check(arguments: &CatalogArguments) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&arguments.file)
        .map_err(|e| Failure::unusable(format!("{}: {e}", arguments.file.display())))?;
    let (listing, exit) = match Catalog::from_toml(&text) {
        Ok(catalog) => (listed(&catalog), ExitCode::SUCCESS),
        Err(e) => (
            Listing {
                valid: false,
                error: Some(e.to_string()),
                code: Some(e.code()),
                tables: Vec::new(),
            },
            ExitCode::from(1),
        ),
    };
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => serde_json::to_string(&listing)
            .map_err(io::Error::other)
            .and_then(|text| writeln!(out, "{text}")),
        Format::Text => print(&mut out, &listing),
    }
    .map_err(|e| Failure::io("print the listing", &e))?;
    Ok(exit)
}

fn listed(catalog: &Catalog) -> Listing {
    let row = |(schema, table): (Option<&str>, &Table)| {
        let (kind, tenant_column) = match table.kind() {
            TableKind::Platform => ("platform", None),
            TableKind::Shared { writable: false } => ("shared", None),
            TableKind::Shared { writable: true } => ("shared, writable", None),
            TableKind::Tenant { column, .. } => ("tenant", Some(column.to_string())),
        };
        let schema = schema.map(str::to_owned);
        Row {
            schema,
            table: table.name().to_owned(),
            kind,
            tenant_column,
        }
    };
    Listing {
        valid: true,
        error: None,
        code: None,
        tables: catalog.tables().map(row).collect(),
    }
}

fn print(out: &mut impl Write, listing: &Listing) -> io::Result<()> {
    let style = Style::of(&io::stdout());
    if let (Some(error), Some(code)) = (&listing.error, listing.code) {
        return writeln!(out, "{} {error} ({code})", style.bad("not a catalogue:"));
    }
    for row in &listing.tables {
        let schema = row
            .schema
            .as_ref()
            .map(|schema| format!("{schema}."))
            .unwrap_or_default();
        let column = row.tenant_column.as_ref().map(|name| format!(" by {name}"));
        writeln!(
            out,
            "{schema}{}: {}{}",
            row.table,
            row.kind,
            column.unwrap_or_default()
        )?;
    }
    writeln!(
        out,
        "{} {} tables",
        style.good("a catalogue:"),
        listing.tables.len()
    )
}
