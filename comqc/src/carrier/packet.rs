use std::borrow::Cow;

use crate::{
    Guid,
    error::{ReadError, ReadResult, Rule, WriteError},
    ndr::{Reader, Writer},
};

/// The extension of a queue's message that carries calls (MC-COMQC section 2.1).
pub const EXTENSION: Guid = Guid::from_fields(
    0x1664_BCFB,
    0x1751,
    0x11D2,
    [0xB5, 0x8E, 0x00, 0xE0, 0x29, 0x0E, 0x6C, 0x31],
);
/// The signature of a packet at its fifth byte.
pub const PACKET_SIGNATURE: [u8; 4] = *b"LIOR";
/// The largest packet in bytes (4 MiB).
pub const MAX_PACKET_BYTES: usize = 4 << 20;

/// The version of a packet at its first byte.
const VERSION: u8 = 0x10;
/// The size of a BaseHeader.
const BASE_BYTES: usize = 16;
/// The hash algorithm of a packet that is not signed (MD5 or SHA-1 by the manager's version).
const DEFAULT_HASH: u32 = 0x8004;
/// The cipher of a packet that is not encrypted (RC4).
const DEFAULT_CIPHER: u32 = 0x6801;

/// The flags of a UserHeader.
mod user_flags {
    pub(super) const RECOVERABLE: u32 = 1 << 5;
    /// The shifts of the three-bit kinds of the destination, admin and response queue.
    pub(super) const QUEUE_SHIFTS: [u32; 3] = [10, 13, 16];
    pub(super) const SECURITY: u32 = 1 << 19;
    pub(super) const TRANSACTION: u32 = 1 << 20;
    pub(super) const PROPERTIES: u32 = 1 << 21;
    pub(super) const CONNECTOR: u32 = 1 << 22;
}

/// The name of a queue in a packet.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum QueueName {
    /// No queue (kind 0).
    #[default]
    None,
    /// A private queue of the source (kind 2), the destination (3) or the admin queue's manager (4).
    Private {
        /// The kind, 2 to 4.
        kind: u8,
        /// The number of the queue.
        id: u32,
    },
    /// A public queue (kind 5).
    Public(Guid),
    /// A private queue of a manager (kind 6).
    Foreign {
        /// The manager.
        manager: Guid,
        /// The number of the queue.
        id: u32,
    },
    /// A direct name (kind 7) such as `OS:server\private$\application`, without its NUL.
    Direct(String),
}

/// The bytes of the headers that the carrier preserves without interpreting them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sections {
    /// The TransactionHeader.
    pub transaction: Option<Vec<u8>>,
    /// The SecurityHeader.
    pub security: Option<Vec<u8>>,
    /// The debug, SOAP and multi-queue headers after the properties.
    pub trailing: Vec<u8>,
}

/// The MessagePropertiesHeader without its sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// The acknowledgments that the sender requests.
    pub acknowledgments: u8,
    /// The label in UTF-16 with its NUL, as bytes; empty if the message has none.
    pub label: Vec<u8>,
    /// The message class; 0 for a normal message.
    pub class: u16,
    /// The correlation ID.
    pub correlation: [u8; 20],
    /// The type of the body. The value of real packets with calls is not published, so this crate
    /// writes 0.
    pub body_type: u32,
    /// A number of the application.
    pub application_tag: u32,
    /// The bytes allocated for the body.
    pub allocated_bytes: u32,
    /// The privacy level.
    pub privacy: u32,
    /// The hash algorithm.
    pub hash: u32,
    /// The cipher.
    pub cipher: u32,
    /// The extension; see [`EXTENSION`].
    pub extension: Vec<u8>,
}

