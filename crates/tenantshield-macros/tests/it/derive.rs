//! What the derive writes.

use tenantshield_core::{TenantAware as _, TenantId, TenantType};
use tenantshield_macros::TenantAware;

#[derive(TenantAware)]
#[tenant(crate = "tenantshield_core")]
#[expect(dead_code, reason = "only the declaration matters")]
struct OrderLine {
    id: i64,
    tenant_id: i32,
    sku: String,
}

#[derive(TenantAware)]
#[tenant(
    crate = "::tenantshield_core",
    table = "orders",
    schema = "billing",
    column = "org",
    kind = "uuid",
    model = "Purchase",
    unique(id),
    unique(org, r#type, "Odd Name"),
    parent(customer_id = "customers.id"),
    parent(customer_id = "accounts.id", org = "accounts.org")
)]
#[expect(dead_code, reason = "only the declaration matters")]
struct Order<'a, T>
where
    T: Clone,
{
    id: i64,
    #[tenant(rename = "org")]
    owner: String,
    customer_id: i64,
    r#type: &'a str,
    #[tenant(rename = "Odd Name")]
    odd: String,
    #[tenant(skip)]
    cached: Option<T>,
}

mod nested {
    #[derive(tenantshield_macros::TenantAware)]
    #[tenant(crate = "tenantshield_core")]
    #[expect(dead_code, reason = "only the declaration matters")]
    pub(super) struct r#Type<'a> {
        pub(super) r#tenant_id: &'a str,
    }

    #[derive(tenantshield_macros::TenantAware)]
    #[tenant(crate = "tenantshield_core")]
    #[expect(dead_code, reason = "only the declaration matters")]
    pub(super) struct Typed {
        pub(super) tenant_id: tenantshield_core::TenantId,
    }
}

/// SEED-B6.
#[test]
fn a_bare_model_gets_the_documented_defaults() {
    assert_eq!(OrderLine::MODEL, "OrderLine");
    assert_eq!(OrderLine::TABLE, "order_line");
    assert_eq!(OrderLine::SCHEMA, None);
    assert_eq!(OrderLine::TENANT_COLUMN, "tenant_id");
    assert_eq!(OrderLine::TENANT_TYPE, TenantType::Integer);
    assert_eq!(OrderLine::COLUMNS, ["id", "tenant_id", "sku"]);
    assert!(OrderLine::UNIQUE.is_empty());
    assert!(OrderLine::PARENTS.is_empty());
}

/// SEED-B6: another column name can be given.
#[test]
fn every_key_of_the_attribute_reaches_the_model() {
    type Model = Order<'static, String>;
    assert_eq!(Model::MODEL, "Purchase");
    assert_eq!(Model::TABLE, "orders");
    assert_eq!(Model::SCHEMA, Some("billing"));
    assert_eq!(Model::TENANT_COLUMN, "org");
    assert_eq!(Model::TENANT_TYPE, TenantType::Uuid);
    assert_eq!(
        Model::COLUMNS,
        ["id", "org", "customer_id", "type", "Odd Name"]
    );
    assert_eq!(
        Model::UNIQUE,
        [&["id"][..], &["org", "type", "Odd Name"][..]]
    );
    let parents: Vec<_> = Model::PARENTS
        .iter()
        .map(|parent| (parent.columns(), parent.table(), parent.references()))
        .collect();
    assert_eq!(
        parents,
        [
            (&["customer_id"][..], "customers", &["id"][..]),
            (&["customer_id", "org"][..], "accounts", &["id", "org"][..]),
        ]
    );
}

#[test]
fn raw_identifiers_are_names_without_their_prefix() {
    assert_eq!(nested::Type::MODEL, "Type");
    assert_eq!(nested::Type::TABLE, "type");
    assert_eq!(nested::Type::COLUMNS, ["tenant_id"]);
    assert_eq!(nested::Type::TENANT_TYPE, TenantType::Text);
}

#[test]
fn the_type_of_the_tenant_column_follows_the_field() {
    assert_eq!(nested::Typed::TENANT_TYPE, TenantType::Text);
    let id: Result<TenantId, _> = TenantId::new("acme");
    assert!(id.is_ok());
}
