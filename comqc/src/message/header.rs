use std::borrow::Cow;

use crate::{
    Guid,
    error::{ReadError, ReadResult, Rule, WriteError},
    ndr::{Reader, Writer},
};

/// The message signature of a container header.
pub const MESSAGE_SIGNATURE: Guid = Guid::from_fields(
    0x71BB_DB83,
    0xFC41,
    0x11D0,
    [0xB7, 0x64, 0x00, 0x80, 0xC7, 0xEC, 0x3F, 0xC1],
);
/// The structure ID of a call target.
pub const TARGET_STRUCTURE: Guid = Guid::from_fields(
    0xECAB_AFC6,
    0x7F19,
    0x11D2,
    [0x97, 0x8E, 0x00, 0x00, 0xF8, 0x75, 0x7E, 0x2A],
);

/// The only maximum and minimum version.
const VERSION: u32 = 1;
/// The data representation of marshaled data: little-endian, ASCII, IEEE.
const DATA_REPRESENTATION: u32 = 0x10;
/// The flags of a method header.
const METHOD_FLAGS: u32 = 0x1000;
/// The reserved field of a method header.
const METHOD_RESERVED: u32 = 1;

/// The size of the fields that all headers begin with: signature and size.
pub(crate) const COMMON_BYTES: usize = 8;
/// The size of the container header before the call target.
const CONTAINER_BYTES: usize = 80;
/// The size of the call target before its text.
const TARGET_BYTES: usize = 36;

// The sizes of the other headers without their variable parts.
const PARTITION_BYTES: usize = 24;
const SECURITY_BYTES: usize = 16;
const REFERENCE_BYTES: usize = 16;
const SHORT_METHOD_BYTES: usize = 32;
const METHOD_BYTES: usize = 48;

/// The offset of the message size in the container header.
pub(crate) const MESSAGE_SIZE_OFFSET: usize = 32;

/// The container header (section 2.2.2) with its call target (section 2.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container<'a> {
    /// The size of the whole message in bytes.
    pub message_size: u32,
    /// Reserved; zero in canonical form, ignored on receipt.
    pub reserved_3: [u8; 32],
    /// Reserved; zero in canonical form, ignored on receipt.
    pub reserved_4: [u8; 8],
    /// The class of the target object.
    pub class: Guid,
    /// The target's text: UTF-16 with a NUL.
    pub text: Cow<'a, [u8]>,
    /// Padding; zero in canonical form, ignored on receipt.
    pub padding: Cow<'a, [u8]>,
}

/// A method header (section 2.2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodHeader<'a> {
    /// The interface of a METH header, or `None` for a SMTH header.
    pub interface: Option<Guid>,
    /// The number of the method in its interface; 0 to 2 are those of IUnknown.
    pub opnum: u32,
    /// Padding; zero in canonical form, ignored on receipt.
    pub padding_1: u32,
    /// The marshaled parameters and any undefined bytes after them.
    pub data: Cow<'a, [u8]>,
    /// Padding; zero in canonical form, ignored on receipt.
    pub padding_2: Cow<'a, [u8]>,
}

/// One header with all of its fields, so that writing it restores its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header<'a> {
    /// CHDR.
    Container(Container<'a>),
    /// PART (section 2.2.3).
    Partition {
        /// The partition in which the target object resides.
        id: Guid,
    },
    /// SECD (section 2.2.4).
    Security {
        /// Padding; zero in canonical form, ignored on receipt.
        header_padding: u32,
        /// The Security ORPC Extension; see [`crate::security`].
        data: Cow<'a, [u8]>,
        /// Padding; zero in canonical form, ignored on receipt.
        data_padding: Cow<'a, [u8]>,
    },
    /// SECR (section 2.2.5).
    SecurityReference {
        /// The offset of a SECD header in the message.
        offset: u32,
        /// Padding; zero in canonical form, ignored on receipt.
        padding: u32,
    },
    /// METH or SMTH.
    Method(MethodHeader<'a>),
    /// A header with a signature that the specification does not define.
    Unknown {
        /// The signature.
        signature: [u8; 4],
        /// The bytes after signature and size.
        body: Cow<'a, [u8]>,
    },
}

/// The headers of a message with their offsets. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    position: usize,
}

/// Reads the headers of a message one by one. Checks the fields of each header, but not their
/// sequence; [`crate::Message::read`] checks both.
#[must_use]
pub fn headers(bytes: &[u8]) -> Headers<'_> {
    Headers { bytes, position: 0 }
}

