//! The headers of a message with all their fields, one per line.

use std::fmt::Write as _;

use comqc::{
    Message, ReadError,
    message::{self, Header, TARGET_STRUCTURE},
    security::Security,
};
use data_encoding::HEXLOWER;

/// The sizes of a container header without its text, and of a call target before its text.
const CONTAINER_BYTES: usize = 80 + 36;
/// The size of a security header before its data.
const SECURITY_BYTES: usize = 16;

/// Lists the headers of a message.
pub(crate) fn listing(bytes: &[u8]) -> Result<String, ReadError> {
    let message = Message::read(bytes)?;
    let mut calls = message.calls().enumerate();
    let mut text = String::new();
    for header in message::headers(bytes) {
        let (offset, header) = header?;
        // Writing to a string cannot fail.
        let _ = write!(text, "{offset:04x} ");
        let _ = match header {
            Header::Container(container) => {
                let units = container.text.chunks_exact(2);
                let units = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
                let name = String::from_utf16_lossy(&units.collect::<Vec<_>>());
                let name = name.replace('\0', "\\x00");
                let pad = container.padding.len();
                let size = CONTAINER_BYTES + container.text.len() + pad;
                let (total, class) = (container.message_size, container.class);
                writeln!(
                    text,
                    "CHDR size={size} message={total} target={TARGET_STRUCTURE} clsid={class} \
                     name='{name}' pad={pad}"
                )
            }
            Header::Partition { id } => writeln!(text, "PART {id}"),
            Header::Security { data, data_padding, .. } => {
                let size = SECURITY_BYTES + data.len() + data_padding.len();
                let properties = properties(&Security::read(&data, offset + SECURITY_BYTES)?);
                let length = data.len();
                writeln!(text, "SECD size={size} data={length} v1.1 style=0{properties}")
            }
            Header::SecurityReference { offset, .. } => writeln!(text, "SECR -> {offset:04x}"),
            Header::Method(method) => {
                let Some((place, call)) = calls.next() else { continue };
                let name = if method.interface.is_some() { "METH" } else { "SMTH" };
                let size = call.data_offset - offset + method.data.len() + method.padding_2.len();
                let (iid, opnum, length) = (call.interface, call.opnum, call.data.len());
                writeln!(
                    text,
                    "{name} size={size} call#{} iid={iid} opnum={opnum} rep=0x10 flags=0x1000 \
                     data={length} {}",
                    place + 1,
                    HEXLOWER.encode(call.data)
                )
            }
            Header::Unknown { body, .. } => writeln!(text, "unknown {}", HEXLOWER.encode(&body)),
        };
    }
    Ok(text)
}

/// Lists the properties of a security header, in the groups in which they are stored.
fn properties(security: &Security<'_>) -> String {
    let (mut text, mut last) = (String::new(), None);
    for (kind, place, property) in security.properties() {
        if last == Some(place) {
            text.push(' ');
        } else {
            let end = if last.is_some() { "]" } else { "" };
            let _ = write!(text, "{end} {kind:04x}[");
        }
        last = Some(place);
        let _ = write!(text, "{:04x}={}", property.kind, HEXLOWER.encode(&property.data));
    }
    if last.is_some() {
        text.push(']');
    }
    text
}
