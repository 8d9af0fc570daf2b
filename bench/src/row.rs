//! One number beside its floor.

use std::fmt::Write as _;

use serde::Serialize;

/// The unit of a row.
///
/// A budget bounds the value where the unit is a time, else the ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "ns")]
    Nanoseconds,
    #[serde(rename = "µs")]
    Microseconds,
    /// Times the floor: the floor itself is 1.
    #[serde(rename = "x")]
    Times,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "µs",
            Self::Times => "x",
        }
    }
}

/// A row of the report.
///
/// # Shape
///
/// `ok` is null where the row is only reported, and where nothing was judged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    value: f64,
    unit: Unit,
    beside: &'static str,
    beside_value: f64,
    ratio: f64,
    budget: Option<f64>,
    ok: Option<bool>,
}

impl Row {
    /// A time in nanoseconds that must stay below `budget`.
    pub(crate) fn bounded(
        name: &str,
        nanos: f64,
        beside: &'static str,
        floor: f64,
        budget: f64,
    ) -> Self {
        Self::new(name, Unit::Nanoseconds, nanos, beside, floor, Some(budget))
    }

    /// The same in microseconds; the arguments are nanoseconds, the budget microseconds.
    pub(crate) fn bounded_micros(
        name: &str,
        nanos: f64,
        beside: &'static str,
        floor: f64,
        budget: f64,
    ) -> Self {
        Self::new(
            name,
            Unit::Microseconds,
            nanos / 1e3,
            beside,
            floor / 1e3,
            Some(budget),
        )
    }

    /// A time that is only reported.
    pub(crate) fn reported(name: &str, nanos: f64, beside: &'static str, floor: f64) -> Self {
        Self::new(name, Unit::Nanoseconds, nanos, beside, floor, None)
    }

    /// Times the floor, which must stay below `budget`.
    pub(crate) fn times(
        name: &str,
        nanos: f64,
        beside: &'static str,
        floor: f64,
        budget: f64,
    ) -> Self {
        Self::new(name, Unit::Times, nanos / floor, beside, 1.0, Some(budget))
    }

    /// Takes the judgement away: the row only shows that its subject runs.
    pub(crate) fn unjudged(mut self) -> Self {
        self.ok = None;
        self
    }

    /// Whether the budget is exceeded.
    pub(crate) fn failed(&self) -> bool {
        self.ok == Some(false)
    }

    fn new(
        name: &str,
        unit: Unit,
        value: f64,
        beside: &'static str,
        beside_value: f64,
        budget: Option<f64>,
    ) -> Self {
        let ratio = value / beside_value;
        let bound = if unit == Unit::Times { ratio } else { value };
        let (value, beside_value, ratio) = (rounded(value), rounded(beside_value), rounded(ratio));
        Self {
            name: name.to_owned(),
            value,
            unit,
            beside,
            beside_value,
            ratio,
            budget,
            ok: budget.map(|budget| bound <= budget),
        }
    }
}

/// The rows as a table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    let _written = writeln!(
        out,
        "{:58} {:>12} {:>10} {:>12} {:>8} {:>8}  beside",
        "what", "value", "budget", "beside", "ratio", "ok"
    );
    for row in rows {
        let budget = row
            .budget
            .map_or_else(|| "-".to_owned(), |budget| budget.to_string());
        let ok = match row.ok {
            None => "-",
            Some(true) => "yes",
            Some(false) => "NO",
        };
        let unit = row.unit.as_str();
        let _written = writeln!(
            out,
            "{:58} {:>9.3} {unit:2} {budget:>10} {:>9.3} {unit:2} {:>8.3} {ok:>8}  {}",
            row.name, row.value, row.beside_value, row.ratio, row.beside
        );
    }
    out
}

/// Four decimals: more would pretend a precision that a shared machine does not give.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn a_time_is_bounded_by_its_value_and_a_ratio_by_its_ratio() {
        assert!(!Row::bounded("a", 0.9, "b", 0.1, 1.0).failed());
        assert!(Row::bounded("a", 1.1, "b", 100.0, 1.0).failed());
        assert!(!Row::times("a", 290.0, "b", 100.0, 3.0).failed());
        assert!(Row::times("a", 310.0, "b", 100.0, 3.0).failed());
        assert!(!Row::reported("a", 9e9, "b", 1.0).failed());
    }

    #[test]
    fn a_row_has_the_keys_of_the_contract() {
        let row = serde_json::to_value(Row::bounded_micros("a", 500.0, "b", 250.0, 0.6)).unwrap();
        assert_eq!(
            row,
            serde_json::json!({"name": "a", "value": 0.5, "unit": "µs", "beside": "b",
                "beside_value": 0.25, "ratio": 2.0, "budget": 0.6, "ok": true})
        );
    }
}
