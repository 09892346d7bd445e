//! The Security ORPC Extension (MS-COM section 2.2.3.2), which identifies the caller.

use std::{borrow::Cow, fmt, str::FromStr};

use crate::{
    error::{ReadResult, Rule, WriteError},
    ndr::{Reader, Writer},
};

/// The collection that describes the whole chain of callers.
pub const CHAIN: u16 = 0x0A01;
/// A collection that describes one caller.
pub const CALLER: u16 = 0x0A02;

/// The type of a [`Property`].
pub mod property {
    /// The SID of an authenticated caller.
    pub const SID: u16 = 0x0B01;
    /// The account name of an authenticated caller.
    pub const NAME: u16 = 0x0B02;
    /// The authentication service.
    pub const SERVICE: u16 = 0x0B03;
    /// The authentication level.
    pub const LEVEL: u16 = 0x0B04;
    /// The impersonation level.
    pub const IMPERSONATION: u16 = 0x0B05;
    /// A SID that the application supplied.
    pub const SUPPLIED_SID: u16 = 0x0B06;
    /// An account name that the application supplied.
    pub const SUPPLIED_NAME: u16 = 0x0B07;
    /// The lowest authentication level in the chain.
    pub const LOWEST_LEVEL: u16 = 0x0B10;
}

/// A security identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sid(Vec<u8>);

/// The text is not a SID of the form `S-1-AUTHORITY-SUBAUTHORITY…` with 1 to 15 subauthorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SID is written `S-1-5-18`: an authority and 1 to 15 subauthorities")]
pub struct NotASid;

/// The maximum number of subauthorities of a SID (MS-DTYP section 2.4.2).
const MAX_SUBAUTHORITIES: usize = 15;
/// Revision, number of subauthorities and authority.
const SID_HEADER_BYTES: usize = 8;

impl Sid {
    /// Reads a SID that fills `bytes`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        is_sid(bytes).then(|| Self(bytes.to_vec()))
    }

    /// Returns the bytes of the SID.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn is_sid(bytes: &[u8]) -> bool {
    let [1, count, ..] = *bytes else { return false };
    let count = usize::from(count);
    (1..=MAX_SUBAUTHORITIES).contains(&count) && bytes.len() == SID_HEADER_BYTES + 4 * count
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, subauthorities) = self.0.split_at(SID_HEADER_BYTES);
        let authority = header[2..].iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        // MS-DTYP section 2.4.2.1: hexadecimal where the authority needs more than 32 bits.
        if authority > u64::from(u32::MAX) {
            write!(f, "S-1-0x{authority:012X}")?;
        } else {
            write!(f, "S-1-{authority}")?;
        }
        for part in subauthorities.chunks_exact(4) {
            write!(f, "-{}", u32::from_le_bytes([part[0], part[1], part[2], part[3]]))?;
        }
        Ok(())
    }
}

impl FromStr for Sid {
    type Err = NotASid;

    fn from_str(text: &str) -> Result<Self, NotASid> {
        let mut parts = text.strip_prefix("S-1-").ok_or(NotASid)?.split('-');
        let authority = parts.next().ok_or(NotASid)?;
        let authority = match authority.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => authority.parse::<u64>(),
        };
        let authority = authority.ok().filter(|value| *value < 1 << 48).ok_or(NotASid)?;
        let mut bytes = vec![1, 0];
        bytes.extend_from_slice(&authority.to_be_bytes()[2..]);
        for part in parts {
            bytes.extend_from_slice(&part.parse::<u32>().map_err(|_| NotASid)?.to_le_bytes());
            bytes[1] = bytes[1].checked_add(1).ok_or(NotASid)?;
        }
        Self::from_bytes(&bytes).ok_or(NotASid)
    }
}

/// A property of a security collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property<'a> {
    /// The property's type; see [`property`].
    pub kind: u16,
    /// The property's data without padding.
    pub data: Cow<'a, [u8]>,
}

/// The meaning of a [`Property`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A SID.
    Sid(Sid),
    /// An account name.
    Name(String),
    /// A service or level.
    Number(u32),
    /// The data of a property that no text defines.
    Other(Vec<u8>),
}

