//! What users of the facade alone rely on, and the book says.

mod codes;

use tenantshield::{Catalog, TableKind, TenantAware, TenantType};

/// No `crate` key: the derive names the facade.
#[derive(TenantAware)]
#[tenant(table = "orders", unique(id), parent(customer_id = "customers.id"))]
#[expect(dead_code, reason = "only the declaration matters")]
struct Order {
    id: i64,
    tenant_id: i64,
    customer_id: i64,
}

#[derive(TenantAware)]
#[tenant(table = "customers", column = "org", unique(id))]
#[expect(dead_code, reason = "only the declaration matters")]
struct Customer {
    id: i64,
    org: i64,
}

/// SEED-B6.
#[test]
fn a_derived_model_reaches_the_catalogue_through_the_facade_alone() {
    let catalog = Catalog::builder()
        .model::<Order>()
        .model::<Customer>()
        .build()
        .unwrap();
    let table = catalog.table(None, "orders").unwrap();
    match table.kind() {
        TableKind::Tenant { column, kind } => {
            assert_eq!(&**column, "tenant_id");
            assert_eq!(*kind, TenantType::Integer);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(table.model(), "Order");
    assert_eq!(table.parents().len(), 1);
}

mod again {
    #[derive(tenantshield::TenantAware)]
    #[tenant(table = "orders", column = "owner")]
    #[expect(dead_code, reason = "only the declaration matters")]
    pub(super) struct Order {
        id: i64,
        owner: i64,
    }
}

/// SEED-B6: double registration with another column is a configuration error.
#[test]
fn two_models_of_one_table_with_different_tenant_columns_are_refused() {
    let refused = Catalog::builder()
        .model::<Order>()
        .model::<again::Order>()
        .build();
    assert_eq!(refused.unwrap_err().code(), "TS-CFG-001");
}
