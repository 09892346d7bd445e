//! Reads the interfaces of an IDL file: the part of MIDL that is needed to name the calls of a
//! message.

use crate::{
    Guid,
    error::ReadResult,
    ndr::Reader,
    oaut::{FromArgument, Object, SafeArray, Variant, read_safe_array},
};

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The IID.
    pub iid: Guid,
    /// The name.
    pub name: String,
    /// The name of the base interface.
    pub base: String,
    /// The interface's own methods in their order.
    pub methods: Vec<Method>,
}

/// A method or one accessor of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// The name.
    pub name: String,
    /// The number in late-bound calls.
    pub dispid: Option<i32>,
    /// The access to a property, if the method is one.
    pub accessor: Accessor,
    /// The parameters.
    pub parameters: Vec<Parameter>,
}

/// A kind of access to a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accessor {
    /// The method is not an accessor.
    None,
    /// Reads the property.
    Get,
    /// Sets the property.
    Put,
    /// Sets the property to a reference.
    PutReference,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The type, or `None` if it is not an Automation type.
    pub kind: Option<Kind>,
}

/// An Automation type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of MS-OAUT")]
pub enum Kind {
    I1,
    UI1,
    I2,
    UI2,
    I4,
    UI4,
    I8,
    UI8,
    R4,
    R8,
    Bool,
    Currency,
    Date,
    Decimal,
    Bstr,
    Variant,
    SafeArray,
    Object,
}

/// The text is not an IDL file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}")]
pub struct IdlError {
    /// The line, from 1 on.
    pub line: usize,
    /// The element that is missing.
    pub expected: &'static str,
}

/// Reads the interfaces of an IDL file. Everything else in the file is skipped.
///
/// # Errors
/// An interface is malformed.
pub fn parse(text: &str) -> Result<Vec<Interface>, IdlError> {
    let mut parser = Parser { tokens: tokens(text), place: 0 };
    let mut interfaces = Vec::new();
    let mut attributes = Vec::new();
    while let Some(token) = parser.next() {
        match token {
            "[" => attributes = parser.attributes()?,
            "interface" => interfaces.extend(parser.interface(&attributes)?),
            _ => {}
        }
    }
    Ok(interfaces)
}

