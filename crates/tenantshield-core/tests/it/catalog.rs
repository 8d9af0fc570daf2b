use tenantshield_core::{Catalog, ModelParent, TableKind, TableSpec, TenantAware, TenantType};

/// The file form as the documentation gives it.
pub(crate) const DOCUMENTED: &str = r#"
tenant_column = "tenant_id"        # default for all tables
tenant_type = "text"               # text | uuid | integer
[tables.orders]
kind = "tenant"
columns = ["id", "tenant_id", "customer_id", "total", "note"]
unique = [["id"]]                  # unique keys; decide what an upsert may do
parents = { customer_id = "customers.id" }
[tables.plans]
kind = "shared"                    # add writable = true to let tenants write
[tables.jobs]
kind = "platform"
[functions]
allow = ["my_pure_function"]       # beyond the built-in list
"#;

pub(crate) fn read(text: &str) -> Catalog {
    Catalog::from_toml(text).unwrap()
}

fn tenant_kind(column: &str, kind: TenantType) -> TableKind {
    TableKind::Tenant {
        column: column.into(),
        kind,
    }
}

#[test]
fn the_documented_file_is_read_as_documented() {
    let catalog = read(DOCUMENTED);
    let orders = catalog.table(None, "orders").unwrap();
    assert_eq!(orders.kind(), &tenant_kind("tenant_id", TenantType::Text));
    assert_eq!(orders.columns().unwrap().len(), 5);
    assert_eq!(
        orders.unique().unwrap()[0].columns().unwrap(),
        [std::sync::Arc::from("id")]
    );
    let parent = &orders.parents()[0];
    assert_eq!((parent.table(), parent.schema()), ("customers", None));
    assert_eq!(
        (&*parent.columns()[0], &*parent.references()[0]),
        ("customer_id", "id")
    );
    assert_eq!(
        catalog.table(None, "plans").unwrap().kind(),
        &TableKind::Shared { writable: false }
    );
    assert_eq!(
        catalog.table(None, "jobs").unwrap().kind(),
        &TableKind::Platform
    );
    assert!(catalog.functions().contains("my_pure_function"));
    assert!(catalog.table(None, "Orders").is_none());
    assert!(catalog.table(Some("other"), "orders").is_none());
    assert_eq!(catalog.tenant_type().unwrap(), TenantType::Text);
    assert_eq!(orders.model(), "orders");
}

/// The long form means the same as the short one.
#[test]
fn both_forms_of_parents_mean_the_same() {
    let short = read(DOCUMENTED);
    let long = DOCUMENTED.replace(
        "{ customer_id = \"customers.id\" }",
        "[{ columns = [\"customer_id\"], table = \"customers\", references = [\"id\"] }]",
    );
    assert_eq!(read(&long), short);
    assert_eq!(read(&long).fingerprint(), short.fingerprint());
}

#[test]
fn column_and_type_can_be_set_per_table() {
    let catalog = read(
        "tenant_column = \"org\"\ntenant_type = \"uuid\"\n\
         [tables.a]\nkind = \"tenant\"\n\
         [tables.b]\nkind = \"tenant\"\ntenant_column = \"owner\"\ntenant_type = \"integer\"\n\
         [tables.\"C d\"]\nkind = \"shared\"\nwritable = true\nmodel = \"Letter\"\n",
    );
    let kind = |name| catalog.table(None, name).unwrap().kind().clone();
    assert_eq!(kind("a"), tenant_kind("org", TenantType::Uuid));
    assert_eq!(kind("b"), tenant_kind("owner", TenantType::Integer));
    assert_eq!(kind("C d"), TableKind::Shared { writable: true });
    assert_eq!(catalog.table(None, "C d").unwrap().model(), "Letter");
    let error = catalog.tenant_type().unwrap_err();
    assert_eq!(error.code(), "TS-CFG-001");
    assert_eq!(catalog.tenant_types().len(), 2);
}

