//! What CI asks of the demo: shielded, nothing leaks; naive, something does.

use serde::Deserialize;

/// The demo's JSON as far as CI judges it; field names are the stable contract.
#[derive(Debug, Deserialize)]
struct Tour {
    attacks: Vec<Attack>,
    leaks: u64,
    audit_verified: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Attack {
    name: String,
    naive: String,
    shielded: Option<String>,
}

/// Which product the tour attacked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Product {
    Naive,
    Shielded,
}

/// What is wrong with a tour, or nothing.
pub(crate) fn judge(product: Product, code: Option<i32>, stdout: &str) -> Result<String, String> {
    let tour: Tour = serde_json::from_str(stdout)
        .map_err(|error| format!("standard output is not one JSON object: {error}"))?;
    let expected = match product {
        Product::Naive => 1,
        Product::Shielded => 0,
    };
    if code != Some(expected) {
        return Err(format!("ended with {code:?}, expected {expected}"));
    }
    if tour.attacks.is_empty() {
        return Err("attacked nothing".to_owned());
    }
    match product {
        Product::Naive => judge_naive(&tour)?,
        Product::Shielded => judge_shielded(&tour)?,
    }
    Ok(format!(
        "{} attacks, {} leaks",
        tour.attacks.len(),
        tour.leaks
    ))
}

fn judge_naive(tour: &Tour) -> Result<(), String> {
    let leaked = tour
        .attacks
        .iter()
        .filter(|one| one.naive == "leaked")
        .count();
    if tour.leaks == 0 || usize::try_from(tour.leaks) != Ok(leaked) {
        return Err(format!(
            "counts {} leaks where {leaked} attacks leaked",
            tour.leaks
        ));
    }
    if tour.audit_verified.is_some() || tour.attacks.iter().any(|one| one.shielded.is_some()) {
        return Err("speaks of a shield that was not there".to_owned());
    }
    Ok(())
}

fn judge_shielded(tour: &Tour) -> Result<(), String> {
    if let Some(attack) = tour
        .attacks
        .iter()
        .find(|one| one.shielded.as_deref() != Some("blocked"))
    {
        return Err(format!("`{}` was not blocked", attack.name));
    }
    if tour.leaks != 0 {
        return Err(format!("{} attacks leaked", tour.leaks));
    }
    if tour.audit_verified != Some(true) {
        return Err("the audit trail was not verified".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tour(shielded: &str, leaks: u64, verified: &str) -> String {
        format!(
            r#"{{"attacks": [{{"name": "join", "naive": "leaked", "shielded": {shielded}}}],
                "leaks": {leaks}, "audit_verified": {verified}}}"#
        )
    }

    #[test]
    fn a_shielded_tour_passes_only_when_everything_was_blocked_and_verified() {
        let judge = |code, text: &str| judge(Product::Shielded, Some(code), text);
        let good = tour("\"blocked\"", 0, "true");
        assert_eq!(judge(0, &good), Ok("1 attacks, 0 leaks".to_owned()));
        assert!(judge(1, &good).is_err());
        assert!(judge(0, &tour("\"leaked\"", 1, "true")).is_err());
        assert!(judge(0, &tour("\"blocked\"", 1, "true")).is_err());
        assert!(judge(0, &tour("\"blocked\"", 0, "false")).is_err());
        assert!(judge(0, &tour("null", 0, "true")).is_err());
    }

    #[test]
    fn a_naive_tour_passes_only_when_it_leaked_and_said_so() {
        let judge = |code, text: &str| judge(Product::Naive, Some(code), text);
        assert!(judge(1, &tour("null", 1, "null")).is_ok());
        assert!(judge(0, &tour("null", 1, "null")).is_err());
        assert!(judge(1, &tour("null", 0, "null")).is_err());
        assert!(judge(1, &tour("null", 2, "null")).is_err());
        assert!(judge(1, &tour("\"blocked\"", 1, "null")).is_err());
        assert!(judge(1, &tour("null", 1, "true")).is_err());
    }

    #[test]
    fn a_tour_that_attacked_nothing_or_said_more_fails() {
        let empty = r#"{"attacks": [], "leaks": 0, "audit_verified": true}"#;
        assert!(judge(Product::Shielded, Some(0), empty).is_err());
        let more = format!("listening\n{empty}");
        assert!(judge(Product::Shielded, Some(0), &more).is_err());
    }
}
