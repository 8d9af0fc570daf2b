//! The catalogue file: a stable contract, read strictly.
//!
//! Every mistake is an error that names the key; a key that is not understood is one, because a
//! misspelt `tenant_column` would otherwise leave a table unprotected.

use toml::Value;

use crate::catalog::builder::CatalogBuilder;
use crate::catalog::content::Catalog;
use crate::catalog::error::{CatalogError, Origin};
use crate::catalog::table::{Parent, TableSpec, UniqueKey, names};
use crate::id::TenantType;

const DEFAULT_TENANT_COLUMN: &str = "tenant_id";
const UNIQUE_HINT: &str = "write [[\"id\"]], { columns = [..], partial = true } or \
    { expression = \"..\" } for each unique key";
const PARENTS_HINT: &str = "write { customer_id = \"customers.id\" } or \
    [{ columns = [..], table = \"..\", references = [..] }]";

impl Catalog {
    /// Reads the file form.
    ///
    /// # Errors
    /// [`CatalogError`], which names the table and the key.
    pub fn from_toml(text: &str) -> Result<Self, CatalogError> {
        let root: toml::Table = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        let root = Keys {
            path: String::new(),
            table: &root,
        };
        root.only(&[
            "default_schema",
            "functions",
            "schemas",
            "tables",
            "tenant_column",
            "tenant_type",
        ])?;
        let defaults = Defaults {
            column: root.text("tenant_column")?.unwrap_or(DEFAULT_TENANT_COLUMN),
            kind: tenant_type(&root)?.unwrap_or(TenantType::Text),
        };
        let mut builder = CatalogBuilder::of_file();
        let further = schemas(&root, &mut builder)?;
        builder = tables(&root, None, &defaults, builder)?;
        for (schema, keys) in &further {
            keys.only(&["tables"])?;
            builder = tables(keys, Some(schema), &defaults, builder)?;
        }
        if let Some(functions) = root.keys("functions")? {
            functions.only(&["allow"])?;
            for name in functions.texts("allow")?.unwrap_or_default() {
                builder = builder.allow_function(name);
            }
        }
        builder.build()
    }
}

struct Defaults<'a> {
    column: &'a str,
    kind: TenantType,
}

/// Reads `schemas` in either form; gives the further schemas of the second one.
fn schemas<'a>(
    root: &Keys<'a>,
    builder: &mut CatalogBuilder,
) -> Result<Vec<(&'a str, Keys<'a>)>, CatalogError> {
    let first = root.text("default_schema")?;
    let mut listed: Vec<&str> = first.into_iter().collect();
    let mut further = Vec::new();
    match root.table.get("schemas") {
        None => {}
        Some(Value::Array(_)) => {
            listed = root.texts("schemas")?.unwrap_or_default();
            if listed.is_empty() {
                return Err(root.wrong("schemas", "the list is empty", "name a schema"));
            }
            if first.is_some() && first != listed.first().copied() {
                return Err(root.wrong(
                    "default_schema",
                    "it is not the first of `schemas`",
                    "leave `default_schema` out, the first of `schemas` is it",
                ));
            }
        }
        Some(Value::Table(table)) => {
            for (name, value) in table {
                let path = format!("schemas.{name}");
                let Value::Table(table) = value else {
                    return Err(wrong(
                        &path,
                        "it is not a table",
                        "write [schemas.NAME.tables.X]",
                    ));
                };
                further.push((name.as_str(), Keys { path, table }));
            }
            // Without a named first schema the list stays open: only the database knows its own.
            if first.is_some() {
                let others = further.iter().map(|(name, _)| *name);
                listed.extend(others.filter(|name| Some(*name) != first));
            }
        }
        Some(_) => {
            return Err(root.wrong(
                "schemas",
                "it is neither a list nor a table",
                "write schemas = [\"public\"] or [schemas.NAME.tables.X]",
            ));
        }
    }
    *builder = std::mem::take(builder).schemas(listed);
    Ok(further)
}

fn tables(
    keys: &Keys<'_>,
    schema: Option<&str>,
    defaults: &Defaults<'_>,
    mut builder: CatalogBuilder,
) -> Result<CatalogBuilder, CatalogError> {
    let Some(tables) = keys.keys("tables")? else {
        return Ok(builder);
    };
    for name in tables.table.keys() {
        let Some(keys) = tables.keys(name)? else {
            continue;
        };
        let mut spec = table(name, &keys, defaults)?;
        if let Some(schema) = schema {
            spec = spec.with_schema(schema);
        }
        builder = builder.table(spec);
    }
    Ok(builder)
}

