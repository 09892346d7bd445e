//! The user's code as plain data, with spans for errors.
//!
//! `parse` creates it, `check` verifies it, and `expand` generates code from it. Invalid parts are
//! replaced by placeholders. Their errors are recorded, so no code is generated from placeholders.

use proc_macro2::Span;
use syn::{
    Attribute, GenericArgument, Ident, LitStr, Member, Path, PathArguments, Type, parse_quote,
};

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
    pub(crate) wire: WireName,
    pub(crate) since: Option<Since>,
    pub(crate) latest: Option<Latest>,
    pub(crate) is_async: bool,
    pub(crate) takes_context: bool,
    pub(crate) params: Vec<Param>,
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
    /// Returns the type that the proxy's method borrows for this parameter: `str` for `&str` and
    /// `String`, `[X]` for `Vec<X>`. Returns `None` if the proxy's method takes the value itself.
    pub(crate) fn borrowed_type(&self) -> Option<Type> {
        if self.borrowed {
            return Some(self.ty.clone());
        }
        let Type::Path(path) = &self.ty else { return None };
        let name = path.path.segments.last()?;
        match (name.ident.to_string().as_str(), &name.arguments) {
            ("String", PathArguments::None) => Some(parse_quote!(str)),
            ("Vec", PathArguments::AngleBracketed(list)) if list.args.len() == 1 => {
                let GenericArgument::Type(element) = list.args.first()? else { return None };
                Some(parse_quote!([#element]))
            }
            _ => None,
        }
    }
}

/// A struct with `#[distributed_object(serves = …, calls = …)]`.
pub(crate) struct Object {
    pub(crate) krate: Path,
    pub(crate) serves: Path,
    pub(crate) calls: Path,
    /// The types of objects that the struct connects to its peers.
    pub(crate) connects: Vec<Type>,
    pub(crate) children: Vec<FieldChild>,
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
