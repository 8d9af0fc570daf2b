//! The pipeline: envelope, raw parse, walk, render, re-parse, second pass.
//!
//! *Why:* each stage trusts only what it checked itself. The text that leaves is rendered from the
//! tree, and a second reading of that text must give the same tree, covered as a second, independent
//! pass demands. This runs in release builds, once for each distinct text.

use std::sync::Arc;

use crate::classify;
use crate::code;
use crate::envelope::{self, Limits};
use crate::filter::Filters;
use crate::judgement::{Judgement, StatementKind};
use crate::lexer::{self, Kind};
use crate::parse;
use crate::refusal::Refusal;
use crate::verify;
use crate::walk::{self, Rules};

/// Bytes of stack for each word of depth: the most that any pass was seen to spend on one, doubled.
const LEVEL: usize = if cfg!(debug_assertions) { 24 } else { 4 } * 1024;

/// Bytes of stack for a statement without any nesting.
const FLAT: usize = 512 * 1024;

/// Judges `sql` from scratch.
pub(crate) fn judge(
    sql: &str,
    rules: &Rules,
    limits: Limits,
    filters: &Filters,
) -> Result<Judgement, Refusal> {
    let opened = envelope::open(sql, rules.dialect, limits)?;
    on_stack_for(opened.nesting, || parsed(opened, rules, limits, filters))
}

/// The kind of `sql`, without rewriting it.
pub(crate) fn classify(sql: &str, rules: &Rules, limits: Limits) -> Result<StatementKind, Refusal> {
    let opened = envelope::open(sql, rules.dialect, limits)?;
    on_stack_for(opened.nesting, || {
        let statement = parse::one(&opened.text, rules.dialect, limits.depth)?;
        classify::kind(&statement, rules.dialect, &rules.functions)
    })
}

/// Runs `work` where the stack suffices for a tree of this depth. Walking, comparing, rendering and
/// dropping a tree all recurse, and the thread may be a small one.
fn on_stack_for<R>(nesting: usize, work: impl FnOnce() -> R) -> R {
    let bytes = FLAT + nesting.saturating_mul(LEVEL);
    stacker::maybe_grow(bytes, bytes, work)
}

fn parsed(
    opened: envelope::Envelope,
    rules: &Rules,
    limits: Limits,
    filters: &Filters,
) -> Result<Judgement, Refusal> {
    let mut statement = parse::one(&opened.text, rules.dialect, limits.depth)?;
    let found = walk::rewrite(&mut statement, rules, filters, opened.declared)?;
    let mut sql = statement.to_string();
    sound(&sql, rules)?;
    // The injected parentheses deepen the text, so the second reading gets more room.
    let again = parse::one(&sql, rules.dialect, limits.depth.saturating_mul(4))
        .map_err(|_refusal| unproven())?;
    if again != statement {
        return Err(unproven());
    }
    verify::covered(&again, rules, filters, opened.declared, &found.slots)?;
    if let Some(trace) = opened.trace {
        sql.push(' ');
        sql.push_str(&trace);
    }
    Ok(Judgement {
        dialect: rules.dialect,
        sql: Arc::from(sql),
        kind: found.kind,
        declared: opened.declared,
        slots: found.slots,
        touches: found.touches,
        checks: found.checks,
        additions: found.additions,
    })
}

/// Our own text holds no comment and no second statement, as the small lexer reads it.
fn sound(sql: &str, rules: &Rules) -> Result<(), Refusal> {
    let lexemes = lexer::scan(sql, rules.dialect).map_err(|_error| unproven())?;
    let clean = !lexemes
        .iter()
        .any(|lexeme| matches!(lexeme.kind, Kind::Comment | Kind::Semicolon));
    if clean { Ok(()) } else { Err(unproven()) }
}

fn unproven() -> Refusal {
    Refusal::new(
        code::INTERNAL,
        "the rewritten statement does not read back as it was meant",
    )
}
