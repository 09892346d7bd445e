//! Parses, prints and compares interface definitions (section 3.1.4.1.1).
//!
//! A [`Document`] contains the definitions of a file as plain data. [`Document::parse`] reads it
//! from text, its `Display` prints it, and [`compare`] lists the differences between two documents.
//! [`Block::of`] converts a built-in definition. [`Bindings`] generates JavaScript, TypeScript and
//! Rust from definitions.

mod bindings;
mod compare;
mod error;
mod javascript;
mod lexer;
mod parse;
mod rust;

use std::fmt;

pub use bindings::{Bindings, GenerateError};
pub use compare::{Difference, compare};
pub use error::ParseError;

use psom::{InterfaceDesc, interface::Definition, wire::TypeDesc};

/// Prints both halves of an object in the notation of section 3.1.4.1.1, for one version.
#[derive(Debug, Clone, Copy)]
pub struct Notation {
    /// The half that the server serves.
    pub server: &'static InterfaceDesc,
    /// The half that the client serves.
    pub client: &'static InterfaceDesc,
    /// The version to print.
    pub version: i32,
}

impl fmt::Display for Notation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Block::new(self).fmt(f)
    }
}

/// The definitions of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// One block for each interface and version.
    pub blocks: Vec<Block>,
}

/// A line of a file, counted from 1, or 0 for a built-in definition.
///
/// All lines are equal, so that comparing definitions ignores their lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line(pub usize);

impl PartialEq for Line {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Line {}

/// One version of a distributed object: `DOInterface` and its attributes (section 3.1.4.1.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The first line.
    pub line: Line,
    /// The name that addProtocol announces.
    pub name: String,
    /// The version.
    pub version: i32,
    /// The word after `DOInterface`, which has no meaning on the wire.
    pub title: String,
    /// The methods that clients call on the server.
    pub server: Half,
    /// The methods that the server calls on clients.
    pub client: Half,
    /// The declared children. Other objects can be connected as well (section 3.1.4.1.1.4).
    pub children: Vec<Child>,
}

/// `ServerInterface` or `ClientInterface` (section 3.1.4.1.1.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Half {
    /// The first line.
    pub line: Line,
    /// The hash, if the definition contains one.
    pub hash: Option<i64>,
    /// The methods; the first has index 1 (ruling 1).
    pub methods: Vec<Method>,
}

/// A method declaration (section 3.1.4.1.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// The line.
    pub line: Line,
    /// The name. Overloads have the same name.
    pub name: String,
    /// The parameters in their order on the wire.
    pub params: Vec<Param>,
}

/// A parameter of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The name, which is not sent on the wire.
    pub name: String,
    /// The type.
    pub kind: Type,
}

/// A PSOM type (section 3.1.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// The innermost element: `Int32` for `Int32[][]`.
    pub element: Element,
    /// The number of array dimensions: 2 for `Int32[][]`.
    pub dimensions: usize,
    /// The name of the enumeration of an Int32, which follows the type in a comment.
    pub enumeration: Option<String>,
}

impl Type {
    /// Reports whether both types have the same encoding.
    pub fn encodes_like(&self, other: &Self) -> bool {
        self.element == other.element && self.dimensions == other.dimensions
    }
}

/// A type other than an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the type of its name, see `TypeDesc`")]
#[non_exhaustive]
pub enum Element {
    Boolean,
    Byte,
    Int16,
    Int32,
    Int64,
    UInt32,
    UInt64,
    Double,
    String,
    DistributedObject,
}

/// A declared child (section 3.1.4.1.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The line.
    pub line: Line,
    /// The part name, or a pattern of part names.
    pub part: String,
    /// The text of the type: the name of an interface, its last part, or a description.
    pub kind: String,
}

impl Block {
    /// Returns one version of a definition.
    pub fn of(definition: &Definition, version: i32) -> Self {
        let Definition { server, client, .. } = *definition;
        let children = definition.children.iter().map(|(part, kind)| Child {
            line: Line(0),
            part: (*part).into(),
            kind: (*kind).into(),
        });
        Self {
            title: definition.title.into(),
            children: children.collect(),
            ..Self::new(&Notation { server, client, version })
        }
    }

    /// Returns one version of both halves, without children.
    pub fn new(notation: &Notation) -> Self {
        let Notation { server, client, version } = *notation;
        Self {
            line: Line(0),
            name: server.name.into(),
            version,
            title: server.short_name().into(),
            server: Half::new(server, version),
            client: Half::new(client, version),
            children: Vec::new(),
        }
    }
}

impl Half {
    fn new(interface: &InterfaceDesc, version: i32) -> Self {
        let methods = interface.methods.iter().filter(|method| method.since <= version);
        let methods = methods.map(|method| {
            let params = method.params();
            let params =
                params.map(|param| Param { name: param.name.into(), kind: Type::from(param.kind) });
            Method { line: Line(0), name: method.name.into(), params: params.collect() }
        });
        Self { line: Line(0), hash: interface.hash(version), methods: methods.collect() }
    }
}

impl<'a> FromIterator<&'a Definition> for Document {
    /// Collects all versions of all definitions.
    fn from_iter<I: IntoIterator<Item = &'a Definition>>(definitions: I) -> Self {
        let blocks = definitions.into_iter().flat_map(|definition| {
            definition.versions().map(|version| Block::of(definition, version))
        });
        Self { blocks: blocks.collect() }
    }
}

impl From<TypeDesc> for Type {
    fn from(mut kind: TypeDesc) -> Self {
        let mut dimensions = 0;
        while let TypeDesc::Array(element) = kind {
            kind = *element;
            dimensions += 1;
        }
        let (element, enumeration) = match kind {
            TypeDesc::Boolean => (Element::Boolean, None),
            TypeDesc::Byte => (Element::Byte, None),
            TypeDesc::Int16 => (Element::Int16, None),
            TypeDesc::Int32 => (Element::Int32, None),
            TypeDesc::Int64 => (Element::Int64, None),
            TypeDesc::UInt32 => (Element::UInt32, None),
            TypeDesc::UInt64 => (Element::UInt64, None),
            TypeDesc::Double => (Element::Double, None),
            TypeDesc::DistributedObject => (Element::DistributedObject, None),
            TypeDesc::Enum(name) => (Element::Int32, Some(name.into())),
            // The loop above has removed all arrays.
            TypeDesc::String | TypeDesc::Array(_) | _ => (Element::String, None),
        };
        Self { element, dimensions, enumeration }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, block) in self.blocks.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { "\n" })?;
            block.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[Name=\"{}\", Version={}]", self.name, self.version)?;
        writeln!(f, "DOInterface {} {{", self.title)?;
        for (title, half) in [("ServerInterface", &self.server), ("ClientInterface", &self.client)]
        {
            if let Some(hash) = half.hash {
                writeln!(f, "    [Hash={hash}]")?;
            }
            writeln!(f, "    {title} {{")?;
            for method in &half.methods {
                writeln!(f, "        void {method};")?;
            }
            writeln!(f, "    }}")?;
        }
        if !self.children.is_empty() {
            writeln!(f, "    Children {{")?;
            for Child { part, kind, .. } in &self.children {
                writeln!(f, "        (\"{part}\", {kind})")?;
            }
            writeln!(f, "    }}")?;
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (i, Param { name, kind }) in self.params.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{kind} {name}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.element, "[]".repeat(self.dimensions))?;
        match &self.enumeration {
            Some(name) => write!(f, " /* {name} */"),
            None => Ok(()),
        }
    }
}