impl<'a> Headers<'a> {
    /// Continues at a header that has been checked.
    pub(super) fn at(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position }
    }

    /// Returns the bytes of the whole message.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = ReadResult<(usize, Header<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.position;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let header = read_header(rest, start);
        self.position = match &header {
            Ok((size, _)) => start + size,
            Err(_) => self.bytes.len(),
        };
        Some(header.map(|(_, header)| (start, header)))
    }
}

/// Reads the header at the start of `rest`, whose offset in the message is `base`, and its size.
fn read_header(rest: &[u8], base: usize) -> ReadResult<(usize, Header<'_>)> {
    let error = |rule, offset| Err(ReadError::new(rule, base + offset));
    let mut common = Reader::with_rule(rest, base, Rule::HeaderTruncated);
    let signature: [u8; 4] = common.array()?;
    let size = common.u32()? as usize;
    if !size.is_multiple_of(8) {
        return error(Rule::HeaderSizeMultiple, 4);
    }
    let fixed = match &signature {
        b"CHDR" => CONTAINER_BYTES,
        b"SECD" => SECURITY_BYTES,
        b"METH" => METHOD_BYTES,
        b"SMTH" => SHORT_METHOD_BYTES,
        _ => COMMON_BYTES,
    };
    if size < fixed {
        return error(Rule::HeaderSizeTooSmall, 4);
    }
    let Some(bytes) = rest.get(..size) else { return error(Rule::HeaderPastEnd, 4) };
    let mut reader = Reader::with_rule(bytes, base, Rule::HeaderSizeTooSmall);
    reader.bytes(COMMON_BYTES)?;
    let header = match &signature {
        b"CHDR" => Header::Container(read_container(&mut reader)?),
        b"PART" if size != PARTITION_BYTES => return error(Rule::PartitionSize, 4),
        b"PART" => Header::Partition { id: reader.guid()? },
        b"SECD" => {
            let length = reader.u32()? as usize;
            let header_padding = reader.u32()?;
            let (data, data_padding) =
                split(&mut reader, length, Rule::SecurityDataSize, COMMON_BYTES)?;
            Header::Security { header_padding, data, data_padding }
        }
        b"SECR" if size != REFERENCE_BYTES => return error(Rule::ReferenceSize, 4),
        b"SECR" => Header::SecurityReference { offset: reader.u32()?, padding: reader.u32()? },
        b"METH" => Header::Method(read_method(&mut reader, true)?),
        b"SMTH" => Header::Method(read_method(&mut reader, false)?),
        _ => Header::Unknown { signature, body: reader.rest().into() },
    };
    Ok((size, header))
}

/// Two borrowed or owned byte strings.
type CowPair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Splits the rest of a header into data of a given length and padding. `field` is the offset of
/// the length.
fn split<'a>(
    reader: &mut Reader<'a>,
    length: usize,
    rule: Rule,
    field: usize,
) -> ReadResult<CowPair<'a>> {
    if length > reader.remaining() {
        return Err(reader.error_at(field, rule));
    }
    Ok((reader.bytes(length)?.into(), reader.rest().into()))
}

fn read_container<'a>(reader: &mut Reader<'a>) -> ReadResult<Container<'a>> {
    if reader.guid()? != MESSAGE_SIGNATURE {
        return Err(reader.error_at(8, Rule::MessageSignature));
    }
    if reader.u32()? != VERSION {
        return Err(reader.error_at(24, Rule::MaximumVersion));
    }
    if reader.u32()? != VERSION {
        return Err(reader.error_at(28, Rule::MinimumVersion));
    }
    let message_size = reader.u32()?;
    let reserved_3 = reader.array()?;
    let target_size = reader.u32()? as usize;
    let reserved_4 = reader.array()?;
    if !target_size.is_multiple_of(8)
        || target_size != reader.remaining()
        || target_size < TARGET_BYTES
    {
        return Err(reader.error_at(68, Rule::TargetSize));
    }
    if reader.guid()? != TARGET_STRUCTURE {
        return Err(reader.error_at(CONTAINER_BYTES, Rule::TargetStructure));
    }
    let class = reader.guid()?;
    let field = reader.position();
    let length = reader.u32()? as usize;
    if !length.is_multiple_of(2) {
        return Err(reader.error_at(field, Rule::TargetTextSize));
    }
    let (text, padding) = split(reader, length, Rule::TargetTextSize, field)?;
    let units = text.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let characters = (length / 2).saturating_sub(1);
    if units.clone().position(|unit| unit == 0) != Some(characters) {
        return Err(reader.error_at(field + 4, Rule::TargetTextEnd));
    }
    if characters > 0 && !Guid::is_spelled_by(units.take(characters)) {
        return Err(reader.error_at(field + 4, Rule::TargetTextSyntax));
    }
    Ok(Container { message_size, reserved_3, reserved_4, class, text, padding })
}

