//! Reads `#[tenant(..)]`: every key once, every value checked where it is written, so that the
//! compiler points at the word that is wrong.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Ident, LitStr, Path, Token};

/// What the struct's `#[tenant(..)]` says.
#[derive(Default)]
pub(crate) struct ModelAttribute {
    pub(crate) table: Option<Text>,
    pub(crate) schema: Option<Text>,
    pub(crate) column: Option<Text>,
    pub(crate) model: Option<Text>,
    pub(crate) kind: Option<Kind>,
    pub(crate) unique: Vec<Vec<Text>>,
    pub(crate) parents: Vec<Parent>,
    pub(crate) krate: Option<Path>,
}

/// A name and where it was written.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) span: Span,
}

/// The type of a tenant column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Text,
    Uuid,
}

/// One reference to a parent table; several pairs are one composite reference.
pub(crate) struct Parent {
    pub(crate) table: String,
    pub(crate) columns: Vec<Text>,
    pub(crate) references: Vec<String>,
}

/// What a field's `#[tenant(..)]` says.
#[derive(Default)]
pub(crate) struct FieldAttribute {
    pub(crate) rename: Option<Text>,
    pub(crate) skip: bool,
}

impl ModelAttribute {
    pub(crate) fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        for attribute in tenant_attributes(attributes) {
            attribute.parse_nested_meta(|meta| read.key(&meta))?;
        }
        Ok(read)
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let Some(key) = key_name(meta) else {
            return Err(meta.error(UNKNOWN_MODEL_KEY));
        };
        match key.as_str() {
            "table" => put(&mut self.table, meta, Text::after_equals(meta)?),
            "schema" => put(&mut self.schema, meta, Text::after_equals(meta)?),
            "column" => put(&mut self.column, meta, Text::after_equals(meta)?),
            "model" => put(&mut self.model, meta, Text::after_equals(meta)?),
            "kind" => put(&mut self.kind, meta, Kind::after_equals(meta)?),
            "crate" => {
                let literal: LitStr = meta.value()?.parse()?;
                put(&mut self.krate, meta, literal.parse()?)
            }
            "unique" => {
                self.unique.push(unique_key(meta)?);
                Ok(())
            }
            "parent" => {
                self.parents.push(Parent::after_key(meta)?);
                Ok(())
            }
            _ => Err(meta.error(UNKNOWN_MODEL_KEY)),
        }
    }
}

impl FieldAttribute {
    pub(crate) fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        for attribute in tenant_attributes(attributes) {
            attribute.parse_nested_meta(|meta| read.key(&meta))?;
        }
        Ok(read)
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match key_name(meta).as_deref() {
            Some("rename") if !self.skip => put(&mut self.rename, meta, Text::after_equals(meta)?),
            Some("skip") if self.rename.is_none() && !self.skip => {
                self.skip = true;
                Ok(())
            }
            Some("rename" | "skip") => {
                Err(meta.error("a field is renamed or skipped, once, and not both"))
            }
            _ => Err(meta.error("unknown key for a field: it knows `rename = \"..\"` and `skip`")),
        }
    }
}

impl Text {
    fn after_equals(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        Self::checked(&meta.value()?.parse()?)
    }

    fn checked(literal: &LitStr) -> syn::Result<Self> {
        let value = literal.value();
        if value.is_empty() || value.contains('\0') {
            return Err(syn::Error::new(
                literal.span(),
                "a name is not empty and has no NUL",
            ));
        }
        Ok(Self {
            value,
            span: literal.span(),
        })
    }
}

impl Kind {
    fn after_equals(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let literal: LitStr = meta.value()?.parse()?;
        match literal.value().as_str() {
            "integer" => Ok(Self::Integer),
            "text" => Ok(Self::Text),
            "uuid" => Ok(Self::Uuid),
            _ => Err(syn::Error::new(
                literal.span(),
                "unknown kind: write \"integer\", \"text\" or \"uuid\"",
            )),
        }
    }
}

impl Parent {
    fn after_key(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let mut table: Option<String> = None;
        let mut columns = Vec::new();
        let mut references = Vec::new();
        meta.parse_nested_meta(|pair| {
            let column = column_name(&pair)?;
            let literal: LitStr = pair.value()?.parse()?;
            let target = literal.value();
            let (to, key) = match target.split_once('.') {
                Some((to, key)) if !to.is_empty() && !key.is_empty() && !key.contains('.') => {
                    (to, key)
                }
                _ => return Err(syn::Error::new(literal.span(), PARENT_FORM)),
            };
            if table.as_deref().is_some_and(|known| known != to) {
                return Err(syn::Error::new(
                    literal.span(),
                    "one `parent(..)` is one reference to one table: write a second `parent(..)`",
                ));
            }
            table = Some(to.to_owned());
            columns.push(column);
            references.push(key.to_owned());
            Ok(())
        })?;
        match table {
            Some(table) => Ok(Self {
                table,
                columns,
                references,
            }),
            None => Err(meta.error(PARENT_FORM)),
        }
    }
}

const PARENT_FORM: &str = "a parent is written `parent(customer_id = \"customers.id\")`: this \
     model's column, then the parent's table and column";

const UNKNOWN_MODEL_KEY: &str = "unknown key: a model knows `table`, `schema`, `column`, `kind`, \
     `model`, `unique(..)`, `parent(..)` and `crate`";

fn tenant_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("tenant"))
}

fn key_name(meta: &ParseNestedMeta<'_>) -> Option<String> {
    meta.path.get_ident().map(ToString::to_string)
}

fn put<T>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T) -> syn::Result<()> {
    if slot.is_some() {
        return Err(meta.error("this key is already given"));
    }
    *slot = Some(value);
    Ok(())
}

fn column_name(meta: &ParseNestedMeta<'_>) -> syn::Result<Text> {
    let ident = meta.path.require_ident()?;
    Ok(Text {
        value: ident.unraw().to_string(),
        span: ident.span(),
    })
}

/// Columns of one key: identifiers, or strings for names that are no identifiers.
fn unique_key(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Text>> {
    let content;
    syn::parenthesized!(content in meta.input);
    let columns = content.parse_terminated(
        |input| {
            if input.peek(LitStr) {
                return Text::checked(&input.parse()?);
            }
            let ident = input.call(Ident::parse_any)?;
            Ok(Text {
                value: ident.unraw().to_string(),
                span: ident.span(),
            })
        },
        Token![,],
    )?;
    if columns.is_empty() {
        return Err(meta.error("a unique key names its columns: `unique(id)`"));
    }
    Ok(columns.into_iter().collect())
}
