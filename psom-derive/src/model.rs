//! The user's code as plain data, with spans for errors.
//!
//! `parse` creates it, `check` verifies it, and `expand` generates code from it. Invalid parts are
//! replaced by placeholders. Their errors are recorded, so no code is generated from placeholders.

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{Attribute, Expr, GenericArgument, Ident, LitStr, Member, Path, PathArguments, Type};

/// A trait with `#[psom_interface]`.
pub(crate) struct Interface {
    pub(crate) krate: Path,
    pub(crate) name: LitStr,
    pub(crate) versions: Vec<Version>,
    pub(crate) methods: Vec<Method>,
}

/// A pair `version = …, hash = …`.
pub(crate) struct Version {
    pub(crate) number: i32,
    pub(crate) hash: i64,
}

/// A method of an interface. Its index is its position, counted from 1.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) deprecated: Option<Attribute>,
    pub(crate) wire: WireName,
    pub(crate) since: Option<Since>,
    pub(crate) latest: Option<Latest>,
    /// The methods of `#[answered_by(…)]`.
    pub(crate) answers: Vec<WireName>,
    pub(crate) is_async: bool,
    pub(crate) takes_context: bool,
    pub(crate) params: Vec<Param>,
    /// The span of the return type, or of the name if the method returns nothing.
    pub(crate) output: Span,
}

/// A name in the interface's definition, with the span from which it was derived.
pub(crate) struct WireName {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// `#[since(10)]`.
pub(crate) struct Since {
    pub(crate) version: i32,
    pub(crate) span: Span,
}

/// `#[latest]` or `#[latest(user)]`.
pub(crate) struct Latest {
    pub(crate) by: Option<Ident>,
}

/// A parameter that is sent, in contrast to the receiver and the context.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) wire: WireName,
    /// The type of the value: `str` for a `&str`.
    pub(crate) ty: Type,
    /// True if the method takes a reference to the value.
    pub(crate) borrowed: bool,
}

impl Param {
    /// Returns the form in which the proxy's method takes this parameter.
    pub(crate) fn passed(&self) -> Passed<'_> {
        let element = match (&self.ty, self.borrowed) {
            (Type::Slice(slice), true) => Some(&*slice.elem),
            (ty, false) => element_of_vec(ty),
            _ => None,
        };
        match element {
            Some(element) if is_named(element, "String") => Passed::Texts,
            Some(element) => Passed::Slice(element),
            None if self.borrowed => match is_named(&self.ty, "str") {
                true => Passed::Text,
                false => Passed::Borrowed,
            },
            None if is_named(&self.ty, "String") => Passed::Text,
            None => Passed::Owned,
        }
    }

    /// Returns a text that is equal for types with the same encoding, such as `String` and `&str`.
    pub(crate) fn wire_type(&self) -> String {
        match self.passed() {
            Passed::Text => "str".to_owned(),
            Passed::Texts => "[String]".to_owned(),
            Passed::Slice(element) => format!("[{}]", element.to_token_stream()),
            Passed::Borrowed | Passed::Owned => self.ty.to_token_stream().to_string(),
        }
    }
}

/// The form in which a proxy's method takes a parameter.
pub(crate) enum Passed<'a> {
    /// `&str`, for a `String` or `&str`.
    Text,
    /// Anything that yields texts, for a list of `String`.
    Texts,
    /// `&[X]`, for a `Vec<X>` or `&[X]`.
    Slice(&'a Type),
    /// `&X`, for a `&X`.
    Borrowed,
    /// The value itself.
    Owned,
}

fn element_of_vec(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Vec")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    match generics.args.first()? {
        GenericArgument::Type(element) if generics.args.len() == 1 => Some(element),
        _ => None,
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == name && last.arguments.is_none())
}

/// A struct with `#[distributed_object(serves = …, calls = …)]`.
pub(crate) struct Object {
    pub(crate) krate: Path,
    pub(crate) serves: Path,
    pub(crate) calls: Path,
    /// The types of objects that the struct connects to its peers.
    pub(crate) connects: Vec<Type>,
    pub(crate) children: Vec<FieldChild>,
    /// The token `lifecycle`, if it is given.
    pub(crate) lifecycle: Option<Ident>,
    /// The functions that run before and after each call.
    pub(crate) before: Option<Expr>,
    pub(crate) after: Option<Expr>,
}

/// A field that holds the child with a fixed part name.
pub(crate) struct FieldChild {
    pub(crate) part: Part,
    pub(crate) member: Member,
    pub(crate) ty: Type,
}

/// An `impl` block with `#[distributed_object]`.
pub(crate) struct Factories {
    pub(crate) krate: Path,
    pub(crate) methods: Vec<Factory>,
}

/// A method that creates the children of a family of parts.
pub(crate) struct Factory {
    pub(crate) ident: Ident,
    pub(crate) part: Part,
    pub(crate) takes_context: bool,
    pub(crate) params: Vec<FactoryParam>,
    pub(crate) returns: Type,
}

/// A parameter of a factory. The capture of the same name is parsed as its type.
pub(crate) struct FactoryParam {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

/// A part name or a pattern of part names, such as `"content.{content_id}"`.
pub(crate) struct Part {
    pub(crate) text: LitStr,
    /// Empty if the text is invalid.
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of a pattern.
pub(crate) enum Piece {
    Text(String),
    Capture(String),
}

impl Part {
    /// Reports whether the text is a valid pattern.
    pub(crate) fn is_valid(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// Returns the names of the captures, in order.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Capture(name) => Some(name.as_str()),
        })
    }
}

/// A type with `#[derive(PsomType)]`.
pub(crate) struct PsomType {
    pub(crate) krate: Path,
    pub(crate) ident: Ident,
    pub(crate) shape: Shape,
}

/// The encoding of a type.
pub(crate) enum Shape {
    /// An Int32 with named values.
    Enum { variants: Vec<NamedValue>, other: Ident },
    /// The encoding of its only field.
    Transparent(Box<Type>),
    /// One parameter per field.
    Flattened(Vec<FlattenedField>),
}

/// A field of a flattened struct.
pub(crate) struct FlattenedField {
    pub(crate) ident: Ident,
    pub(crate) wire: WireName,
    pub(crate) ty: Type,
}

/// A variant with a value.
pub(crate) struct NamedValue {
    pub(crate) ident: Ident,
    pub(crate) value: i32,
}