fn table(name: &str, keys: &Keys<'_>, defaults: &Defaults<'_>) -> Result<TableSpec, CatalogError> {
    const KIND_HINT: &str = "write kind = \"tenant\", \"shared\" or \"platform\"";
    keys.only(&[
        "columns",
        "kind",
        "model",
        "parents",
        "tenant_column",
        "tenant_type",
        "unique",
        "writable",
    ])?;
    let column = keys.text("tenant_column")?;
    let kind = tenant_type(keys)?;
    let is_writable = keys.flag("writable")?;
    let mut spec = match keys.text("kind")? {
        Some("tenant") => TableSpec::tenant(
            name,
            column.unwrap_or(defaults.column),
            kind.unwrap_or(defaults.kind),
        ),
        Some("shared") if is_writable == Some(true) => TableSpec::shared_writable(name),
        Some("shared") => TableSpec::shared(name),
        Some("platform") => TableSpec::platform(name),
        Some(other) => {
            let problem = format!("the kind `{}` is not known", other.escape_default());
            return Err(keys.wrong("kind", problem, KIND_HINT));
        }
        None => return Err(keys.wrong("kind", "the kind is missing", KIND_HINT)),
    };
    let declared = keys.text("kind")?;
    if declared != Some("tenant") && (column.is_some() || kind.is_some()) {
        let key = if column.is_some() {
            "tenant_column"
        } else {
            "tenant_type"
        };
        let hint = "declare the table as kind = \"tenant\", or remove the key";
        return Err(keys.wrong(key, "only a tenant table has a tenant column", hint));
    }
    if declared != Some("shared") && is_writable.is_some() {
        let hint = "declare the table as kind = \"shared\", or remove the key";
        return Err(keys.wrong("writable", "only a shared table can be writable", hint));
    }
    if let Some(columns) = keys.texts("columns")? {
        spec = spec.with_columns(columns);
    }
    if let Some(unique) = keys.table.get("unique") {
        spec = spec.with_unique(unique_keys(keys, unique)?);
    }
    if let Some(parents) = keys.table.get("parents") {
        spec.table.parents = read_parents(keys, parents)?;
    }
    if let Some(model) = keys.text("model")? {
        spec = spec.with_model(model);
    }
    Ok(spec)
}

fn tenant_type(keys: &Keys<'_>) -> Result<Option<TenantType>, CatalogError> {
    match keys.text("tenant_type")? {
        None => Ok(None),
        Some("integer") => Ok(Some(TenantType::Integer)),
        Some("text") => Ok(Some(TenantType::Text)),
        Some("uuid") => Ok(Some(TenantType::Uuid)),
        Some(other) => {
            let problem = format!("the type `{}` is not known", other.escape_default());
            Err(keys.wrong(
                "tenant_type",
                problem,
                "write \"text\", \"uuid\" or \"integer\"",
            ))
        }
    }
}

fn unique_keys(keys: &Keys<'_>, value: &Value) -> Result<Vec<UniqueKey>, CatalogError> {
    let Value::Array(list) = value else {
        return Err(keys.wrong("unique", "it is not a list of keys", UNIQUE_HINT));
    };
    let mut found = Vec::new();
    for item in list {
        let key = match item {
            Value::Array(columns) => text_list(columns).map(UniqueKey::on),
            Value::Table(table) => {
                let inner = Keys {
                    path: keys.at("unique"),
                    table,
                };
                inner.only(&["columns", "expression", "partial"])?;
                match (
                    inner.texts("columns")?,
                    inner.text("expression")?,
                    inner.flag("partial")?,
                ) {
                    (Some(columns), None, Some(true)) => Some(UniqueKey::partial(columns)),
                    (Some(columns), None, None | Some(false)) => Some(UniqueKey::on(columns)),
                    (None, Some(expression), None) => Some(UniqueKey::expression(expression)),
                    _ => None,
                }
            }
            _ => None,
        };
        let Some(key) = key else {
            return Err(keys.wrong("unique", "a key is not a list of columns", UNIQUE_HINT));
        };
        found.push(key);
    }
    Ok(found)
}

