//! Checks a model against its attribute and writes the implementation.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Fields, FieldsNamed, Path, Type};

use crate::attribute::{FieldAttribute, Kind, ModelAttribute, Text};
use crate::{infer, name};

/// The implementation of `TenantAware`, or an error at the word that has to change.
pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let attribute = ModelAttribute::read(&input.attrs)?;
    let columns = columns(named_fields(input)?)?;
    for key in &attribute.unique {
        known(&columns, key)?;
    }
    for parent in &attribute.parents {
        known(&columns, &parent.columns)?;
    }
    let (tenant_column, kind) = tenant_column(input, &attribute, &columns)?;
    Ok(implementation(
        input,
        &attribute,
        &columns,
        &tenant_column,
        kind,
    ))
}

struct Column<'a> {
    name: Text,
    field: String,
    ty: &'a Type,
    skipped: bool,
}

fn named_fields(input: &DeriveInput) -> syn::Result<&FieldsNamed> {
    let refused = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => return Ok(named),
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a unit struct",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    Err(syn::Error::new(
        input.ident.span(),
        format!(
            "{refused} is no model: `TenantAware` needs a struct with named fields, one per column"
        ),
    ))
}

fn columns(fields: &FieldsNamed) -> syn::Result<Vec<Column<'_>>> {
    let mut columns: Vec<Column<'_>> = Vec::new();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let attribute = FieldAttribute::read(&field.attrs)?;
        let written = ident.unraw().to_string();
        let name = attribute.rename.unwrap_or_else(|| Text {
            value: written.clone(),
            span: ident.span(),
        });
        let taken = columns
            .iter()
            .any(|known| !known.skipped && known.name.value == name.value);
        if taken && !attribute.skip {
            return Err(syn::Error::new(
                name.span,
                format!(
                    "two fields are the column `{}`: rename or skip one",
                    name.value
                ),
            ));
        }
        columns.push(Column {
            name,
            field: written,
            ty: &field.ty,
            skipped: attribute.skip,
        });
    }
    Ok(columns)
}

fn known(columns: &[Column<'_>], names: &[Text]) -> syn::Result<()> {
    for (index, name) in names.iter().enumerate() {
        if !columns
            .iter()
            .any(|column| !column.skipped && column.name.value == name.value)
        {
            return Err(syn::Error::new(
                name.span,
                format!(
                    "the model has no column `{}`: write the name that the database uses",
                    name.value
                ),
            ));
        }
        if names
            .iter()
            .take(index)
            .any(|before| before.value == name.value)
        {
            return Err(syn::Error::new(
                name.span,
                format!("`{}` is named twice", name.value),
            ));
        }
    }
    Ok(())
}

fn tenant_column(
    input: &DeriveInput,
    attribute: &ModelAttribute,
    columns: &[Column<'_>],
) -> syn::Result<(String, Kind)> {
    let wanted = attribute
        .column
        .as_ref()
        .map_or("tenant_id", |text| text.value.as_str());
    let span = attribute
        .column
        .as_ref()
        .map_or_else(|| input.ident.span(), |text| text.span);
    let found = columns.iter().find(|column| column.name.value == wanted);
    let Some(column) = found else {
        return Err(missing(
            span,
            &input.ident.unraw().to_string(),
            wanted,
            columns,
        ));
    };
    if column.skipped {
        return Err(syn::Error::new(
            column.name.span,
            format!("`{wanted}` is the tenant column and cannot be skipped: remove `skip`"),
        ));
    }
    let kind = attribute.kind.or_else(|| infer::kind_of(column.ty)).ok_or_else(|| {
        let optional = if infer::is_optional(column.ty) {
            "the tenant of a row is never absent; where the field must be optional, "
        } else {
            ""
        };
        syn::Error::new_spanned(
            column.ty,
            format!(
                "the type of the tenant column `{wanted}` is not known from this field: {optional}\
                 write #[tenant(kind = \"text\")], \"uuid\" or \"integer\" on the struct"
            ),
        )
    })?;
    Ok((wanted.to_owned(), kind))
}

fn missing(span: Span, model: &str, wanted: &str, columns: &[Column<'_>]) -> syn::Error {
    let renamed = columns
        .iter()
        .find(|column| column.field == wanted)
        .map_or_else(
            || format!("add the field `{wanted}`"),
            |_| format!("take `rename` off the field `{wanted}`"),
        );
    syn::Error::new(
        span,
        format!(
            "`{model}` has no tenant column `{wanted}`: {renamed}, or name the column that holds \
             the tenant with #[tenant(column = \"..\")]; a table without one is declared shared or \
             platform in the catalogue instead"
        ),
    )
}

fn implementation(
    input: &DeriveInput,
    attribute: &ModelAttribute,
    columns: &[Column<'_>],
    tenant_column: &str,
    kind: Kind,
) -> TokenStream {
    let krate = krate(attribute);
    let ident = &input.ident;
    let written = ident.unraw().to_string();
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let model = attribute
        .model
        .as_ref()
        .map_or(written.as_str(), |text| text.value.as_str());
    let table = attribute
        .table
        .as_ref()
        .map_or_else(|| name::snake_case(&written), |text| text.value.clone());
    let schema = attribute.schema.as_ref().map_or_else(
        || quote!(::core::option::Option::None),
        |text| {
            let value = &text.value;
            quote!(::core::option::Option::Some(#value))
        },
    );
    let kind = match kind {
        Kind::Integer => quote!(Integer),
        Kind::Text => quote!(Text),
        Kind::Uuid => quote!(Uuid),
    };
    let names = columns
        .iter()
        .filter(|column| !column.skipped)
        .map(|column| &column.name.value);
    let unique = attribute.unique.iter().map(|key| {
        let key = key.iter().map(|column| &column.value);
        quote!(&[#(#key),*])
    });
    let parents = attribute.parents.iter().map(|parent| {
        let table = &parent.table;
        let from = parent.columns.iter().map(|column| &column.value);
        let to = &parent.references;
        quote!(#krate::ModelParent::new(&[#(#from),*], #table, &[#(#to),*]))
    });
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::TenantAware for #ident #type_generics #where_clause {
            const MODEL: &'static str = #model;
            const TABLE: &'static str = #table;
            const SCHEMA: ::core::option::Option<&'static str> = #schema;
            const TENANT_COLUMN: &'static str = #tenant_column;
            const TENANT_TYPE: #krate::TenantType = #krate::TenantType::#kind;
            const COLUMNS: &'static [&'static str] = &[#(#names),*];
            const UNIQUE: &'static [&'static [&'static str]] = &[#(#unique),*];
            const PARENTS: &'static [#krate::ModelParent] = &[#(#parents),*];
        }
    }
}

/// A single name is taken from the crate root, so that a module of that name cannot shadow it.
fn krate(attribute: &ModelAttribute) -> TokenStream {
    match &attribute.krate {
        None => quote!(::tenantshield),
        Some(path) => krate_path(path),
    }
}

fn krate_path(path: &Path) -> TokenStream {
    let local = path.segments.first().is_some_and(|first| {
        first.ident == "crate" || first.ident == "self" || first.ident == "super"
    });
    if path.leading_colon.is_some() || local {
        quote!(#path)
    } else {
        quote!(::#path)
    }
}
