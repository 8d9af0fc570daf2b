//! `assert_isolated!`: one line in a test of your own.

use std::fmt::Debug;

use crate::fixture;

/// Asserts that what a tenant got holds nothing of the other tenant of the fixture.
///
/// # Shape
///
/// Takes anything with `Debug`: rows, a response body, an error, a log. With a second argument it
/// looks for your own canaries: anything that iterates over strings.
///
/// # Security
///
/// It finds a canary as it stands. What was encoded, compressed or hashed on the way is not found.
///
/// # Examples
///
/// ```
/// use tenantshield_testkit::assert_isolated;
///
/// assert_isolated!(vec!["own-note-1"]);
/// assert_isolated!("the body", ["acme's secret"]);
/// ```
///
/// ```should_panic
/// tenantshield_testkit::assert_isolated!("a row with secret-of-2 in it");
/// ```
#[macro_export]
macro_rules! assert_isolated {
    ($seen:expr $(,)?) => {
        $crate::isolate::check(&$seen, $crate::fixture::canaries())
    };
    ($seen:expr, $canaries:expr $(,)?) => {
        $crate::isolate::check(&$seen, $canaries)
    };
}

/// The function behind [`assert_isolated!`](crate::assert_isolated).
///
/// # Panics
///
/// As assertions do, when `seen` holds a canary, when a canary is empty, and when there is none.
#[track_caller]
pub fn check<T, C>(seen: &T, canaries: C)
where
    T: Debug + ?Sized,
    C: IntoIterator,
    C::Item: AsRef<str>,
{
    let text = format!("{seen:?}");
    let mut looked = 0;
    for canary in canaries {
        let canary = canary.as_ref();
        looked += 1;
        assert!(!canary.is_empty(), "an empty canary is found everywhere");
        assert!(
            !text.contains(canary),
            "another tenant's `{canary}` is in what this tenant got"
        );
    }
    assert!(looked > 0, "there was no canary to look for");
}

/// Asserts that what a tenant got is its own: at least one of the fixture's own texts is there.
///
/// An empty answer is isolated and useless; a test that wants rows says so.
///
/// # Panics
///
/// As assertions do, when none of the fixture's own texts is in `seen`.
#[track_caller]
pub fn check_own<T: Debug + ?Sized>(seen: &T) {
    let text = format!("{seen:?}");
    assert!(
        fixture::COLUMNS
            .iter()
            .any(|column| text.contains(&format!("own-{column}-"))),
        "nothing of this tenant's own is in what it got"
    );
}
