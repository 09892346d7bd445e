//! Parses a struct with `#[distributed_object]`.

use proc_macro2::TokenStream;
use syn::{Fields, Index, ItemStruct, Member};

use super::{args, attrs};
use crate::{
    diagnostics::{self as message, Errors},
    model::{FieldChild, Object},
};

/// Parses the arguments and the struct, and removes the helper attributes of its fields.
pub(crate) fn parse(tokens: TokenStream, item: &mut ItemStruct, errors: &mut Errors) -> Object {
    let args::ObjectArgs { krate, serves, calls, connects, lifecycle, before, after } =
        args::object(tokens, errors);
    attrs::reject_second("distributed_object", &mut item.attrs, errors);
    for lifetime in item.generics.lifetimes() {
        errors.at(lifetime, message::OBJECT_LIFETIME);
    }
    let children = children(&mut item.fields, errors);
    Object { krate, serves, calls, connects, children, lifecycle, before, after }
}

fn children(fields: &mut Fields, errors: &mut Errors) -> Vec<FieldChild> {
    let mut children = Vec::new();
    for (position, field) in fields.iter_mut().enumerate() {
        let Some(part) = attrs::child(&mut field.attrs, errors) else { continue };
        attrs::reject_cfg(&field.attrs, errors);
        if part.captures().next().is_some() {
            errors.at(&part.text, message::CAPTURE_ON_FIELD);
        }
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(position)),
        };
        children.push(FieldChild { part, member, ty: field.ty.clone() });
    }
    children
}