/// Splits the text into words, numbers, strings and punctuation marks with their lines.
fn tokens(text: &str) -> Vec<(&str, usize)> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") || first == '#' => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let is_skipped = first.is_whitespace()
            || first == '#'
            || token.starts_with("//")
            || token.starts_with("/*");
        if !is_skipped {
            tokens.push((token, line));
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// An attribute: its name and the tokens between its parentheses.
type Attribute<'a> = (&'a str, Vec<&'a str>);

struct Parser<'a> {
    tokens: Vec<(&'a str, usize)>,
    place: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.place).map(|(token, _)| *token)
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek()?;
        self.place += 1;
        Some(token)
    }

    fn error<T>(&self, expected: &'static str) -> Result<T, IdlError> {
        let place = self.place.saturating_sub(1).min(self.tokens.len().saturating_sub(1));
        let line = self.tokens.get(place).map_or(1, |(_, line)| *line);
        Err(IdlError { line, expected })
    }

    fn expect(&mut self, token: &str, expected: &'static str) -> Result<(), IdlError> {
        if self.next() == Some(token) { Ok(()) } else { self.error(expected) }
    }

    fn word(&mut self, expected: &'static str) -> Result<&'a str, IdlError> {
        match self.next() {
            Some(word) if word.starts_with(is_word) => Ok(word),
            _ => self.error(expected),
        }
    }

    /// Reads the attributes after `[`.
    fn attributes(&mut self) -> Result<Vec<Attribute<'a>>, IdlError> {
        let mut attributes: Vec<Attribute<'_>> = Vec::new();
        loop {
            match self.next() {
                Some("]") => return Ok(attributes),
                Some(",") => {}
                Some("(") => {
                    let mut depth = 1;
                    let mut inner = Vec::new();
                    while depth > 0 {
                        match self.next() {
                            Some("(") => depth += 1,
                            Some(")") => depth -= 1,
                            Some(token) => inner.push(token),
                            None => return self.error("`)`"),
                        }
                    }
                    if let Some((_, last)) = attributes.last_mut() {
                        *last = inner;
                    }
                }
                Some(name) => attributes.push((name, Vec::new())),
                None => return self.error("`]`"),
            }
        }
    }

    /// Reads an interface after its keyword; `None` for a mere declaration or one without an IID.
    fn interface(&mut self, attributes: &[Attribute<'_>]) -> Result<Option<Interface>, IdlError> {
        let name = self.word("the name of an interface")?.to_owned();
        let base = match self.next() {
            Some(";") => return Ok(None),
            Some(":") => {
                let base = self.word("the name of the base")?.to_owned();
                self.expect("{", "`{`")?;
                base
            }
            Some("{") => String::new(),
            _ => return self.error("`:` or `{`"),
        };
        let mut methods = Vec::new();
        while self.peek() != Some("}") {
            methods.extend(self.method()?);
        }
        self.expect("}", "`}`")?;
        let iid = attributes.iter().find(|(name, _)| *name == "uuid");
        let iid = iid.and_then(|(_, text)| text.concat().trim_matches('"').parse().ok());
        Ok(iid.map(|iid| Interface { iid, name, base, methods }))
    }

    /// Reads a method; `None` for another statement.
    fn method(&mut self) -> Result<Option<Method>, IdlError> {
        let attributes = if self.peek() == Some("[") {
            self.next();
            self.attributes()?
        } else {
            Vec::new()
        };
        let mut words = Vec::new();
        loop {
            match self.next() {
                Some("(") => break,
                Some(";") => return Ok(None),
                Some(word) => words.push(word),
                None => return self.error("`;`"),
            }
        }
        let Some(name) = words.last() else { return self.error("the name of a method") };
        let mut parameters = Vec::new();
        while let Some(token) = self.next() {
            match token {
                ")" => break,
                "," => {}
                first => parameters.push(self.parameter(first)?),
            }
        }
        self.expect(";", "`)` and `;`")?;
        let has = |name: &str| attributes.iter().any(|(attribute, _)| *attribute == name);
        let accessor = match () {
            () if has("propget") => Accessor::Get,
            () if has("propput") => Accessor::Put,
            () if has("propputref") => Accessor::PutReference,
            () => Accessor::None,
        };
        let id = attributes.iter().find(|(name, _)| *name == "id");
        let dispid = id.and_then(|(_, number)| integer(&number.concat()));
        parameters.retain(|parameter| parameter.name != "void");
        Ok(Some(Method { name: (*name).to_owned(), dispid, accessor, parameters }))
    }

    /// Reads a parameter that begins with `first`, up to the `,` or `)` after it.
    fn parameter(&mut self, first: &'a str) -> Result<Parameter, IdlError> {
        let mut words = Vec::new();
        let mut depth = 0;
        if first == "[" {
            self.attributes()?;
        } else {
            words.push(first);
        }
        loop {
            match self.peek() {
                Some("," | ")") if depth == 0 => break,
                Some("(") => depth += 1,
                Some(")") => depth -= 1,
                None => return self.error("`)`"),
                _ => {}
            }
            words.extend(self.next());
        }
        let name = words.last().map_or(String::new(), |name| (*name).to_owned());
        let kind = words.split_last().and_then(|(_, kind)| Kind::of(kind));
        Ok(Parameter { name, kind })
    }
}

fn integer(text: &str) -> Option<i32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok().map(u32::cast_signed),
        None => text.parse().ok(),
    }
}

