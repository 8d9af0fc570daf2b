//! Catalogues written, read back, cut short and compared.

use proptest::prelude::*;
use tenantshield_core::{Catalog, DriftKind, TableSpec, TenantType, UniqueKey};

use crate::catalog::{DOCUMENTED, read};

#[test]
fn drift_names_each_difference_and_nothing_else() {
    let ours = read(
        "[tables.a]\nkind = \"tenant\"\ncolumns = [\"id\", \"tenant_id\"]\nunique = [[\"id\", \"tenant_id\"]]\n\
         parents = { id = \"p.id\" }\n\
         [tables.b]\nkind = \"tenant\"\n[tables.c]\nkind = \"shared\"\n[tables.only_here]\nkind = \"platform\"\n",
    );
    assert_eq!(ours.drift(&ours), []);
    let same = read(
        "[tables.a]\nkind = \"tenant\"\ncolumns = [\"tenant_id\", \"id\"]\nunique = [[\"tenant_id\", \"id\"]]\n\
         parents = { id = \"p.id\", tenant_id = \"t.id\" }\n\
         [tables.b]\nkind = \"tenant\"\ncolumns = [\"tenant_id\"]\n[tables.c]\nkind = \"shared\"\n\
         [tables.only_here]\nkind = \"platform\"\n",
    );
    assert_eq!(ours.drift(&same), []);
    let theirs = read(
        "[tables.a]\nkind = \"tenant\"\ncolumns = [\"id\", \"tenant_id\", \"note\"]\nunique = [[\"id\"]]\n\
         [tables.b]\nkind = \"tenant\"\ntenant_column = \"org\"\ntenant_type = \"uuid\"\n\
         [tables.c]\nkind = \"shared\"\nwritable = true\n[tables.only_there]\nkind = \"platform\"\n",
    );
    let found: Vec<_> = ours
        .drift(&theirs)
        .iter()
        .map(|drift| (drift.table().to_owned(), drift.kind()))
        .collect();
    let expected = [
        ("a", DriftKind::Columns),
        ("a", DriftKind::Unique),
        ("a", DriftKind::Parents),
        ("b", DriftKind::TenantColumn),
        ("b", DriftKind::TenantType),
        ("c", DriftKind::Kind),
        ("only_here", DriftKind::MissingThere),
        ("only_there", DriftKind::MissingHere),
    ];
    assert_eq!(
        found,
        expected.map(|(table, kind)| (table.to_owned(), kind))
    );
    let columns = &ours.drift(&theirs)[0];
    assert_eq!((columns.ours(), columns.theirs()), ("", "note"));
    assert!(
        ours.drift(&theirs)[3]
            .to_string()
            .contains("`tenant_id` here, `org` there")
    );
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-d]{1,2}", 1 => "[A-Z \\.\"'\\\\é\n]{1,3}"]
}

fn spec() -> impl Strategy<Value = TableSpec> {
    let kind = prop_oneof![
        Just(TenantType::Integer),
        Just(TenantType::Text),
        Just(TenantType::Uuid)
    ];
    let columns = prop::option::of(prop::collection::btree_set(name(), 1..4));
    let key = (prop::collection::btree_set(name(), 1..3), 0..3_usize);
    let parent = (name(), name(), name(), any::<bool>());
    (
        (name(), name(), kind, 0..4_usize),
        columns,
        prop::option::of(prop::collection::vec(key, 0..3)),
        prop::collection::vec(parent, 0..2),
        (
            prop::option::of(prop_oneof![Just("s1"), Just("s2")]),
            prop::option::of(name()),
        ),
    )
        .prop_map(
            |((table, column, kind, which), columns, keys, parents, (schema, model))| {
                let mut spec = match which {
                    0 => TableSpec::platform(&table),
                    1 => TableSpec::shared(&table),
                    2 => TableSpec::shared_writable(&table),
                    _ => TableSpec::tenant(&table, &column, kind),
                };
                if let Some(columns) = columns {
                    spec = spec.with_columns(columns);
                }
                if let Some(keys) = keys {
                    spec = spec.with_unique(keys.into_iter().map(|(columns, which)| match which {
                        0 => UniqueKey::on(columns),
                        1 => UniqueKey::partial(columns),
                        _ => UniqueKey::expression("lower(x)"),
                    }));
                }
                for (column, parent, reference, is_qualified) in parents {
                    let parent = if is_qualified {
                        format!("s1.{parent}")
                    } else {
                        parent
                    };
                    spec = spec.with_parent([column], &parent, [reference]);
                }
                if let Some(schema) = schema {
                    spec = spec.with_schema(schema);
                }
                if let Some(model) = model {
                    spec = spec.with_model(&model);
                }
                spec
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_written_catalogue_is_read_back_as_it_was(
        specs in prop::collection::vec(spec(), 0..5),
        schemas in prop_oneof![Just(vec![]), Just(vec!["s1"]), Just(vec!["s0", "s1", "s2"])],
        functions in prop::collection::vec(name(), 0..2),
    ) {
        let mut builder = Catalog::builder().schemas(schemas);
        for spec in specs {
            let with = builder.clone().table(spec);
            if with.clone().build().is_ok() {
                builder = with;
            }
        }
        for function in functions {
            builder = builder.allow_function(function);
        }
        let catalog = builder.build().unwrap();
        let text = catalog.to_toml();
        let again = Catalog::from_toml(&text);
        prop_assert_eq!(again.as_ref(), Ok(&catalog), "{}", text);
        prop_assert!(catalog.drift(&again.unwrap()).is_empty());
    }

    #[test]
    fn no_text_makes_reading_panic(text in "(\\[|\\]|=|\"|tables|\\.|kind|tenant|schemas|\n| |[a-z]|,|\\{|\\}){0,40}") {
        if let Err(error) = Catalog::from_toml(&text) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }

    /// A file is a prefix away from being broken: every cut is read or refused, never a panic.
    #[test]
    fn a_truncated_file_is_read_or_refused(cut in 0..DOCUMENTED.len()) {
        let catalog = Catalog::from_toml(DOCUMENTED.get(..cut).unwrap());
        if let Ok(catalog) = catalog {
            prop_assert!(catalog.tables().count() <= 3);
        }
    }
}
