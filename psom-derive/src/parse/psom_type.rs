//! Parses a type with `#[derive(PsomType)]`.

use syn::{
    Attribute, Expr, Field, Fields, Generics, Ident, Item, ItemEnum, ItemStruct, Lit, Path, Type,
    UnOp, Variant,
};

use super::{attrs, names::wire_name, signature::bare};
use crate::{
    diagnostics::{self as message, Errors},
    model::{FlattenedField, NamedValue, PsomType, Shape},
};

/// Parses the type. Returns `None` if it is neither an enum nor a struct with fields.
pub(crate) fn parse(item: Item, errors: &mut Errors) -> Option<PsomType> {
    match item {
        Item::Enum(item) => Some(enumeration(item, errors)),
        Item::Struct(item) => structure(item, errors),
        Item::Union(item) => {
            errors.at(item.ident, message::DERIVE_ON);
            None
        }
        other => {
            errors.at(other, message::DERIVE_ON);
            None
        }
    }
}

/// Returns the path of the runtime, and reports generic parameters.
fn crate_of(attrs: &mut Vec<Attribute>, generics: &Generics, errors: &mut Errors) -> Path {
    if !generics.params.is_empty() {
        errors.at(&generics.params, message::GENERIC_TYPE);
    }
    attrs::derive_crate(attrs, errors)
}

fn structure(mut item: ItemStruct, errors: &mut Errors) -> Option<PsomType> {
    let krate = crate_of(&mut item.attrs, &item.generics, errors);
    match &item.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let inner = fields.unnamed[0].ty.clone();
            Some(PsomType { krate, ident: item.ident, shape: Shape::Transparent(Box::new(inner)) })
        }
        Fields::Named(fields) if fields.named.len() > 1 => {
            let fields = flattened_fields(&mut item.fields, errors);
            Some(PsomType { krate, ident: item.ident, shape: Shape::Flattened(fields) })
        }
        _ => {
            errors.at(item.ident, message::DERIVE_ON);
            None
        }
    }
}

fn flattened_fields(fields: &mut Fields, errors: &mut Errors) -> Vec<FlattenedField> {
    let field = |field: &mut Field| {
        attrs::reject_cfg(&field.attrs, errors);
        let wire = attrs::wire(&mut field.attrs, errors);
        if !matches!(bare(&field.ty), Type::Path(_) | Type::Macro(_)) {
            errors.at(&field.ty, message::FIELD_TYPE);
        }
        let ident = field.ident.clone()?;
        let wire = wire.unwrap_or_else(|| wire_name(&ident));
        Some(FlattenedField { ident, wire, ty: field.ty.clone() })
    };
    fields.iter_mut().filter_map(field).collect()
}

fn enumeration(mut item: ItemEnum, errors: &mut Errors) -> PsomType {
    let krate = crate_of(&mut item.attrs, &item.generics, errors);
    if !item.attrs.iter().any(is_repr_i32) {
        errors.at(&item.ident, message::NO_REPR);
    }
    let mut variants = Vec::new();
    let mut other = None;
    for variant in &mut item.variants {
        if let Some(attr) = attrs::take(&mut variant.attrs, "other", errors) {
            let Variant { ident, fields, .. } = variant;
            if attr.meta.require_path_only().is_err() {
                errors.at(&attr, message::OTHER_ARGUMENTS);
            }
            if !holds_i32(fields) {
                errors.at(&*ident, message::OTHER_FORM);
            }
            if other.replace(ident.clone()).is_some() {
                errors.at(attr, message::SECOND_OTHER);
            }
        } else if let Fields::Unit = variant.fields {
            let ident = variant.ident.clone();
            variants.extend(value_of(variant, errors).map(|value| NamedValue { ident, value }));
        } else {
            errors.at(&variant.fields, message::VARIANT_FIELDS);
        }
    }
    let other = other.unwrap_or_else(|| {
        errors.at(&item.ident, message::NO_OTHER);
        item.ident.clone()
    });
    PsomType { krate, ident: item.ident, shape: Shape::Enum { variants, other } }
}

fn is_repr_i32(attr: &Attribute) -> bool {
    attr.path().is_ident("repr")
        && attr.parse_args::<Ident>().is_ok_and(|representation| representation == "i32")
}

fn holds_i32(fields: &Fields) -> bool {
    matches!(fields, Fields::Unnamed(fields)
        if fields.unnamed.len() == 1
            && matches!(bare(&fields.unnamed[0].ty), Type::Path(ty) if ty.path.is_ident("i32")))
}

/// Returns the value of a variant. Reports a variant without one.
fn value_of(variant: &Variant, errors: &mut Errors) -> Option<i32> {
    match &variant.discriminant {
        Some((_, expression)) => {
            let value = literal(expression);
            if value.is_none() {
                errors.at(expression, message::DISCRIMINANT);
            }
            value
        }
        None => {
            errors.at(&variant.ident, message::NO_DISCRIMINANT);
            None
        }
    }
}

/// Parses a literal such as `1`, `0x1` or `-1`.
fn literal(expression: &Expr) -> Option<i32> {
    match expression {
        Expr::Group(group) => literal(&group.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            format!("-{}", digits(&unary.expr)?).parse().ok()
        }
        plain => digits(plain)?.parse().ok(),
    }
}

fn digits(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Group(group) => digits(&group.expr),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => Some(number.base10_digits()),
            _ => None,
        },
        _ => None,
    }
}