impl Property<'_> {
    /// Interprets the property.
    #[must_use]
    pub fn value(&self) -> Value {
        let other = || Value::Other(self.data.to_vec());
        match self.kind {
            property::SID | property::SUPPLIED_SID => {
                Sid::from_bytes(&self.data).map_or_else(other, Value::Sid)
            }
            property::NAME | property::SUPPLIED_NAME => {
                let units = self.data.chunks_exact(2).map(|unit| [unit[0], unit[1]]);
                let units: Vec<_> = units.map(u16::from_le_bytes).collect();
                let text = units.strip_suffix(&[0]).unwrap_or(&units);
                Value::Name(String::from_utf16_lossy(text))
            }
            _ => match <[u8; 4]>::try_from(&*self.data) {
                Ok(bytes) if is_number(self.kind) => Value::Number(u32::from_le_bytes(bytes)),
                _ => other(),
            },
        }
    }

    fn is_well_formed(&self) -> bool {
        match self.kind {
            property::SID | property::SUPPLIED_SID => is_sid(&self.data),
            property::NAME | property::SUPPLIED_NAME => {
                self.data.len().is_multiple_of(2) && self.data.ends_with(&[0, 0])
            }
            kind => !is_number(kind) || self.data.len() == 4,
        }
    }
}

fn is_number(kind: u16) -> bool {
    use property::{IMPERSONATION, LEVEL, LOWEST_LEVEL, SERVICE};
    matches!(kind, SERVICE | LEVEL | IMPERSONATION | LOWEST_LEVEL)
}

/// A checked security extension in the bytes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security<'a> {
    bytes: &'a [u8],
}

impl<'a> Security<'a> {
    /// Checks an extension that fills `bytes`, whose offset in the message is `base`.
    ///
    /// # Errors
    /// The extension violates a rule of MS-COM section 2.2.3.2.
    pub fn read(bytes: &'a [u8], base: usize) -> ReadResult<Self> {
        let mut reader = Reader::with_rule(bytes, base, Rule::SecurityTruncated);
        if (reader.u16()?, reader.u16()?) != (1, 1) {
            return Err(reader.error_at(0, Rule::SecurityVersion));
        }
        if !matches!(reader.u16()?, 0 | 2) {
            return Err(reader.error_at(4, Rule::SecurityStyle));
        }
        let collections = reader.u16()?;
        if collections == 0 {
            return Err(reader.error_at(6, Rule::SecurityChain));
        }
        for place in 0..collections {
            let start = reader.position();
            if reader.u16()? != if place == 0 { CHAIN } else { CALLER } {
                return Err(reader.error_at(start, Rule::SecurityChain));
            }
            let properties = reader.u16()?;
            if properties == 0 {
                return Err(reader.error_at(start + 2, Rule::SecurityEmpty));
            }
            for _ in 0..properties {
                let start = reader.position();
                if !read_property(&mut reader)?.is_well_formed() {
                    return Err(reader.error_at(start, Rule::SecurityProperty));
                }
            }
        }
        if reader.remaining() > 0 {
            return Err(reader.error_at(reader.position(), Rule::SecurityTrailing));
        }
        Ok(Self { bytes })
    }

