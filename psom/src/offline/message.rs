//! A recorded call as a message of queued calls.
//!
//! A message has two calls. The first is on the interface [`TARGET_INTERFACE`]. Its arguments are the
//! names of the target and of the interface. The second is the call itself: its IID is derived from
//! the name, the version and the hash of the interface, its opnum is the index of the method plus 2,
//! and its data is the arguments as PSOM encodes them.

use bytes::Bytes;
use comqc::{
    Guid, Message, ReadError, Rule, WriteError,
    ndr::{Reader, Writer},
    security::SecurityContext,
};

/// The interface of the call that describes the target.
const TARGET_INTERFACE: Guid = Guid::from_fields(
    0x5053_4F4D,
    0x0001,
    0x4F46,
    [0x8C, 0x1B, 0x46, 0x4C, 0x49, 0x4E, 0x45, 0x01],
);
/// The opnum of the call that describes the target: the first one after those of IUnknown.
const TARGET_OPNUM: u32 = 3;
/// The offset from the index of a method to its opnum. IUnknown has the opnums 0 to 2, and the first
/// method of a PSOM interface has the index 1.
const OPNUM_OF_INDEX_0: u32 = 2;

/// A recorded call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// The partition: the meeting for which the call was recorded, by its [`name_id`].
    pub meeting: Option<Guid>,
    /// The part names from the root to the target, separated by `/`; empty for the root.
    pub target: String,
    /// The name of the interface.
    pub interface: String,
    /// The version of the interface.
    pub version: i32,
    /// The hash of the called half in this version.
    pub hash: i64,
    /// The index of the method, counted from 1.
    pub method: u8,
    /// The encoded arguments.
    pub arguments: Bytes,
    /// The name of the person who recorded the call. It is not authenticated.
    pub recorded_by: String,
}

/// Derives a GUID from a name: 128-bit FNV-1a of its bytes in ASCII lower case.
pub fn name_id(name: &str) -> Guid {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mix = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    let hash = name.bytes().map(|byte| byte.to_ascii_lowercase()).fold(OFFSET_BASIS, mix);
    from_u128(hash)
}

fn from_u128(value: u128) -> Guid {
    let [a, b, c, d, e, f, g, h, last @ ..] = value.to_be_bytes();
    Guid::from_fields(
        u32::from_be_bytes([a, b, c, d]),
        u16::from_be_bytes([e, f]),
        u16::from_be_bytes([g, h]),
        last,
    )
}

/// Derives the IID of one version of an interface. It contains the version, 32 bits of the name's
/// [`name_id`], and the hash.
pub fn interface_id(name: &str, version: i32, hash: i64) -> Guid {
    let name = name_id(name).to_bytes();
    let half = |at: usize| u16::from_le_bytes([name[at], name[at + 1]]);
    Guid::from_fields(version.cast_unsigned(), half(0), half(2), hash.to_be_bytes())
}

impl RecordedCall {
    /// Writes the message.
    ///
    /// # Errors
    /// A text or the arguments are too large.
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        let context = SecurityContext::supplied(&self.recorded_by);
        let mut recorder = comqc::Recorder::new(name_id(&self.target), self.meeting, &context)?;
        recorder.call(TARGET_INTERFACE, TARGET_OPNUM, |writer| {
            writer.i32(self.version);
            writer.i64(self.hash);
            write_text(writer, &self.target)?;
            write_text(writer, &self.interface)
        })?;
        let interface = interface_id(&self.interface, self.version, self.hash);
        let opnum = u32::from(self.method) + OPNUM_OF_INDEX_0;
        recorder.call(interface, opnum, |writer| {
            writer.bytes(&self.arguments);
            Ok(())
        })?;
        // This is never absent, because two calls were recorded.
        Ok(recorder.finish().unwrap_or_default())
    }

    /// Reads a message.
    ///
    /// # Errors
    /// The message violates a rule of MC-COMQC, or it is not a recorded PSOM call.
    pub fn read(bytes: &Bytes) -> Result<Self, ReadError> {
        let message = Message::read(bytes)?;
        let mut calls = message.calls();
        let unknown = |offset| ReadError { rule: Rule::UnknownInterface, offset };
        let (Some(target), Some(call), None) = (calls.next(), calls.next(), calls.next()) else {
            return Err(unknown(0));
        };
        if target.interface != TARGET_INTERFACE || target.opnum != TARGET_OPNUM {
            return Err(unknown(target.offset));
        }
        let mut reader = target.arguments();
        let (version, hash) = (reader.i32()?, reader.i64()?);
        let (part, interface) = (read_text(&mut reader)?, read_text(&mut reader)?);
        if call.interface != interface_id(&interface, version, hash)
            || message.class() != name_id(&part)
        {
            return Err(unknown(call.offset));
        }
        let method = call.opnum.checked_sub(OPNUM_OF_INDEX_0).and_then(|at| at.try_into().ok());
        let unknown_method = ReadError { rule: Rule::UnknownMethod, offset: call.offset };
        let start = call.data_offset;
        Ok(Self {
            meeting: message.partition(),
            target: part,
            interface,
            version,
            hash,
            method: method.ok_or(unknown_method)?,
            arguments: bytes.slice(start..start + call.data.len()),
            recorded_by: call.security.caller_name().unwrap_or_default(),
        })
    }
}

/// Writes a text as a conformant array of UTF-16 code units.
fn write_text(writer: &mut Writer<'_>, text: &str) -> Result<(), WriteError> {
    let units: Vec<u16> = text.encode_utf16().collect();
    writer.u32(u32::try_from(units.len()).map_err(|_| WriteError::TooLarge)?);
    units.into_iter().for_each(|unit| writer.u16(unit));
    Ok(())
}

fn read_text(reader: &mut Reader<'_>) -> Result<String, ReadError> {
    let count = reader.count(2)?;
    let units: Vec<u16> = (0..count).map(|_| reader.u16()).collect::<Result<_, _>>()?;
    Ok(String::from_utf16_lossy(&units))
}
