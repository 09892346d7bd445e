//! Reads the user's item and reports mistakes at their tokens.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, DataEnum, DataStruct, DeriveInput, Error, Fields, Ident, LitInt, LitStr, Result,
    Token, Type, parenthesized,
};

use crate::model::{Field, Object, Table, Variant};

/// The highest type number: a 32-bit header has 14 bits for it (MS-FSSHTTPB 2.2.1.5.2).
const MAX_NUMBER: u16 = 0x3FFF;

/// The arguments of `#[stream_object(…)]` on a struct.
struct Arguments {
    number: u16,
    compound: bool,
    children: Vec<Type>,
    print: Option<LitStr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let number = number(&input.parse()?)?;
        let mut arguments = Self { number, compound: false, children: vec![], print: None };
        let mut children_at: Option<Span> = None;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            match key.to_string().as_str() {
                "compound" => arguments.compound = true,
                "children" => {
                    let list;
                    parenthesized!(list in input);
                    let types = Punctuated::<Type, Token![,]>::parse_terminated(&list)?;
                    arguments.children.extend(types);
                    children_at = Some(key.span());
                }
                "print" => {
                    input.parse::<Token![=]>()?;
                    arguments.print = Some(input.parse()?);
                }
                _ => {
                    let text =
                        "unknown argument: write `compound`, `children(…)` or `print = \"…\"`";
                    return Err(Error::new(key.span(), text));
                }
            }
        }
        match children_at {
            Some(span) if !arguments.compound => {
                let text = "only a compound type has children: add `compound` before `children`";
                Err(Error::new(span, text))
            }
            _ => Ok(arguments),
        }
    }
}

fn number(literal: &LitInt) -> Result<u16> {
    match literal.base10_parse::<u16>() {
        Ok(number) if number <= MAX_NUMBER => Ok(number),
        _ => Err(Error::new(literal.span(), "a type number is at most 0x3FFF (14 bits)")),
    }
}

/// Finds the only `#[stream_object(…)]` of an item.
fn attribute(attributes: &[Attribute]) -> Result<Option<&Attribute>> {
    let mut found =
        attributes.iter().filter(|attribute| attribute.path().is_ident("stream_object"));
    let first = found.next();
    match found.next() {
        Some(second) => Err(Error::new_spanned(second, "write `#[stream_object(…)]` once")),
        None => Ok(first),
    }
}

/// Reads `#[stream_object(WORD)]` of a field or variant.
fn marker(attributes: &[Attribute], word: &str) -> Result<bool> {
    let Some(attribute) = attribute(attributes)? else { return Ok(false) };
    let found: Ident = attribute.parse_args()?;
    if found == word {
        return Ok(true);
    }
    Err(Error::new(found.span(), format!("the only argument here is `{word}`")))
}

/// Reads an object type.
pub(crate) fn object(input: &DeriveInput, data: &DataStruct) -> Result<Object> {
    let Some(attribute) = attribute(&input.attrs)? else {
        let text = "add the type number: `#[stream_object(0x51)]`";
        return Err(Error::new(input.ident.span(), text));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "an object type is not generic"));
    }
    let arguments: Arguments = attribute.parse_args()?;
    Ok(Object {
        name: input.ident.clone(),
        number: arguments.number,
        compound: arguments.compound,
        children: arguments.children,
        print: arguments.print,
        fields: fields(&data.fields)?,
    })
}

fn fields(fields: &Fields) -> Result<Vec<Field>> {
    let named = match fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unit => return Ok(vec![]),
        Fields::Unnamed(fields) => {
            return Err(Error::new_spanned(fields, "give each field a name"));
        }
    };
    let mut list: Vec<Field> = vec![];
    for field in named {
        let Some(name) = field.ident.clone() else { continue };
        if let Some(last) = list.last().filter(|last| last.rest) {
            let text = format!(
                "no bytes are left for `{name}`: `{}` takes the rest, so it has to be the last field",
                last.name
            );
            return Err(Error::new(name.span(), text));
        }
        list.push(Field { name, ty: field.ty.clone(), rest: marker(&field.attrs, "rest")? });
    }
    Ok(list)
}

/// Reads a table of object types.
pub(crate) fn table(input: &DeriveInput, data: &DataEnum) -> Result<Table> {
    let mut variants = vec![];
    let mut unknown = None;
    for variant in &data.variants {
        let Fields::Unnamed(fields) = &variant.fields else {
            return Err(Error::new_spanned(
                variant,
                "a variant holds one object type: `Name(Type)`",
            ));
        };
        let [field] = &fields.unnamed.iter().collect::<Vec<_>>()[..] else {
            return Err(Error::new_spanned(fields, "a variant holds exactly one object type"));
        };
        if marker(&variant.attrs, "unknown")? {
            unknown = Some(variant.ident.clone());
        } else {
            variants.push(Variant { name: variant.ident.clone(), ty: field.ty.clone() });
        }
    }
    let Some(unknown) = unknown else {
        let text = "add a variant for other types: `#[stream_object(unknown)] Unknown(Unknown)`";
        return Err(Error::new(input.ident.span(), text));
    };
    Ok(Table { name: input.ident.clone(), variants, unknown })
}