/// A UserMessage packet. Reading and writing it restores its bytes if its padding is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The flags of the BaseHeader; the lowest three bits are the priority.
    pub base_flags: u16,
    /// The second byte of the BaseHeader.
    pub reserved: u8,
    /// The seconds in which the packet has to reach its queue.
    pub time_to_reach_queue: u32,
    /// The queue manager that sent the packet.
    pub source: Guid,
    /// The queue manager that receives the packet.
    pub destination_manager: Guid,
    /// The seconds in which the message has to be received, or `u32::MAX` without a limit.
    pub time_to_be_received: u32,
    /// The time of sending in seconds since 1970.
    pub sent: u32,
    /// The number of the message.
    pub message_id: u32,
    /// The flags of the UserHeader. Writing sets the bits of the parts that exist.
    pub user_flags: u32,
    /// The destination, admin and response queue.
    pub queues: [QueueName; 3],
    /// The connector type.
    pub connector: Option<Guid>,
    /// The properties.
    pub properties: Properties,
    /// Other headers.
    pub sections: Sections,
    /// The body.
    pub body: Cow<'a, [u8]>,
}

impl<'a> Packet<'a> {
    /// Builds a recoverable packet with calls for a queue with a direct name. The priority is 3,
    /// and there are no time limits.
    ///
    /// # Errors
    /// The label has more than 254 code units.
    pub fn with_calls(
        queue: &str,
        label: &str,
        body: impl Into<Cow<'a, [u8]>>,
    ) -> Result<Self, WriteError> {
        let label: Vec<u8> = match label {
            "" => Vec::new(),
            label => label.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect(),
        };
        if label.len() > 2 * usize::from(u8::MAX) {
            return Err(WriteError::TooLarge);
        }
        let body = body.into();
        Ok(Self {
            base_flags: 3,
            reserved: 0,
            time_to_reach_queue: u32::MAX,
            source: Guid::NULL,
            destination_manager: Guid::NULL,
            time_to_be_received: u32::MAX,
            sent: 0,
            message_id: 0,
            user_flags: user_flags::RECOVERABLE,
            queues: [QueueName::Direct(queue.to_owned()), QueueName::None, QueueName::None],
            connector: None,
            properties: Properties {
                acknowledgments: 0,
                label,
                class: 0,
                correlation: [0; 20],
                body_type: 0,
                application_tag: 0,
                allocated_bytes: u32::try_from(body.len()).map_err(|_| WriteError::TooLarge)?,
                privacy: 0,
                hash: DEFAULT_HASH,
                cipher: DEFAULT_CIPHER,
                extension: EXTENSION.to_bytes().to_vec(),
            },
            sections: Sections::default(),
            body,
        })
    }

    /// Returns the size that the packet at the start of `bytes` states, or `None` if `bytes` does
    /// not start with a packet.
    #[must_use]
    pub fn stated_size(bytes: &[u8]) -> Option<usize> {
        let header: [u8; BASE_BYTES] = bytes.get(..BASE_BYTES)?.try_into().ok()?;
        let is_packet = header[0] == VERSION && header[4..8] == PACKET_SIGNATURE;
        let size = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        is_packet.then_some(size as usize)
    }

