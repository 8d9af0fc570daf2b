//! `tenantshield explain`: one statement's judgement, for people.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::{ExplainArguments, Format};
use crate::failure::Failure;
use crate::judge::{Admitted, Bind, Judge, Refused};
use crate::style::{Style, printable};

/// The explanation as `--format json` prints it.
#[derive(Debug, Serialize)]
struct Explanation<'a> {
    verdict: &'static str,
    sql: Option<&'a str>,
    binds: &'a [Bind],
    added: Vec<Added<'a>>,
    touches: Vec<Touched<'a>>,
    code: Option<&'static str>,
    reason: Option<&'a str>,
    mend: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Added<'a> {
    rule: &'static str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Touched<'a> {
    table: &'a str,
    action: &'static str,
    tenant: bool,
}

/// Explains one statement.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<ExitCode, Failure> {
    let judge = Judge::new(&arguments.options, arguments.tenant.as_deref())?;
    let judged = judge.judge(&arguments.sql);
    let mut out = io::stdout().lock();
    let style = Style::of(&out);
    let written = match (arguments.format, &judged) {
        (Format::Json, Ok(admitted)) => json(&mut out, &of_admitted(admitted)),
        (Format::Json, Err(refused)) => json(&mut out, &of_refused(refused)),
        (Format::Text, Ok(admitted)) => admission(&mut out, style, admitted),
        (Format::Text, Err(refused)) => refusal(&mut out, style, &arguments.sql, refused),
    };
    written.map_err(|e| Failure::io("print the explanation", &e))?;
    Ok(if judged.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn of_admitted(admitted: &Admitted) -> Explanation<'_> {
    let judgement = &admitted.judgement;
    let added = judgement.additions().iter();
    let touches = judgement.touches().iter();
    Explanation {
        verdict: judgement.verdict().as_str(),
        sql: Some(judgement.sql()),
        binds: &admitted.binds,
        added: added
            .map(|added| Added {
                rule: added.rule(),
                text: added.text(),
            })
            .collect(),
        touches: touches
            .map(|touch| Touched {
                table: touch.table(),
                action: touch.action().as_str(),
                tenant: touch.is_tenant(),
            })
            .collect(),
        code: None,
        reason: None,
        mend: None,
    }
}

fn of_refused(refused: &Refused) -> Explanation<'_> {
    Explanation {
        verdict: "refuse",
        sql: None,
        binds: &[],
        added: Vec::new(),
        touches: Vec::new(),
        code: Some(refused.code),
        reason: Some(&refused.reason),
        mend: Some(refused.mend),
    }
}

fn json(out: &mut impl Write, explanation: &Explanation<'_>) -> io::Result<()> {
    let text = serde_json::to_string(explanation).map_err(io::Error::other)?;
    writeln!(out, "{text}")
}

fn admission(out: &mut impl Write, style: Style, admitted: &Admitted) -> io::Result<()> {
    let judgement = &admitted.judgement;
    let verdict = match judgement.verdict().as_str() {
        "admit" => "admitted as it is: no table of tenants is touched",
        _ => "rewritten to hold for one tenant",
    };
    writeln!(out, "{}  {verdict}", style.bold("verdict"))?;
    writeln!(
        out,
        "{}      {}",
        style.bold("sql"),
        highlighted(style, admitted)
    )?;
    for added in judgement.additions() {
        writeln!(
            out,
            "{}    {}  {}",
            style.bold("added"),
            style.good(added.text()),
            added.rule()
        )?;
    }
    for touch in judgement.touches() {
        let owner = if touch.is_tenant() {
            "of the tenant"
        } else {
            "shared"
        };
        writeln!(
            out,
            "{}  {} {}, {owner}",
            style.bold("touches"),
            touch.action(),
            touch.table()
        )?;
    }
    for bind in &admitted.binds {
        writeln!(
            out,
            "{}    {} = {}",
            style.bold("binds"),
            bind.index,
            bind.value
        )?;
    }
    Ok(())
}

fn refusal(out: &mut impl Write, style: Style, sql: &str, refused: &Refused) -> io::Result<()> {
    writeln!(
        out,
        "{}  {} {}",
        style.bold("verdict"),
        style.bad("refused"),
        refused.code
    )?;
    writeln!(out, "{}      {}", style.bold("sql"), printable(sql))?;
    writeln!(out, "{}   {}", style.bold("reason"), refused.reason)?;
    writeln!(out, "{}     {}", style.bold("mend"), refused.mend)
}

/// The text with what the guard added in colour.
fn highlighted(style: Style, admitted: &Admitted) -> String {
    let sql = printable(admitted.judgement.sql());
    let mut parts: Vec<String> = admitted
        .judgement
        .additions()
        .iter()
        .map(|added| printable(added.text()))
        .collect();
    // Longer parts first, so that one inside another is not coloured twice.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts.dedup();
    colour(style, &sql, &parts)
}

fn colour(style: Style, text: &str, parts: &[String]) -> String {
    let Some((part, shorter)) = parts.split_first() else {
        return text.to_owned();
    };
    if part.is_empty() {
        return colour(style, text, shorter);
    }
    let between: Vec<String> = text
        .split(part.as_str())
        .map(|rest| colour(style, rest, shorter))
        .collect();
    between.join(&style.good(part))
}