fn read_method<'a>(reader: &mut Reader<'a>, has_interface: bool) -> ReadResult<MethodHeader<'a>> {
    let opnum = reader.u32()?;
    for (expected, rule) in
        [(DATA_REPRESENTATION, Rule::DataRepresentation), (METHOD_FLAGS, Rule::MethodFlags)]
    {
        let field = reader.position();
        if reader.u32()? != expected {
            return Err(reader.error_at(field, rule));
        }
    }
    let length_field = reader.position();
    let length = reader.u32()? as usize;
    if reader.u32()? != METHOD_RESERVED {
        return Err(reader.error_at(length_field + 4, Rule::MethodReserved));
    }
    let padding_1 = reader.u32()?;
    let interface = if has_interface { Some(reader.guid()?) } else { None };
    let (data, padding_2) = split(reader, length, Rule::MarshaledSize, length_field)?;
    Ok(MethodHeader { interface, opnum, padding_1, data, padding_2 })
}

impl Header<'_> {
    /// Returns the four characters of the signature.
    #[must_use]
    pub fn signature(&self) -> [u8; 4] {
        match self {
            Self::Container(_) => *b"CHDR",
            Self::Partition { .. } => *b"PART",
            Self::Security { .. } => *b"SECD",
            Self::SecurityReference { .. } => *b"SECR",
            Self::Method(MethodHeader { interface: Some(_), .. }) => *b"METH",
            Self::Method(_) => *b"SMTH",
            Self::Unknown { signature, .. } => *signature,
        }
    }

    /// Appends the header to a message.
    ///
    /// # Errors
    /// A part is larger than its size field can say, or the parts do not add up to a multiple of 8.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), WriteError> {
        let start = out.len();
        let mut writer = Writer::new(out);
        writer.bytes(&self.signature());
        writer.u32(0);
        match self {
            Self::Container(container) => write_container(container, &mut writer)?,
            Self::Partition { id } => writer.guid(*id),
            Self::Security { header_padding, data, data_padding } => {
                writer.u32(size(data.len())?);
                writer.u32(*header_padding);
                writer.bytes(data);
                writer.bytes(data_padding);
            }
            Self::SecurityReference { offset, padding } => {
                writer.u32(*offset);
                writer.u32(*padding);
            }
            Self::Method(method) => {
                let MethodHeader { interface, opnum, padding_1, data, padding_2 } = method;
                write_method_fields(&mut writer, *opnum, size(data.len())?, *padding_1);
                if let Some(interface) = interface {
                    writer.guid(*interface);
                }
                writer.bytes(data);
                writer.bytes(padding_2);
            }
            Self::Unknown { body, .. } => writer.bytes(body),
        }
        finish_header(out, start)
    }
}

/// Writes a method header's fields between the common header and the interface.
pub(crate) fn write_method_fields(
    writer: &mut Writer<'_>,
    opnum: u32,
    data_size: u32,
    padding: u32,
) {
    let fields = [opnum, DATA_REPRESENTATION, METHOD_FLAGS, data_size, METHOD_RESERVED, padding];
    for field in fields {
        writer.u32(field);
    }
}

/// Fills in the size of the header that starts at `start`.
fn finish_header(out: &mut [u8], start: usize) -> Result<(), WriteError> {
    let total = out.len() - start;
    if !total.is_multiple_of(8) {
        return Err(WriteError::Unaligned);
    }
    out[start + 4..start + 8].copy_from_slice(&size(total)?.to_le_bytes());
    Ok(())
}

fn write_container(container: &Container<'_>, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    let Container { message_size, reserved_3, reserved_4, class, text, padding } = container;
    writer.guid(MESSAGE_SIGNATURE);
    writer.u32(VERSION);
    writer.u32(VERSION);
    writer.u32(*message_size);
    writer.bytes(reserved_3);
    writer.u32(size(TARGET_BYTES + text.len() + padding.len())?);
    writer.bytes(reserved_4);
    writer.guid(TARGET_STRUCTURE);
    writer.guid(*class);
    writer.u32(size(text.len())?);
    writer.bytes(text);
    writer.bytes(padding);
    Ok(())
}

pub(crate) fn size(bytes: usize) -> Result<u32, WriteError> {
    u32::try_from(bytes).map_err(|_| WriteError::TooLarge)
}

/// Writes headers one after the other. The inverse of [`headers`].
///
/// # Errors
/// A header cannot be written.
pub fn write_headers<'a>(
    headers: impl IntoIterator<Item = &'a Header<'a>>,
) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    for header in headers {
        header.write(&mut out)?;
    }
    Ok(out)
}