    /// Reads a packet that fills `bytes`.
    ///
    /// # Errors
    /// The packet violates a rule of its format. The body is not read; see [`Self::calls`].
    pub fn read(bytes: &'a [u8]) -> ReadResult<Self> {
        let stated =
            Self::stated_size(bytes).ok_or_else(|| ReadError::new(Rule::PacketSignature, 0))?;
        if stated != bytes.len() || stated > MAX_PACKET_BYTES {
            return Err(ReadError::new(Rule::PacketSize, 8));
        }
        let mut reader = Reader::with_rule(bytes, 0, Rule::PacketTruncated);
        reader.u8()?;
        let reserved = reader.u8()?;
        let base_flags = reader.u16()?;
        reader.bytes(8)?;
        let time_to_reach_queue = reader.u32()?;
        let source = reader.guid()?;
        let destination_manager = reader.guid()?;
        let [time_to_be_received, sent, message_id, user_flags] =
            [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
        let mut queues = [const { QueueName::None }; 3];
        for (queue, shift) in queues.iter_mut().zip(user_flags::QUEUE_SHIFTS) {
            *queue = read_queue(&mut reader, ((user_flags >> shift) & 7) as u8)?;
        }
        let has = |flag| user_flags & flag != 0;
        let connector = has(user_flags::CONNECTOR).then(|| reader.guid()).transpose()?;
        let mut sections = Sections::default();
        if has(user_flags::TRANSACTION) {
            sections.transaction = Some(read_transaction(&mut reader)?.to_vec());
        }
        if has(user_flags::SECURITY) {
            sections.security = Some(read_security(&mut reader)?.to_vec());
        }
        if !has(user_flags::PROPERTIES) {
            // The flags are the last field before the queues.
            return Err(ReadError::new(Rule::PacketProperties, 60));
        }
        let (properties, body) = read_properties(&mut reader)?;
        sections.trailing = reader.rest().to_vec();
        Ok(Self {
            base_flags,
            reserved,
            time_to_reach_queue,
            source,
            destination_manager,
            time_to_be_received,
            sent,
            message_id,
            user_flags,
            queues,
            connector,
            properties,
            sections,
            body: body.into(),
        })
    }

    /// Returns the body if the extension says that it holds calls.
    ///
    /// # Errors
    /// The extension is another one: the server rejects and ignores the message (section 3.1.5).
    pub fn calls(&self) -> ReadResult<&[u8]> {
        if self.properties.extension == EXTENSION.to_bytes() {
            Ok(&self.body)
        } else {
            Err(ReadError::new(Rule::PacketExtension, 0))
        }
    }

    /// Returns the label without its NUL.
    #[must_use]
    pub fn label(&self) -> String {
        let units = self.properties.label.chunks_exact(2);
        let units: Vec<_> = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        String::from_utf16_lossy(units.strip_suffix(&[0]).unwrap_or(&units))
    }

    /// Writes the packet.
    ///
    /// # Errors
    /// A part is too large for its size field, or the packet exceeds 4 MiB.
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.u8(VERSION);
        writer.u8(self.reserved);
        writer.u16(self.base_flags);
        writer.bytes(&PACKET_SIGNATURE);
        let size_field = writer.position();
        writer.u32(0);
        writer.u32(self.time_to_reach_queue);
        writer.guid(self.source);
        writer.guid(self.destination_manager);
        for field in [self.time_to_be_received, self.sent, self.message_id, self.flags()] {
            writer.u32(field);
        }
        for queue in &self.queues {
            write_queue(&mut writer, queue)?;
        }
        if let Some(connector) = self.connector {
            writer.guid(connector);
        }
        for section in [&self.sections.transaction, &self.sections.security].into_iter().flatten() {
            writer.bytes(section);
        }
        write_properties(&mut writer, &self.properties, &self.body)?;
        writer.bytes(&self.sections.trailing);
        let size = writer.position();
        let stated = u32::try_from(size).ok().filter(|_| size <= MAX_PACKET_BYTES);
        writer.patch_u32(size_field, stated.ok_or(WriteError::TooLarge)?);
        Ok(bytes)
    }

    /// Returns the flags of the UserHeader with the bits of the parts that exist.
    fn flags(&self) -> u32 {
        let mut flags = self.user_flags | user_flags::PROPERTIES;
        for (queue, shift) in self.queues.iter().zip(user_flags::QUEUE_SHIFTS) {
            let kind = match queue {
                QueueName::None => 0,
                QueueName::Private { kind, .. } => u32::from(*kind),
                QueueName::Public(_) => 5,
                QueueName::Foreign { .. } => 6,
                QueueName::Direct(_) => 7,
            };
            flags = flags & !(7 << shift) | ((kind & 7) << shift);
        }
        for (flag, is_there) in [
            (user_flags::CONNECTOR, self.connector.is_some()),
            (user_flags::TRANSACTION, self.sections.transaction.is_some()),
            (user_flags::SECURITY, self.sections.security.is_some()),
        ] {
            flags = if is_there { flags | flag } else { flags & !flag };
        }
        flags
    }
}

fn read_queue(reader: &mut Reader<'_>, kind: u8) -> ReadResult<QueueName> {
    let field = reader.position();
    let queue = match kind {
        0 => QueueName::None,
        2..=4 => QueueName::Private { kind, id: reader.u32()? },
        5 => QueueName::Public(reader.guid()?),
        6 => QueueName::Foreign { manager: reader.guid()?, id: reader.u32()? },
        7 => {
            let length = reader.u16()?;
            let bytes = reader.bytes(length.into())?;
            let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            let units: Vec<_> = units.collect();
            let name = units.strip_suffix(&[0]).and_then(|name| String::from_utf16(name).ok());
            match name {
                Some(name) if length.is_multiple_of(2) => QueueName::Direct(name),
                _ => return Err(reader.error_at(field, Rule::PacketQueue)),
            }
        }
        _ => return Err(reader.error_at(field, Rule::PacketQueue)),
    };
    reader.align(4)?;
    Ok(queue)
}

