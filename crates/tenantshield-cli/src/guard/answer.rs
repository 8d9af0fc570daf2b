//! Output lines: one JSON object for each line of input.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::judge::{Bind, Judge, Refused};

const UNREADABLE: &str = "TS-IN-001";

/// The answer to one line.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    id: &'a RawValue,
    verdict: &'static str,
    sql: Option<String>,
    binds: Vec<Bind>,
    code: Option<&'static str>,
    reason: Option<String>,
}

impl<'a> Answer<'a> {
    pub(super) fn judged(judge: &Judge, id: &'a RawValue, sql: &str, inline: bool) -> Self {
        Self::admitted(judge, id, sql, inline)
            .unwrap_or_else(|refused| Self::refused(id, refused.code, refused.reason))
    }

    pub(super) fn unreadable(reason: &str) -> Self {
        Self::refused(RawValue::NULL, UNREADABLE, reason.to_owned())
    }

    fn admitted(judge: &Judge, id: &'a RawValue, sql: &str, inline: bool) -> Result<Self, Refused> {
        let admitted = judge.judge(sql)?;
        let (sql, binds) = if inline {
            (judge.inlined(&admitted.judgement)?, Vec::new())
        } else {
            (admitted.judgement.sql().to_string(), admitted.binds)
        };
        let verdict = admitted.judgement.verdict().as_str();
        Ok(Self {
            id,
            verdict,
            sql: Some(sql),
            binds,
            code: None,
            reason: None,
        })
    }

    fn refused(id: &'a RawValue, code: &'static str, reason: String) -> Self {
        Self {
            id,
            verdict: "refuse",
            sql: None,
            binds: Vec::new(),
            code: Some(code),
            reason: Some(reason),
        }
    }
}
