//! The oracle: what tenant 1 got between others, beside what it gets alone.

use std::collections::BTreeMap;

use crate::corpus::Case;
use crate::database::{Answer, Cell, Dump, Failure, Trial};
use crate::escape::FindingKind;
use crate::fixture;

/// Everything that is wrong with one run.
pub(super) fn compare(
    case: &Case,
    before: &Dump,
    both: &Trial,
    alone: &Trial,
) -> Vec<(FindingKind, String)> {
    let mut found = Vec::new();
    if let Some(canary) = leak(case, both) {
        found.push((
            FindingKind::Leaked,
            format!("`{canary}` reached the tenant"),
        ));
    }
    if let Some(after) = &both.after {
        for table in changed(&before.others(), &after.others()) {
            found.push((
                FindingKind::ForeignChanged,
                format!("rows of `{table}` changed"),
            ));
        }
    }
    if let Some(what) = difference(both, alone) {
        found.push((FindingKind::Differs, what));
    }
    found
}

fn leak(case: &Case, trial: &Trial) -> Option<String> {
    let seen: Vec<u8> = match &trial.result {
        Err(failure) => failure.text.clone().into_bytes(),
        Ok(answer) => flatten(answer),
    };
    let texts = fixture::canaries()
        .into_iter()
        .map(|canary| (canary.clone().into_bytes(), canary));
    let totals =
        fixture::foreign_totals().map(|total| (total.to_be_bytes().to_vec(), total.to_string()));
    texts
        .chain(totals)
        .find(|(bytes, name)| !case.sql().contains(name) && contains(&seen, bytes))
        .map(|(_, name)| name)
}

fn flatten(answer: &Answer) -> Vec<u8> {
    let mut bytes = answer.columns.join("\n").into_bytes();
    for cell in answer.rows.iter().flatten().flatten() {
        bytes.push(b'\n');
        bytes.extend_from_slice(cell);
    }
    bytes
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

type Tables = BTreeMap<&'static str, Vec<Vec<Cell>>>;

fn changed<'a>(before: &'a Tables, after: &'a Tables) -> impl Iterator<Item = &'static str> + 'a {
    before
        .iter()
        .filter(|(table, rows)| after.get(*table) != Some(rows))
        .map(|(table, _)| *table)
}

fn difference(both: &Trial, alone: &Trial) -> Option<String> {
    match (&both.result, &alone.result) {
        (Err(seen), Err(expected)) if seen.class == expected.class => None,
        (Err(seen), Err(expected)) => Some(format!(
            "fails with {} ({}), alone with {}",
            seen.class,
            first_line(seen),
            expected.class
        )),
        (Err(seen), Ok(_)) => Some(format!(
            "fails with {} ({}), alone it works",
            seen.class,
            first_line(seen)
        )),
        (Ok(_), Err(expected)) => Some(format!(
            "works, alone it fails with {} ({})",
            expected.class,
            first_line(expected)
        )),
        (Ok(seen), Ok(expected)) => answers(seen, expected).or_else(|| {
            let (seen, expected) = (both.after.as_ref()?.own(), alone.after.as_ref()?.own());
            let tables: Vec<_> = changed(&expected, &seen).collect();
            (!tables.is_empty()).then(|| format!("leaves other rows in {}", tables.join(", ")))
        }),
    }
}

fn answers(seen: &Answer, expected: &Answer) -> Option<String> {
    if seen.rows.len() != expected.rows.len() {
        let (seen, expected) = (seen.rows.len(), expected.rows.len());
        return Some(format!("gives {seen} rows, alone {expected}"));
    }
    if seen.affected != expected.affected {
        let (seen, expected) = (seen.affected, expected.affected);
        return Some(format!("affects {seen} rows, alone {expected}"));
    }
    if seen.columns != expected.columns {
        return Some(format!(
            "columns are {:?}, alone {:?}",
            seen.columns, expected.columns
        ));
    }
    (sorted(seen) != sorted(expected)).then(|| {
        let (seen, expected) = (readable(seen), readable(expected));
        format!("gives {seen}, alone {expected}")
    })
}

fn sorted(answer: &Answer) -> Vec<&Vec<Cell>> {
    let mut rows: Vec<_> = answer.rows.iter().collect();
    rows.sort();
    rows
}

fn readable(answer: &Answer) -> String {
    let rows: Vec<String> = sorted(answer)
        .iter()
        .take(6)
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| match cell {
                    None => "null".to_owned(),
                    Some(bytes) => bytes.escape_ascii().to_string(),
                })
                .collect();
            cells.join(",")
        })
        .collect();
    format!("[{}]", rows.join(" | "))
}

fn first_line(failure: &Failure) -> String {
    failure
        .text
        .chars()
        .filter(|letter| *letter != '\n')
        .take(160)
        .collect()
}

#[cfg(test)]
mod tests;