impl Kind {
    /// Returns the type that words spell.
    fn of(words: &[&str]) -> Option<Self> {
        let words: Vec<_> = words.iter().copied().filter(|word| *word != "const").collect();
        Some(match words[..] {
            ["char" | "small"] | ["signed", "char"] => Self::I1,
            ["byte" | "BYTE"] | ["unsigned", "char" | "small"] => Self::UI1,
            ["short" | "SHORT"] => Self::I2,
            ["unsigned", "short"] | ["USHORT" | "WORD"] => Self::UI2,
            ["long" | "int" | "LONG" | "INT" | "SCODE" | "HRESULT"] => Self::I4,
            ["unsigned", "long" | "int"] | ["ULONG" | "UINT" | "DWORD"] => Self::UI4,
            ["hyper" | "__int64" | "LONGLONG"] | ["long", "long"] => Self::I8,
            ["unsigned", "hyper" | "__int64"] | ["ULONGLONG"] => Self::UI8,
            ["float"] => Self::R4,
            ["double"] => Self::R8,
            ["VARIANT_BOOL"] => Self::Bool,
            ["CY" | "CURRENCY"] => Self::Currency,
            ["DATE"] => Self::Date,
            ["DECIMAL"] => Self::Decimal,
            ["BSTR"] => Self::Bstr,
            ["VARIANT"] => Self::Variant,
            ["SAFEARRAY", "(", .., ")"] => Self::SafeArray,
            [name, "*"] if name.starts_with('I') => Self::Object,
            _ => return None,
        })
    }

    /// Reads a parameter of this type in NDR.
    ///
    /// # Errors
    /// The data ends or violates a rule.
    pub fn read(self, reader: &mut Reader<'_>) -> ReadResult<Variant> {
        Ok(match self {
            Self::I1 => Variant::I1(reader.i8()?),
            Self::UI1 => Variant::UI1(reader.u8()?),
            Self::I2 => Variant::I2(reader.i16()?),
            Self::UI2 => Variant::UI2(reader.u16()?),
            Self::I4 => Variant::I4(reader.i32()?),
            Self::UI4 => Variant::UI4(reader.u32()?),
            Self::I8 => Variant::I8(reader.i64()?),
            Self::UI8 => Variant::UI8(reader.u64()?),
            Self::R4 => Variant::R4(reader.f32()?),
            Self::R8 => Variant::R8(reader.f64()?),
            Self::Bool => Variant::Bool(FromArgument::read(reader)?),
            Self::Currency => Variant::Currency(FromArgument::read(reader)?),
            Self::Date => Variant::Date(FromArgument::read(reader)?),
            Self::Decimal => Variant::Decimal(FromArgument::read(reader)?),
            Self::Bstr => Variant::Bstr(FromArgument::read(reader)?),
            Self::Variant => FromArgument::read(reader)?,
            Self::SafeArray => {
                let array: Option<SafeArray> = read_safe_array(reader, None)?;
                array.map_or(Variant::NullArray(0), |array| Variant::Array(array.into()))
            }
            Self::Object => {
                let object: Object = FromArgument::read(reader)?;
                Variant::Dispatch(Some(object.into()))
            }
        })
    }
}

/// Finds the interface with an IID and the method with an opnum, which may belong to a base.
#[must_use]
pub fn find(interfaces: &[Interface], iid: Guid, opnum: u32) -> Option<(&Interface, &Method)> {
    let interface = interfaces.iter().find(|interface| interface.iid == iid)?;
    // The interface and its bases. The number of interfaces bounds the chain if an interface is its
    // own base.
    let mut chain = vec![interface];
    while chain.len() <= interfaces.len() {
        let base = &chain[chain.len() - 1].base;
        let Some(next) = interfaces.iter().find(|interface| interface.name == *base) else { break };
        chain.push(next);
    }
    let mut first = match chain[chain.len() - 1].base.as_str() {
        "IDispatch" => 7,
        _ => 3,
    };
    for own in chain.iter().rev() {
        let place = opnum.checked_sub(first)? as usize;
        if let Some(method) = own.methods.get(place) {
            return Some((interface, method));
        }
        first += u32::try_from(own.methods.len()).ok()?;
    }
    None
}

/// Finds the method with a DISPID and an accessor in any interface: a late-bound call does not say
/// which interface of the object it is on.
#[must_use]
pub fn find_dispid(
    interfaces: &[Interface],
    dispid: i32,
    accessor: Accessor,
) -> Option<(&Interface, &Method)> {
    interfaces.iter().find_map(|interface| {
        let mut methods = interface.methods.iter();
        let method =
            methods.find(|method| method.dispid == Some(dispid) && method.accessor == accessor);
        method.map(|method| (interface, method))
    })
}