fn read_parents(keys: &Keys<'_>, value: &Value) -> Result<Vec<Parent>, CatalogError> {
    match value {
        Value::Table(short) => {
            let mut found = Vec::new();
            for (column, target) in short {
                let parent = target.as_str().and_then(|target| target.rsplit_once('.'));
                let Some((table, reference)) = parent else {
                    let problem = format!(
                        "the parent of `{}` is not `table.column`",
                        column.escape_default()
                    );
                    return Err(keys.wrong("parents", problem, PARENTS_HINT));
                };
                found.push(Parent {
                    columns: names([column]),
                    schema: None,
                    table: table.into(),
                    references: names([reference]),
                });
            }
            Ok(found)
        }
        Value::Array(list) => list.iter().map(|item| long_parent(keys, item)).collect(),
        _ => Err(keys.wrong("parents", "it is neither a table nor a list", PARENTS_HINT)),
    }
}

fn long_parent(keys: &Keys<'_>, value: &Value) -> Result<Parent, CatalogError> {
    let Value::Table(table) = value else {
        return Err(keys.wrong("parents", "a parent is not a table of keys", PARENTS_HINT));
    };
    let inner = Keys {
        path: keys.at("parents"),
        table,
    };
    inner.only(&["columns", "references", "schema", "table"])?;
    let (columns, table) = (inner.texts("columns")?, inner.text("table")?);
    let (Some(columns), Some(table), Some(references)) =
        (columns, table, inner.texts("references")?)
    else {
        let problem = "a parent lacks `columns`, `table` or `references`";
        return Err(keys.wrong("parents", problem, PARENTS_HINT));
    };
    Ok(Parent {
        columns: names(columns),
        schema: inner.text("schema")?.map(Into::into),
        table: table.into(),
        references: names(references),
    })
}

/// One table of the file and the path to it.
struct Keys<'a> {
    path: String,
    table: &'a toml::Table,
}

impl<'a> Keys<'a> {
    fn only(&self, known: &[&str]) -> Result<(), CatalogError> {
        let Some(unknown) = self.table.keys().find(|key| !known.contains(&key.as_str())) else {
            return Ok(());
        };
        let list: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
        let problem = format!("the key is not known; known are {}", list.join(", "));
        Err(self.wrong(
            &unknown.escape_default().to_string(),
            problem,
            "correct or remove the key",
        ))
    }

    fn text(&self, key: &str) -> Result<Option<&'a str>, CatalogError> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "it is not a text", "write the value in quotes")),
        }
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, CatalogError> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::Boolean(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.wrong(key, "it is not true or false", "write true or false")),
        }
    }

    fn texts(&self, key: &str) -> Result<Option<Vec<&'a str>>, CatalogError> {
        let texts = match self.table.get(key) {
            None => return Ok(None),
            Some(Value::Array(list)) => text_list(list),
            Some(_) => None,
        };
        match texts {
            Some(texts) => Ok(Some(texts)),
            None => Err(self.wrong(key, "it is not a list of texts", "write [\"..\", \"..\"]")),
        }
    }

    fn keys(&self, key: &str) -> Result<Option<Self>, CatalogError> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::Table(table)) => Ok(Some(Keys {
                path: self.at(key),
                table,
            })),
            Some(_) => Err(self.wrong(key, "it is not a table", "write it as a [table] of keys")),
        }
    }

    fn at(&self, key: &str) -> String {
        let key = key.escape_default();
        if self.path.is_empty() {
            key.to_string()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn wrong(&self, key: &str, problem: impl Into<String>, hint: &'static str) -> CatalogError {
        wrong(&self.at(key), problem, hint)
    }
}

fn wrong(place: &str, problem: impl Into<String>, hint: &'static str) -> CatalogError {
    CatalogError::new(Origin::File, place, problem, hint)
}

fn text_list(list: &[Value]) -> Option<Vec<&str>> {
    list.iter().map(Value::as_str).collect()
}

fn unreadable(text: &str, error: &toml::de::Error) -> CatalogError {
    let start = error.span().map_or(0, |span| span.start);
    let line = text
        .bytes()
        .take(start)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1;
    let problem = error.message().replace(['\n', '\r'], " ");
    wrong(
        &format!("line {line}"),
        problem,
        "correct the file so that it is valid TOML",
    )
}