#[test]
fn schemas_are_a_list_or_a_table() {
    let list = read("schemas = [\"app\", \"crm\"]\n[tables.a]\nkind = \"tenant\"\n");
    assert_eq!(
        list.schemas(),
        [std::sync::Arc::from("app"), std::sync::Arc::from("crm")]
    );
    assert!(list.table(Some("app"), "a").is_some());
    assert!(list.table(Some("crm"), "a").is_none());
    let table = read(
        "[tables.a]\nkind = \"tenant\"\n\
         [schemas.billing.tables.invoice]\nkind = \"tenant\"\ntenant_column = \"org\"\n",
    );
    assert_eq!(table.schemas(), []);
    let invoice = table.table(Some("billing"), "invoice").unwrap();
    assert_eq!(invoice.kind(), &tenant_kind("org", TenantType::Text));
    assert!(table.table(None, "invoice").is_none());
    let named = read(
        "default_schema = \"app\"\n[tables.a]\nkind = \"tenant\"\n\
         [schemas.app.tables.b]\nkind = \"platform\"\n[schemas.crm]\n",
    );
    assert_eq!(
        named.schemas(),
        [std::sync::Arc::from("app"), std::sync::Arc::from("crm")]
    );
    assert!(named.table(None, "b").is_some());
    let all: Vec<_> = table
        .tables()
        .map(|(schema, table)| (schema, table.name()))
        .collect();
    assert_eq!(all, [(None, "a"), (Some("billing"), "invoice")]);
}

#[test]
fn a_parent_is_found_beside_its_child_then_in_the_first_schema_or_by_its_schema() {
    let catalog = read(
        "[tables.customers]\nkind = \"tenant\"\n\
         [tables.plans]\nkind = \"shared\"\n\
         [schemas.billing.tables.customers]\nkind = \"tenant\"\n\
         [schemas.billing.tables.invoice]\nkind = \"tenant\"\n\
         parents = { customer_id = \"customers.id\", plan_id = \"plans.id\" }\n\
         [schemas.crm.tables.note]\nkind = \"tenant\"\n\
         parents = { invoice_id = \"billing.invoice.id\" }\n",
    );
    let parents = |schema, table| -> Vec<(Option<String>, String)> {
        let parents = catalog.table(Some(schema), table).unwrap().parents();
        let one =
            |p: &tenantshield_core::Parent| (p.schema().map(str::to_owned), p.table().to_owned());
        parents.iter().map(one).collect()
    };
    let owned = |schema: Option<&str>, table: &str| (schema.map(str::to_owned), table.to_owned());
    assert_eq!(
        parents("billing", "invoice"),
        [owned(Some("billing"), "customers"), owned(None, "plans")]
    );
    assert_eq!(parents("crm", "note"), [owned(Some("billing"), "invoice")]);
}

#[test]
fn keys_that_hold_for_some_rows_or_expressions_have_no_columns() {
    let catalog = read(
        "[tables.a]\nkind = \"tenant\"\ncolumns = [\"id\", \"tenant_id\", \"email\"]\n\
         unique = [[\"id\"], { columns = [\"email\"], partial = true }, \
         { expression = \"lower(email)\" }, { columns = [\"tenant_id\", \"email\"] }]\n",
    );
    let keys = catalog.table(None, "a").unwrap().unique().unwrap();
    let usable: Vec<_> = keys.iter().map(|key| key.columns().is_some()).collect();
    assert_eq!(usable, [true, false, false, true]);
}

#[test]
fn a_hostile_file_is_an_error_on_one_line() {
    let names = "[tables.\"a\\nb\"]\nkind = \"tenant\"\ncolumns = [\"x\\u0007y\"]\n";
    let error = Catalog::from_toml(names).unwrap_err();
    assert!(!error.to_string().contains(char::is_control), "{error:?}");
    let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(Catalog::from_toml(&deep).unwrap_err().code(), "TS-CFG-002");
    let deep = format!("[{}x]", "a.".repeat(100_000));
    assert_eq!(Catalog::from_toml(&deep).unwrap_err().code(), "TS-CFG-002");
}

