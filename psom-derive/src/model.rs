//! What the macros know about the user's code: plain data, with the spans of what was written.
//!
//! `parse` fills it, `check` judges it, `expand` prints it. A part that could not be read stands
//! as a placeholder; a mistake is on record then, and nothing is expanded.

use proc_macro2::Span;
use syn::{
    Attribute, GenericArgument, Ident, LitStr, Member, Path, PathArguments, Type, parse_quote,
};

/// A trait under `#[psom_interface]`.
pub(crate) struct Interface {
    pub(crate) krate: Path,
    pub(crate) name: LitStr,
    pub(crate) versions: Vec<Version>,
    pub(crate) methods: Vec<Method>,
}

/// One `version = …, hash = …`.
pub(crate) struct Version {
    pub(crate) number: i32,
    pub(crate) hash: i64,
}

/// A method of an interface. Its index is its place, counted from 1.
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

/// A name as the interface's definition spells it, and where it comes from.
pub(crate) struct WireName {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// `#[since(10)]`.
pub(crate) struct Since {
    pub(crate) version: i32,
    pub(crate) span: Span,
}

/// `#[latest]`, or `#[latest(user)]`: of the calls with one value of that parameter.
pub(crate) struct Latest {
    pub(crate) by: Option<Ident>,
}

/// A parameter that travels.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) wire: WireName,
    /// The type of the value: `str` for a `&str`.
    pub(crate) ty: Type,
    /// Whether the method takes a reference to the value.
    pub(crate) borrowed: bool,
}

impl Param {
    /// What a caller lends for this parameter: `str` for `&str` and `String`, `[X]` for `Vec<X>`;
    /// `None` where the caller gives the value itself.
    pub(crate) fn lent(&self) -> Option<Type> {
        if self.borrowed {
            return Some(self.ty.clone());
        }
        let Type::Path(path) = &self.ty else { return None };
        let last = path.path.segments.last()?;
        match (last.ident.to_string().as_str(), &last.arguments) {
            ("String", PathArguments::None) => Some(parse_quote!(str)),
            ("Vec", PathArguments::AngleBracketed(list)) if list.args.len() == 1 => {
                let GenericArgument::Type(element) = list.args.first()? else { return None };
                Some(parse_quote!([#element]))
            }
            _ => None,
        }
    }
}

/// A struct under `#[distributed_object(serves = …, calls = …)]`.
pub(crate) struct Object {
    pub(crate) krate: Path,
    pub(crate) serves: Path,
    pub(crate) calls: Path,
    /// The types of objects that it connects to its peers.
    pub(crate) connects: Vec<Type>,
    pub(crate) children: Vec<FieldChild>,
}

/// A field that holds the child of a fixed part.
pub(crate) struct FieldChild {
    pub(crate) part: Part,
    pub(crate) member: Member,
    pub(crate) ty: Type,
}

/// An `impl` block under `#[distributed_object]`.
pub(crate) struct Factories {
    pub(crate) krate: Path,
    pub(crate) methods: Vec<Factory>,
}

/// A method that makes the children of a family of parts.
pub(crate) struct Factory {
    pub(crate) ident: Ident,
    pub(crate) part: Part,
    pub(crate) takes_context: bool,
    pub(crate) params: Vec<FactoryParam>,
    pub(crate) returns: Type,
}

/// A parameter of a factory: the capture of the same name is read as its type.
pub(crate) struct FactoryParam {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

/// The name of a part as it was written, `"content.{content_id}"`, and its pieces.
pub(crate) struct Part {
    pub(crate) text: LitStr,
    /// Empty where a mistake was found.
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of a part's name.
pub(crate) enum Piece {
    Text(String),
    Capture(String),
}

impl Part {
    /// Whether the name makes sense.
    pub(crate) fn is_read(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// The names of the captures, in order.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Capture(name) => Some(name.as_str()),
        })
    }
}

/// A type under `#[derive(PsomType)]`.
pub(crate) struct PsomType {
    pub(crate) krate: Path,
    pub(crate) ident: Ident,
    pub(crate) shape: Shape,
}

/// What a `PsomType` looks like on the wire.
pub(crate) enum Shape {
    /// An Int32 with names for some of its values.
    Enum { variants: Vec<NamedValue>, other: Ident },
    /// The one value inside.
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

/// A variant that stands for one value.
pub(crate) struct NamedValue {
    pub(crate) ident: Ident,
    pub(crate) value: i32,
}
