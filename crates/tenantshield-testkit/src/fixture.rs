//! Two mirrored tenants with canaries in every column of the foreign one.
//!
//! *Why:* a leak shows only where the other tenant has something to leak. Each row of tenant 1 has
//! a twin of tenant 2 that satisfies the same predicates and joins, and whose texts and totals
//! occur nowhere else.

use std::sync::Arc;

use tenantshield_core::{
    AllowAll, Catalog, MemoryDirectory, Principal, PrincipalId, Shield, TenantContext, TenantId,
    TenantRoles,
};
use tenantshield_sql::Dialect;

use crate::error::Error;

/// The catalogue of the fixture's schema, in the form of a catalogue file.
pub const CATALOG: &str = include_str!("fixture/catalog.toml");

/// The tables of the fixture, in an order in which they can be created.
pub const TABLES: [&str; 6] = [
    "tenants",
    "plans",
    "customers",
    "orders",
    "items",
    "secrets",
];

/// The tenant in whose name statements run.
pub const OWN: &str = "1";

/// The tenant whose rows must stay unseen and unchanged.
pub const FOREIGN: &str = "2";

/// Which keys the two tenants hold: an escape may need the foreign row to have a certain key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a run goes through all of them")]
pub enum Keys {
    /// Tenant 1 holds the even keys; its secrets are numbers.
    OwnEven,
    /// Tenant 1 holds the odd keys; its secrets are words.
    OwnOdd,
}

impl Keys {
    /// Both.
    pub const ALL: [Self; 2] = [Self::OwnEven, Self::OwnOdd];

    /// The short name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnEven => "even",
            Self::OwnOdd => "odd",
        }
    }
}

/// Who lives in the database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "one oracle, one shared database, no third"
)]
pub enum Population {
    /// Tenant 1 alone: what it would see if there were nobody else.
    Alone,
    /// Both tenants.
    Both,
}

/// The catalogue as a value.
///
/// # Errors
///
/// [`Error::Fixture`] if the embedded file does not parse, which a test of the kit excludes.
pub fn catalog() -> Result<Arc<Catalog>, Error> {
    Catalog::from_toml(CATALOG)
        .map(Arc::new)
        .map_err(|source| Error::fixture("catalogue", source))
}

/// A context of `tenant`, admitted the ordinary way through a shield over a directory in memory.
///
/// # Errors
///
/// [`Error::Fixture`] when `tenant` is no tenant id.
pub async fn tenant_context(tenant: &str) -> Result<TenantContext, Error> {
    let id = TenantId::new(tenant).map_err(|source| Error::fixture("tenant id", source))?;
    let name = PrincipalId::new("kit").map_err(|source| Error::fixture("principal", source))?;
    let user = Principal::user(name);
    let directory = MemoryDirectory::new();
    directory.insert_tenant(id.clone());
    directory.add_member(&id, user.clone(), TenantRoles::new());
    let shield = Shield::builder()
        .directory(directory)
        .policy(AllowAll)
        .build()
        .map_err(|source| Error::fixture("shield", source))?;
    shield
        .admit_for(id, user)
        .await
        .map_err(|source| Error::fixture("context", source))
}

/// Statements that create the fixture's tables.
///
/// # Shape
///
/// `tenant_id` has no default where both tenants live, so that an insert without it fails. Where
/// tenant 1 is alone it defaults to 1: the original statement then means what the guarded one
/// must mean.
pub fn schema(dialect: Dialect, population: Population) -> Vec<String> {
    let number = match dialect {
        Dialect::Postgres => "bigint",
        Dialect::Sqlite => "integer",
    };
    let tenant = match population {
        Population::Alone => format!("tenant_id {number} NOT NULL DEFAULT 1"),
        Population::Both => format!("tenant_id {number} NOT NULL"),
    };
    let key = "id integer PRIMARY KEY";
    vec![
        format!("CREATE TABLE tenants ({key})"),
        format!("CREATE TABLE plans ({key}, name text)"),
        format!("CREATE TABLE customers ({key}, {tenant}, email text, name text)"),
        format!(
            "CREATE TABLE orders ({key}, {tenant}, customer_id integer, total {number}, note text)"
        ),
        format!("CREATE TABLE items ({key}, {tenant}, order_id integer, sku text, qty integer)"),
        format!("CREATE TABLE secrets ({key}, {tenant}, v text)"),
        "CREATE INDEX ix ON orders (tenant_id, id)".to_owned(),
    ]
}