/// FLAW-13: a table without a kind is an error. Every mistake names its place, and none is a panic.
#[test]
fn mistakes_in_the_file_name_table_key_and_mend() {
    let t = "[tables.orders]\nkind = \"tenant\"\n";
    let wrong = [
        ("tenant_colum = \"x\"", "tenant_colum", "not known"),
        ("tenant_column = 1", "tenant_column", "not a text"),
        (
            "tenant_type = \"string\"",
            "tenant_type",
            "`string` is not known",
        ),
        ("tables = 1", "tables", "not a table"),
        ("[tables]\norders = 1", "tables.orders", "not a table"),
        ("[tables.orders]", "tables.orders.kind", "missing"),
        (
            "[tables.orders]\nkind = \"tenants\"",
            "tables.orders.kind",
            "`tenants`",
        ),
        (
            "[tables.orders]\nkind = 1",
            "tables.orders.kind",
            "not a text",
        ),
        (
            &format!("{t}colums = []"),
            "tables.orders.colums",
            "not known",
        ),
        (
            &format!("{t}columns = [\"id\"]"),
            "tables.orders.columns",
            "`tenant_id`",
        ),
        (
            &format!("{t}columns = []"),
            "tables.orders.columns",
            "`tenant_id`",
        ),
        (
            &format!("{t}columns = [1]"),
            "tables.orders.columns",
            "list of texts",
        ),
        (
            &format!("{t}columns = [\"tenant_id\", \"tenant_id\"]"),
            "tables.orders.columns",
            "twice",
        ),
        (
            &format!("{t}writable = true"),
            "tables.orders.writable",
            "only a shared",
        ),
        (
            "[tables.a]\nkind = \"shared\"\nwritable = 1",
            "tables.a.writable",
            "true or false",
        ),
        (
            "[tables.a]\nkind = \"shared\"\ntenant_column = \"x\"",
            "tables.a.tenant_column",
            "only a tenant table",
        ),
        (
            "[tables.a]\nkind = \"platform\"\ntenant_type = \"uuid\"",
            "tables.a.tenant_type",
            "only a tenant table",
        ),
        (
            &format!("{t}tenant_column = \"\""),
            "tables.orders.columns",
            "not among",
        ),
        (
            &format!("{t}unique = \"id\""),
            "tables.orders.unique",
            "not a list",
        ),
        (
            &format!("{t}unique = [\"id\"]"),
            "tables.orders.unique",
            "not a list of columns",
        ),
        (
            &format!("{t}unique = [[]]"),
            "tables.orders.unique",
            "no column",
        ),
        (
            &format!("{t}unique = [[\"id\", \"id\"]]"),
            "tables.orders.unique",
            "twice",
        ),
        (
            &format!("{t}unique = [{{ partial = true }}]"),
            "tables.orders.unique",
            "list of columns",
        ),
        (
            &format!("{t}unique = [{{ column = [\"id\"] }}]"),
            "tables.orders.unique.column",
            "not known",
        ),
        (
            &format!("{t}unique = [{{ expression = \"\" }}]"),
            "tables.orders.unique",
            "empty",
        ),
        (
            &format!("{t}columns = [\"tenant_id\"]\nunique = [[\"id\"]]"),
            "tables.orders.unique",
            "`id`",
        ),
        (
            &format!("{t}parents = 1"),
            "tables.orders.parents",
            "neither",
        ),
        (
            &format!("{t}parents = {{ a = \"b\" }}"),
            "tables.orders.parents",
            "table.column",
        ),
        (
            &format!("{t}parents = {{ a = \".b\" }}"),
            "tables.orders.parents",
            "needs a table",
        ),
        (
            &format!("{t}parents = [{{ table = \"b\" }}]"),
            "tables.orders.parents",
            "lacks",
        ),
        (
            &format!(
                "{t}parents = [{{ columns = [\"a\"], table = \"b\", references = [\"c\", \"d\"] }}]"
            ),
            "tables.orders.parents",
            "one referenced column for each",
        ),
        (
            &format!(
                "{t}parents = {{ a = \"b.x\" }}\n[tables.b]\nkind = \"shared\"\ncolumns = [\"id\"]"
            ),
            "tables.orders.parents",
            "no column `x`",
        ),
        ("schemas = []", "schemas", "empty"),
        ("schemas = 1", "schemas", "neither"),
        ("schemas = [\"a\", \"a\"]", "schemas", "repeated"),
        ("schemas = [\"\"]", "schemas", "empty"),
        ("[schemas]\na = 1", "schemas.a", "not a table"),
        ("[schemas.a]\nkind = \"x\"", "schemas.a.kind", "not known"),
        (
            "default_schema = \"b\"\nschemas = [\"a\"]",
            "default_schema",
            "not the first",
        ),
        (
            &String::from(
                "default_schema = \"a\"\n[tables.b]\nkind = \"shared\"\n[schemas.a.tables.b]\nkind = \"platform\"",
            ),
            "tables.b",
            "twice",
        ),
        (
            "[functions]\nallowed = []",
            "functions.allowed",
            "not known",
        ),
        (
            "[functions]\nallow = \"f\"",
            "functions.allow",
            "list of texts",
        ),
        ("[functions]\nallow = [\"\"]", "functions.allow", "no name"),
        ("[tables.\"\"]\nkind = \"shared\"", "tables.", "empty name"),
        (
            "[tables.\"a\\u0000\"]\nkind = \"shared\"",
            "tables.a",
            "empty name",
        ),
        ("\n\nthis is not toml", "line 3", ""),
        ("[tables.a]\n[tables.a]\n", "line 2", ""),
    ];
    for (text, place, problem) in wrong {
        let error = Catalog::from_toml(text).expect_err(text);
        assert!(
            error.place().starts_with(place),
            "{text}\n{} for {place}",
            error.place()
        );
        assert_eq!(error.code(), "TS-CFG-002", "{text}");
        let message = error.to_string();
        assert!(message.contains(problem), "{text}\n{message}");
        assert!(
            !message.contains('\n') && error.hint().len() > 8,
            "{text}\n{message}"
        );
    }
}

