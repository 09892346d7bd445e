//! The description of object types, which `#[derive(StreamObject)]` implements.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    atom::{Blob, Reader, Writer},
    error::DecodeError,
};

/// An object type: its number, the layout of its data and the objects that it can contain.
pub trait StreamObject: Sized {
    /// The type number, at most 0x3FFF.
    const NUMBER: u16;
    /// The name in printed trees and in JSON.
    const NAME: &'static str;
    /// Whether the object contains other objects and has an end.
    const COMPOUND: bool;
    /// The names of the fields, in their order on the wire.
    const FIELDS: &'static [&'static str];
    /// The type numbers of the objects that it can contain.
    const CHILDREN: &'static [u16];

    /// Reads the data.
    ///
    /// # Errors
    /// The data end too early or break a rule.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Writes the data.
    fn write(&self, writer: &mut Writer<'_>);

    /// Prints the values.
    ///
    /// # Errors
    /// The formatter fails.
    fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A table of object types.
pub trait ObjectTable: Sized {
    /// The types.
    const TYPES: &'static [TypeInfo];

    /// Reads the data of an object.
    ///
    /// # Errors
    /// The data end too early or break a rule of their type.
    fn read(number: u16, compound: bool, reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Returns the description of the object's type.
    fn info(&self) -> TypeInfo;

    /// Writes the data.
    fn write(&self, writer: &mut Writer<'_>);

    /// Prints the values.
    ///
    /// # Errors
    /// The formatter fails.
    fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A table entry can hold a `T`.
pub trait Holds<T> {
    /// Returns the object if it is a `T`.
    fn get(&self) -> Option<&T>;
}

/// A row of the type table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeInfo {
    /// The type number.
    pub number: u16,
    /// The name.
    pub name: &'static str,
    /// Whether the object contains other objects and has an end.
    pub compound: bool,
    /// The names of the fields.
    pub fields: &'static [&'static str],
    /// The type numbers of the objects that it can contain.
    pub children: &'static [u16],
}

impl TypeInfo {
    /// Returns the description of a type.
    pub const fn of<T: StreamObject>() -> Self {
        Self {
            number: T::NUMBER,
            name: T::NAME,
            compound: T::COMPOUND,
            fields: T::FIELDS,
            children: T::CHILDREN,
        }
    }
}

/// Reports whether no earlier type has the number of the type at `place`.
pub const fn is_first(types: &[TypeInfo], place: usize) -> bool {
    let mut earlier = 0;
    while earlier < place {
        if types[earlier].number == types[place].number {
            return false;
        }
        earlier += 1;
    }
    true
}

/// An object whose type is not in the table. Its bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The type number.
    pub number: u16,
    /// Whether the object contains other objects and has an end.
    pub compound: bool,
    /// The data.
    pub data: Blob,
}

impl Unknown {
    /// Returns a description with the name `Unknown`.
    pub fn info(&self) -> TypeInfo {
        let (number, compound) = (self.number, self.compound);
        TypeInfo { number, name: "Unknown", compound, fields: &["data"], children: &[] }
    }
}
