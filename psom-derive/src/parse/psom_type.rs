//! Reads a type under `#[derive(PsomType)]`.

use syn::{Attribute, Expr, Fields, Generics, Ident, Item, ItemEnum, Lit, LitInt, UnOp, Variant};

use super::signature::bare;
use crate::attrs;
use crate::diagnostics::{self as say, Errors};
use crate::model::{NamedValue, PsomType, Shape};

/// Reads the type; `None` where it is neither an enum nor a struct around one value.
pub(crate) fn parse(item: Item, errors: &mut Errors) -> Option<PsomType> {
    match item {
        Item::Enum(mut item) => {
            refuse_generics(&item.generics, errors);
            let krate = attrs::derive_crate(&mut item.attrs, errors);
            let shape = enumeration(&mut item, errors)?;
            Some(PsomType { krate, ident: item.ident, shape })
        }
        Item::Struct(mut item) => {
            refuse_generics(&item.generics, errors);
            let krate = attrs::derive_crate(&mut item.attrs, errors);
            let Fields::Unnamed(fields) = &item.fields else {
                errors.at(item.ident, say::DERIVE_ON);
                return None;
            };
            let mut fields = fields.unnamed.iter();
            let (Some(field), None) = (fields.next(), fields.next()) else {
                errors.at(item.ident, say::DERIVE_ON);
                return None;
            };
            let shape = Shape::Transparent(Box::new(field.ty.clone()));
            Some(PsomType { krate, ident: item.ident, shape })
        }
        Item::Union(item) => {
            errors.at(item.union_token, say::DERIVE_ON);
            None
        }
        other => {
            errors.at(other, say::DERIVE_ON);
            None
        }
    }
}

fn refuse_generics(generics: &Generics, errors: &mut Errors) {
    if !generics.params.is_empty() {
        errors.at(&generics.params, say::GENERIC_TYPE);
    }
}

fn enumeration(item: &mut ItemEnum, errors: &mut Errors) -> Option<Shape> {
    if !item.attrs.iter().any(is_repr_i32) {
        errors.at(&item.ident, say::NO_REPR);
    }
    let mut variants = Vec::new();
    let mut other = None;
    let mut numbers = Numbers::default();
    for variant in &mut item.variants {
        let number = numbers.of(variant, errors);
        match attrs::take(&mut variant.attrs, "other", errors) {
            Some(attr) => {
                if attr.meta.require_path_only().is_err() {
                    errors.at(&attr, say::OTHER_ARGUMENTS);
                }
                check_other(variant, errors);
                if other.replace(variant.ident.clone()).is_some() {
                    errors.at(attr, say::SECOND_OTHER);
                }
            }
            None if !matches!(variant.fields, Fields::Unit) => {
                errors.at(&variant.fields, say::VARIANT_FIELDS);
            }
            None => {
                let ident = variant.ident.clone();
                variants.extend(number.map(|value| NamedValue { ident, value }));
            }
        }
    }
    if other.is_none() {
        errors.at(&item.ident, say::NO_OTHER);
    }
    Some(Shape::Enum { variants, other: other? })
}

fn is_repr_i32(attr: &Attribute) -> bool {
    attr.path().is_ident("repr")
        && attr.parse_args::<Ident>().is_ok_and(|representation| representation == "i32")
}

fn check_other(variant: &Variant, errors: &mut Errors) {
    let holds_i32 = match &variant.fields {
        Fields::Unnamed(fields) => {
            let mut types = fields.unnamed.iter().map(|field| bare(&field.ty));
            matches!(types.next(), Some(syn::Type::Path(path)) if path.path.is_ident("i32"))
                && types.next().is_none()
        }
        _ => false,
    };
    if !holds_i32 {
        errors.at(&variant.ident, say::OTHER_FORM);
    }
}

/// Counts the variants as the compiler does: one more than the variant in front, from 0.
#[derive(Default)]
struct Numbers {
    previous: Option<i32>,
    /// Set when a number could not be read: those behind it are not known either.
    lost: bool,
}

impl Numbers {
    fn of(&mut self, variant: &Variant, errors: &mut Errors) -> Option<i32> {
        let number = match (&variant.discriminant, self.previous) {
            (Some((_, expression)), _) => {
                let number = literal(expression);
                if number.is_none() {
                    errors.at(expression, say::DISCRIMINANT);
                }
                number
            }
            (None, _) if self.lost => None,
            (None, None) => Some(0),
            (None, Some(previous)) => {
                let number = previous.checked_add(1);
                if number.is_none() {
                    errors.at(&variant.ident, say::DISCRIMINANT_OVERFLOW);
                }
                number
            }
        };
        self.lost = number.is_none();
        self.previous = number;
        number
    }
}

/// `1`, `0x1` or `-1`.
fn literal(expression: &Expr) -> Option<i32> {
    let (sign, digits) = match expression {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => ("-", int(&unary.expr)?),
        plain => ("", int(plain)?),
    };
    format!("{sign}{}", digits.base10_digits()).parse().ok()
}

fn int(expression: &Expr) -> Option<&LitInt> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(digits) => Some(digits),
            _ => None,
        },
        Expr::Group(group) => int(&group.expr),
        _ => None,
    }
}