struct Order;

impl TenantAware for Order {
    const MODEL: &'static str = "Order";
    const TABLE: &'static str = "orders";
    const TENANT_COLUMN: &'static str = "tenant_id";
    const COLUMNS: &'static [&'static str] = &["id", "tenant_id", "customer_id"];
    const UNIQUE: &'static [&'static [&'static str]] = &[&["id"]];
    const PARENTS: &'static [ModelParent] =
        &[ModelParent::new(&["customer_id"], "customers", &["id"])];
}

struct OrderByOrganisation;

impl TenantAware for OrderByOrganisation {
    const MODEL: &'static str = "Order";
    const TABLE: &'static str = "orders";
    const TENANT_COLUMN: &'static str = "org";
    const COLUMNS: &'static [&'static str] = &["id", "org"];
}

/// SEED-B6.
#[test]
fn models_are_registered_by_name_and_once() {
    let catalog = Catalog::builder()
        .model::<Order>()
        .model::<Order>()
        .shared("plans")
        .platform("jobs")
        .allow_function("my_pure_function")
        .build()
        .unwrap();
    let orders = catalog.table(None, "orders").unwrap();
    assert_eq!(orders.model(), "Order");
    assert_eq!(orders.kind(), &tenant_kind("tenant_id", TenantType::Text));
    assert_eq!(orders.parents()[0].table(), "customers");
    assert_eq!(catalog.tables().count(), 3);
}

/// SEED-B6, SEED-B4.
#[test]
fn registering_a_table_with_another_column_is_a_configuration_error() {
    let error = Catalog::builder()
        .model::<Order>()
        .model::<OrderByOrganisation>()
        .build()
        .unwrap_err();
    assert_eq!(error.code(), "TS-CFG-001");
    assert_eq!(error.place(), "tables.orders");
    assert!(
        error.to_string().contains("`tenant_id` and with `org`"),
        "{error}"
    );
    let error = Catalog::builder()
        .model::<Order>()
        .shared("orders")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn a_builder_refuses_a_schema_that_is_not_listed() {
    let spec = TableSpec::shared("plans").with_schema("crm");
    let error = Catalog::builder()
        .schemas(["app"])
        .table(spec.clone())
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("`crm` is not listed"), "{error}");
    assert!(Catalog::builder().table(spec.clone()).build().is_ok());
    assert!(
        Catalog::builder()
            .schemas(["app", "crm"])
            .table(spec)
            .build()
            .is_ok()
    );
}

#[test]
fn the_fingerprint_depends_on_the_content_and_on_nothing_else() {
    let catalog = read(DOCUMENTED);
    // The number itself is pinned: caches and logs of other runs must mean the same catalogue.
    assert_eq!(catalog.fingerprint(), PINNED, "{}", catalog.fingerprint());
    let mut seen = std::collections::BTreeSet::from([catalog.fingerprint()]);
    let changes = [
        ("\"tenant_id\"        # default", "\"id\" # default"),
        ("\"text\"  ", "\"uuid\"  "),
        ("[[\"id\"]]", "[[\"id\", \"total\"]]"),
        ("[[\"id\"]]", "[[\"id\"], [\"total\"]]"),
        ("[[\"id\"]]", "[{ columns = [\"id\"], partial = true }]"),
        ("[[\"id\"]]", "[{ expression = \"id\" }]"),
        ("unique = [[\"id\"]]", ""),
        ("customers.id", "customers.key"),
        ("customers.id", "clients.id"),
        ("\"shared\"", "\"shared\"\nwritable = true"),
        ("\"platform\"", "\"shared\""),
        ("my_pure_function", "my_other_function"),
        (", \"note\"]", "]"),
        ("[tables.plans]", "[tables.plan]"),
        ("tenant_column", "schemas = [\"public\"]\ntenant_column"),
        ("[tables.jobs]", "[schemas.x.tables.jobs]"),
        (
            "kind = \"platform\"",
            "kind = \"platform\"\nmodel = \"Job\"",
        ),
    ];
    for (from, to) in changes {
        let changed = DOCUMENTED.replacen(from, to, 1);
        assert_ne!(changed, DOCUMENTED, "{from}");
        assert!(seen.insert(read(&changed).fingerprint()), "{from} to {to}");
    }
}

const PINNED: u64 = 11_299_404_084_144_988_099;