    /// Wraps bytes that have been checked.
    pub(crate) fn checked(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns the bytes of the extension.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the type of each property's collection, the collection's position and the property,
    /// in the order of the extension.
    pub fn properties(self) -> impl Iterator<Item = (u16, usize, Property<'a>)> {
        let mut reader = Reader::with_rule(self.bytes, 0, Rule::SecurityTruncated);
        // Before the collections: two versions, the style and the count.
        let _ = reader.bytes(8);
        let (mut kind, mut left, mut collections) = (0, 0, 0usize);
        std::iter::from_fn(move || {
            if left == 0 {
                kind = reader.u16().ok()?;
                left = reader.u16().ok()?;
                collections += 1;
            }
            left = left.checked_sub(1)?;
            let property = read_property(&mut reader).ok()?;
            Some((kind, collections - 1, property))
        })
    }

    /// Copies the extension into a context that can be changed and written.
    #[must_use]
    pub fn to_context(self) -> SecurityContext {
        // The style is the third 16-bit field.
        let append = self.bytes.get(4) == Some(&0);
        let mut context = SecurityContext { append, ..SecurityContext::default() };
        for (kind, place, property) in self.properties() {
            if context.collections.len() == place {
                context.collections.push(Collection { kind, properties: Vec::new() });
            }
            let property =
                Property { kind: property.kind, data: property.data.into_owned().into() };
            context.collections[place].properties.push(property);
        }
        context
    }

    /// Returns the direct caller: its SID, or its account name if there is no SID.
    #[must_use]
    pub fn caller(self) -> Option<String> {
        let direct = || self.properties().filter(|(_, place, _)| *place == 1);
        let sid = direct().find_map(|(_, _, property)| match property.value() {
            Value::Sid(sid) => Some(sid.to_string()),
            _ => None,
        });
        sid.or_else(|| self.caller_name())
    }

    /// Returns the account name of the direct caller.
    #[must_use]
    pub fn caller_name(self) -> Option<String> {
        let direct = self.properties().filter(|(_, place, _)| *place == 1);
        direct.into_iter().find_map(|(_, _, property)| match property.value() {
            Value::Name(name) => Some(name),
            _ => None,
        })
    }
}

fn read_property<'a>(reader: &mut Reader<'a>) -> ReadResult<Property<'a>> {
    let kind = reader.u16()?;
    let size = reader.u16()?;
    let data = reader.bytes(usize::from(size))?;
    reader.align(4)?;
    Ok(Property { kind, data: data.into() })
}

/// A collection of security properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// [`CHAIN`] or [`CALLER`].
    pub kind: u16,
    /// The properties; at least one.
    pub properties: Vec<Property<'static>>,
}

/// The security properties of calls, in a form that can be changed and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityContext {
    /// Whether a server appends its own collection to outgoing calls.
    pub append: bool,
    /// The collections: the chain, then the callers from the direct one on.
    pub collections: Vec<Collection>,
}

impl Default for SecurityContext {
    fn default() -> Self {
        Self { append: true, collections: Vec::new() }
    }
}

impl SecurityContext {
    /// Describes one authenticated caller: its SID, the number of the authentication service, the
    /// authentication level (also the lowest of the chain) and the impersonation level.
    #[must_use]
    pub fn authenticated(sid: Sid, service: u32, level: u32, impersonation: u32) -> Self {
        let caller = vec![
            Property { kind: property::SID, data: sid.0.into() },
            number(property::SERVICE, service),
            number(property::LEVEL, level),
            number(property::IMPERSONATION, impersonation),
        ];
        Self::of(level, caller)
    }

    /// Describes one caller by a name that the application supplied and nothing authenticated
    /// (authentication level 1).
    #[must_use]
    pub fn supplied(name: &str) -> Self {
        const UNAUTHENTICATED: u32 = 1;
        let units = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
        let name = Property { kind: property::SUPPLIED_NAME, data: units.collect() };
        Self::of(UNAUTHENTICATED, vec![name])
    }

    fn of(lowest: u32, caller: Vec<Property<'static>>) -> Self {
        let chain = vec![number(property::LOWEST_LEVEL, lowest)];
        let chain = Collection { kind: CHAIN, properties: chain };
        let caller = Collection { kind: CALLER, properties: caller };
        Self { append: true, collections: vec![chain, caller] }
    }

    /// Writes the extension.
    ///
    /// # Errors
    /// There are more than 65,535 collections, properties of one collection, or bytes of one
    /// property.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let size = |size: usize| u16::try_from(size).map_err(|_| WriteError::TooLarge);
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        for field in [1, 1, if self.append { 0 } else { 2 }, size(self.collections.len())?] {
            writer.u16(field);
        }
        for collection in &self.collections {
            writer.u16(collection.kind);
            writer.u16(size(collection.properties.len())?);
            for property in &collection.properties {
                writer.u16(property.kind);
                writer.u16(size(property.data.len())?);
                writer.bytes(&property.data);
                writer.align(4);
            }
        }
        Ok(bytes)
    }
}

fn number(kind: u16, value: u32) -> Property<'static> {
    Property { kind, data: value.to_le_bytes().to_vec().into() }
}