fn write_queue(writer: &mut Writer<'_>, queue: &QueueName) -> Result<(), WriteError> {
    match queue {
        QueueName::None => {}
        QueueName::Private { id, .. } => writer.u32(*id),
        QueueName::Public(id) => writer.guid(*id),
        QueueName::Foreign { manager, id } => {
            writer.guid(*manager);
            writer.u32(*id);
        }
        QueueName::Direct(name) => {
            let units: Vec<_> = name.encode_utf16().chain([0]).collect();
            writer.u16(u16::try_from(2 * units.len()).map_err(|_| WriteError::TooLarge)?);
            units.into_iter().for_each(|unit| writer.u16(unit));
        }
    }
    writer.align(4);
    Ok(())
}

/// Reads a TransactionHeader as bytes: 20, and a GUID if the lowest flag is set.
fn read_transaction<'a>(reader: &mut Reader<'a>) -> ReadResult<&'a [u8]> {
    let has_connector = reader.clone().u32()? & 1 != 0;
    reader.bytes(if has_connector { 36 } else { 20 })
}

/// Reads a SecurityHeader as bytes: its fixed part gives the sizes of five parts, each padded to a
/// multiple of 4.
fn read_security<'a>(reader: &mut Reader<'a>) -> ReadResult<&'a [u8]> {
    let mut fields = reader.clone();
    fields.u16()?;
    let mut sizes = [0usize; 5];
    for size in &mut sizes[..3] {
        *size = fields.u16()?.into();
    }
    for size in &mut sizes[3..] {
        *size = fields.u32()? as usize;
    }
    let parts = sizes.iter().map(|size| size.next_multiple_of(4)).sum::<usize>();
    reader.bytes(fields.position() - reader.position() + parts)
}

fn read_properties<'a>(reader: &mut Reader<'a>) -> ReadResult<(Properties, &'a [u8])> {
    let start = reader.position();
    let acknowledgments = reader.u8()?;
    let label_units = reader.u8()?;
    let class = reader.u16()?;
    let correlation = reader.array()?;
    let [body_type, application_tag, body_bytes, allocated_bytes] =
        [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
    let [privacy, hash, cipher, extension_bytes] =
        [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
    let parts = [2 * usize::from(label_units), extension_bytes as usize, body_bytes as usize];
    if parts.iter().sum::<usize>() > reader.remaining() {
        return Err(reader.error_at(start, Rule::PacketProperties));
    }
    let [label, extension, body] =
        [reader.bytes(parts[0])?, reader.bytes(parts[1])?, reader.bytes(parts[2])?];
    reader.align(4)?;
    let properties = Properties {
        acknowledgments,
        label: label.to_vec(),
        class,
        correlation,
        body_type,
        application_tag,
        allocated_bytes,
        privacy,
        hash,
        cipher,
        extension: extension.to_vec(),
    };
    Ok((properties, body))
}

fn write_properties(
    writer: &mut Writer<'_>,
    properties: &Properties,
    body: &[u8],
) -> Result<(), WriteError> {
    let size = |size: usize| u32::try_from(size).map_err(|_| WriteError::TooLarge);
    let label_units = u8::try_from(properties.label.len() / 2).map_err(|_| WriteError::TooLarge)?;
    writer.u8(properties.acknowledgments);
    writer.u8(label_units);
    writer.u16(properties.class);
    writer.bytes(&properties.correlation);
    for field in [
        properties.body_type,
        properties.application_tag,
        size(body.len())?,
        properties.allocated_bytes,
        properties.privacy,
        properties.hash,
        properties.cipher,
        size(properties.extension.len())?,
    ] {
        writer.u32(field);
    }
    writer.bytes(&properties.label[..2 * usize::from(label_units)]);
    writer.bytes(&properties.extension);
    writer.bytes(body);
    writer.align(4);
    Ok(())
}