/// Statements that fill the tables.
pub fn rows(keys: Keys, population: Population) -> Vec<String> {
    let mut statements = vec![
        "INSERT INTO plans (id, name) VALUES (1, 'free'), (2, 'team'), (3, 'scale')".to_owned(),
    ];
    let tenants: &[Side] = match population {
        Population::Alone => &[Side::Own],
        Population::Both => &[Side::Own, Side::Foreign],
    };
    for side in tenants {
        statements.push(format!(
            "INSERT INTO tenants (id) VALUES ({})",
            side.tenant()
        ));
    }
    for row in 0..ROWS {
        for side in tenants {
            statements.extend(twin(keys, *side, row));
        }
    }
    statements
}

/// Texts and numbers that occur in rows of tenant 2 and nowhere else.
pub fn canaries() -> Vec<String> {
    let mut canaries = vec!["secret-of-2".to_owned()];
    for row in 0..ROWS {
        canaries.push(foreign_total(row).to_string());
        // The first secret is the short one, whose length and beginning cases ask about.
        let texts = COLUMNS.iter().filter(|column| row > 0 || **column != "v");
        canaries.extend(texts.map(|column| canary(column, row)));
    }
    canaries
}

/// Totals of tenant 2, for engines that answer in binary.
pub(crate) fn foreign_totals() -> impl Iterator<Item = i64> {
    (0..ROWS).map(foreign_total)
}

const ROWS: u32 = 4;
pub(crate) const COLUMNS: [&str; 4] = ["email", "note", "sku", "v"];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Foreign,
    Own,
}

impl Side {
    const fn tenant(self) -> &'static str {
        match self {
            Self::Foreign => FOREIGN,
            Self::Own => OWN,
        }
    }

    /// The key of this side's row: one tenant holds the odd keys, the other the even ones.
    const fn key(self, keys: Keys, row: u32) -> u32 {
        let odd = matches!(
            (self, keys),
            (Self::Own, Keys::OwnOdd) | (Self::Foreign, Keys::OwnEven)
        );
        2 * row + if odd { 1 } else { 2 }
    }
}

fn twin(keys: Keys, side: Side, row: u32) -> Vec<String> {
    let tenant = side.tenant();
    let id = side.key(keys, row);
    // The last row of each table refers to the other tenant's: a join must not follow it.
    let other = match side {
        Side::Foreign => Side::Own,
        Side::Own => Side::Foreign,
    };
    let parent = if row + 1 == ROWS {
        other.key(keys, row)
    } else {
        id
    };
    let text = |column: &str| match side {
        Side::Foreign => canary(column, row),
        Side::Own => format!("own-{column}-{row}"),
    };
    let (total, secret) = match (side, keys) {
        (Side::Foreign, _) if row == 0 => (foreign_total(row), "secret-of-2".to_owned()),
        (Side::Foreign, _) => (foreign_total(row), text("v")),
        (Side::Own, Keys::OwnEven) => (10 * i64::from(row), (70 + row).to_string()),
        (Side::Own, Keys::OwnOdd) => (10 * i64::from(row), text("v")),
    };
    let (email, note, sku) = (text("email"), text("note"), text("sku"));
    let qty = row + 2;
    vec![
        format!(
            "INSERT INTO customers (id, tenant_id, email, name) VALUES ({id}, {tenant}, '{email}', 'Ada')"
        ),
        format!(
            "INSERT INTO orders (id, tenant_id, customer_id, total, note) VALUES ({id}, {tenant}, {parent}, {total}, '{note}')"
        ),
        format!(
            "INSERT INTO items (id, tenant_id, order_id, sku, qty) VALUES ({id}, {tenant}, {parent}, '{sku}', {qty})"
        ),
        format!("INSERT INTO secrets (id, tenant_id, v) VALUES ({id}, {tenant}, '{secret}')"),
    ]
}

fn foreign_total(row: u32) -> i64 {
    88_417_301 + i64::from(row)
}

/// 128 bits that depend on column and row, so that a report names where a leak came from.
fn canary(column: &str, row: u32) -> String {
    let mut state: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in column.bytes().chain(row.to_be_bytes()) {
        state = (state ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    format!("canary-{state:032x}")
}

#[cfg(test)]
mod tests {
    use super::{CATALOG, Keys, Population, canaries, catalog, rows};

    #[test]
    fn every_canary_stands_in_the_shared_database_and_in_no_other() {
        for keys in Keys::ALL {
            let both = rows(keys, Population::Both).join("\n");
            let alone = rows(keys, Population::Alone).join("\n");
            for canary in canaries() {
                assert!(both.contains(&canary), "{canary}");
                assert!(!alone.contains(&canary), "{canary}");
            }
        }
    }

    #[test]
    fn the_embedded_catalogue_is_the_one_of_the_corpus() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/catalog.toml");
        assert_eq!(std::fs::read_to_string(path).unwrap(), CATALOG);
        assert!(catalog().is_ok());
    }
}
