//! Law `floors`: imports point down, and crates of one floor do not import one another.

use crate::{
    arch::law::{Finding, Law},
    metadata::{Dependency, Package},
};

const PREFIX: &str = "tenantshield";
const TESTKIT: &str = "tenantshield-testkit";

/// The floors of the design, lowest first; a crate that is not here has no place yet.
const FLOORS: [&[&str]; 6] = [
    &[
        "tenantshield-core",
        "tenantshield-macros",
        "tenantshield-seal",
    ],
    &[
        "tenantshield-actix",
        "tenantshield-audit",
        "tenantshield-lifecycle",
        "tenantshield-resources",
        "tenantshield-sql",
        "tenantshield-tower",
    ],
    &[
        "tenantshield-diesel",
        "tenantshield-sea-orm",
        "tenantshield-sqlx",
        "tenantshield-testkit",
        "tenantshield-tokio-postgres",
    ],
    &["tenantshield"],
    &["tenantshield-console"],
    &["tenantshield-cli"],
];

/// Beside the floors: they may use all of them, and nobody may use these.
const BESIDE: [&str; 4] = [
    "tenantshield-bench",
    "tenantshield-examples",
    "tenantshield-fuzz",
    "xtask",
];

/// Tests that need a crate of their own floor, each for a reason that the design gives.
const TEST_EDGES: [(&str, &str); 5] = [
    // A derive can only be tried against the trait it derives.
    ("tenantshield-macros", "tenantshield-core"),
    // Conformance and the escape corpus run in testkit's own tests, against every adapter.
    (TESTKIT, "tenantshield-diesel"),
    (TESTKIT, "tenantshield-sea-orm"),
    (TESTKIT, "tenantshield-sqlx"),
    (TESTKIT, "tenantshield-tokio-postgres"),
];

pub(crate) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = packages.iter().flat_map(check_package).collect();
    findings.extend(untested_adapters(packages));
    findings
}

/// Adapters that testkit does not run conformance and the escape corpus against.
fn untested_adapters(packages: &[Package]) -> Vec<Finding> {
    let Some(testkit) = packages.iter().find(|package| package.name == TESTKIT) else {
        return Vec::new();
    };
    TEST_EDGES
        .iter()
        .filter(|(tester, adapter)| {
            *tester == TESTKIT && packages.iter().any(|package| package.name == *adapter)
        })
        .filter(|(_, adapter)| {
            !testkit
                .dependencies
                .iter()
                .any(|dependency| dependency.is_dev() && dependency.name == *adapter)
        })
        .map(|(_, adapter)| {
            let message = format!("does not test `{adapter}`; every adapter is a dev-dependency");
            Finding::at(Law::Floors, &testkit.manifest_path, message)
        })
        .collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let breach = |message: String| Finding::at(Law::Floors, &package.manifest_path, message);
    let Some(place) = place(&package.name) else {
        return vec![breach(format!(
            "`{}` stands on no floor; give it one in the design and in `xtask/src/arch/floors.rs`",
            package.name
        ))];
    };
    package
        .dependencies
        .iter()
        // A crate may depend on itself, to test with its features on.
        .filter(|dependency| is_ours(&dependency.name) && dependency.name != package.name)
        .filter_map(|dependency| judge(package, place, dependency))
        .map(breach)
        .collect()
}

fn judge(package: &Package, from: Place, dependency: &Dependency) -> Option<String> {
    let (name, other) = (&package.name, &dependency.name);
    let to = match place(other) {
        None => return Some(format!("depends on `{other}`, which stands on no floor")),
        Some(Place::Beside) => {
            return Some(format!(
                "depends on `{other}`, which stands beside the floors for good"
            ));
        }
        Some(Place::Floor(to)) => to,
    };
    let Place::Floor(from) = from else {
        return None;
    };
    if dependency.is_dev() && TEST_EDGES.contains(&(name.as_str(), other.as_str())) {
        return None;
    }
    if to == from {
        return Some(format!(
            "`{name}` and `{other}` are both on floor {from}; move what they share down"
        ));
    }
    if to > from {
        return Some(format!(
            "`{name}` (floor {from}) imports up from `{other}` (floor {to})"
        ));
    }
    None
}

#[derive(Clone, Copy)]
enum Place {
    Beside,
    Floor(usize),
}

fn place(name: &str) -> Option<Place> {
    if BESIDE.contains(&name) {
        return Some(Place::Beside);
    }
    let floor = FLOORS.iter().position(|floor| floor.contains(&name))?;
    Some(Place::Floor(floor + 1))
}

fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX) || BESIDE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::package;

    fn messages(name: &str, dependencies: &[(&str, &str)]) -> Vec<String> {
        let mut package = package(name);
        package.dependencies = dependencies
            .iter()
            .map(|(kind, name)| Dependency {
                name: (*name).to_owned(),
                kind: (*kind != "normal").then(|| (*kind).to_owned()),
            })
            .collect();
        check(&[package])
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn an_import_from_a_higher_floor_is_a_breach() {
        let found = messages("tenantshield-core", &[("normal", "tenantshield-sql")]);
        let expected = "`tenantshield-core` (floor 1) imports up from `tenantshield-sql` (floor 2)";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn an_import_on_one_floor_is_a_breach_for_builds_and_tests_too() {
        for kind in ["normal", "build", "dev"] {
            let found = messages("tenantshield-tower", &[(kind, "tenantshield-sql")]);
            assert!(found[0].contains("both on floor 2"), "{kind}: {found:?}");
        }
    }

    #[test]
    fn an_adapter_that_tests_with_testkit_is_a_breach() {
        let found = messages("tenantshield-sqlx", &[("dev", "tenantshield-testkit")]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn testkit_tests_adapters_but_does_not_ship_with_them() {
        let adapter = "tenantshield-sqlx";
        assert!(messages("tenantshield-testkit", &[("dev", adapter)]).is_empty());
        assert_eq!(
            messages("tenantshield-testkit", &[("normal", adapter)]).len(),
            1
        );
    }

    #[test]
    fn an_adapter_that_testkit_does_not_test_is_a_breach() {
        let mut packages = [package(TESTKIT), package("tenantshield-sqlx")];
        let found = check(&packages);
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .message
                .starts_with("does not test `tenantshield-sqlx`")
        );
        packages[0].dependencies = vec![Dependency {
            name: "tenantshield-sqlx".to_owned(),
            kind: Some("dev".to_owned()),
        }];
        assert!(check(&packages).is_empty());
    }

    #[test]
    fn nobody_uses_what_stands_beside_the_floors() {
        let found = messages("tenantshield-cli", &[("normal", "tenantshield-bench")]);
        assert!(found[0].contains("beside the floors"), "{found:?}");
        assert!(messages("tenantshield-bench", &[("normal", "tenantshield")]).is_empty());
    }

    #[test]
    fn a_crate_without_a_floor_is_a_breach() {
        assert!(messages("tenantshield-new", &[])[0].contains("stands on no floor"));
        assert_eq!(
            messages("tenantshield-cli", &[("normal", "tenantshield-new")]).len(),
            1
        );
    }

    #[test]
    fn imports_that_point_down_are_fine() {
        let below = [("normal", "tenantshield-core"), ("normal", "serde")];
        assert!(messages("tenantshield-sql", &below).is_empty());
    }
}
