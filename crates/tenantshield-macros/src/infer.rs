//! The tenant column's type, where the field's type leaves no doubt.

use syn::{GenericArgument, PathArguments, Type};

use crate::attribute::Kind;

/// The kind that a field's type stands for, or nothing where it could be several.
pub(crate) fn kind_of(field: &Type) -> Option<Kind> {
    match field {
        Type::Group(inner) => kind_of(&inner.elem),
        Type::Paren(inner) => kind_of(&inner.elem),
        Type::Path(path) if path.qself.is_none() => {
            let last = path.path.segments.last()?;
            if !matches!(last.arguments, PathArguments::None) {
                return None;
            }
            match last.ident.to_string().as_str() {
                "i16" | "i32" | "i64" => Some(Kind::Integer),
                "String" | "TenantId" => Some(Kind::Text),
                "Uuid" => Some(Kind::Uuid),
                _ => None,
            }
        }
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => Some(Kind::Text),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the field's type is an `Option`, which gets a message of its own.
pub(crate) fn is_optional(field: &Type) -> bool {
    let Type::Path(path) = field else {
        return false;
    };
    path.path.segments.last().is_some_and(|last| {
        last.ident == "Option"
            && matches!(&last.arguments, PathArguments::AngleBracketed(inner)
                if matches!(inner.args.first(), Some(GenericArgument::Type(_))))
    })
}
