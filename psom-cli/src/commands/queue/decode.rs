use std::path::PathBuf;

use clap::Args;
use comqc::{
    Message, ReadError,
    carrier::{Packet, QueueName, Verdict, carve},
    message::{self, Header},
    security::{Security, Value},
};
use data_encoding::HEXLOWER;
use serde_json::{Value as Json, json};

use super::{json, limits::MAX_FILE_BYTES, listing::listing, names::Names};
use crate::{
    error::{CommandError, Result},
    files::{name_of, read_input},
    terminal::out,
};

/// Print the calls of a message, a packet or a storage file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom queue decode order.bin
  psom queue decode order.bin --interface ship.idl
  psom queue decode p0000005.mq --json

The file is a message body, a packet of the message queue (MSMQ), or a file that contains such packets,
such as a storage file or a memory dump. Each line shows the offset of a header, its signature and its
content. The line of a call shows the method and the arguments. The types of the arguments are known for
late-bound calls; for other calls, they come from an IDL file. A message that violates a rule is printed
as far as it can be read, and the command exits with 1. At most 256 MiB are read.")]
pub(crate) struct QueueDecode {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// The IDL file with the called interfaces.
    #[arg(long, value_name = "FILE")]
    interface: Option<PathBuf>,
    /// Print JSON, which `psom queue encode` reads.
    #[arg(long)]
    json: bool,
    /// Print all fields of each header of a message or a packet, with sizes and data in hexadecimal.
    #[arg(long, conflicts_with_all = ["json", "interface"])]
    fields: bool,
}

/// The signature of the first header of a message.
const MESSAGE_START: &[u8] = b"CHDR";

/// Reports whether the bytes are a message or a packet of queued calls, whole or damaged.
pub(crate) fn is_recorded(bytes: &[u8]) -> bool {
    bytes.starts_with(MESSAGE_START) || Packet::stated_size(bytes) == Some(bytes.len())
}

/// Prints a message or a packet that [`is_recorded`] has recognized.
pub(crate) fn print_recorded(bytes: &[u8], names: &Names) -> Result {
    if bytes.starts_with(MESSAGE_START) {
        print_message(bytes, names)?;
        return checked(Message::read(bytes));
    }
    let packet = Packet::read(bytes).map_err(|error| CommandError::new(error.to_string()))?;
    print_packet(&packet, names)
}

impl QueueDecode {
    pub(crate) fn run(self) -> Result {
        let names = Names::read(self.interface.as_deref())?;
        let bytes = read_input(&self.file, MAX_FILE_BYTES)?;
        match self.whole(&bytes, &names) {
            Some(result) => result,
            None => self.found(&bytes, &names),
        }
    }

    /// Prints a message or a packet that is the whole file.
    fn whole(&self, bytes: &[u8], names: &Names) -> Option<Result> {
        if !is_recorded(bytes) {
            return None;
        }
        if self.fields {
            return Some(print_fields(bytes));
        }
        if !self.json {
            return Some(print_recorded(bytes, names));
        }
        let (value, result) = if bytes.starts_with(MESSAGE_START) {
            (json::of_message(bytes, names), checked(Message::read(bytes)))
        } else {
            match Packet::read(bytes) {
                Ok(packet) => {
                    let result = checked(packet.calls().and_then(Message::read));
                    (json::of_packet(&packet, names), result)
                }
                Err(error) => return Some(Err(CommandError::new(error.to_string()))),
            }
        };
        Some(out::line(pretty(&value)).and(result))
    }

    /// Prints the packets and messages in a storage file or a memory dump.
    fn found(&self, bytes: &[u8], names: &Names) -> Result {
        let (mut count, mut damaged, mut list) = (0, 0, Vec::new());
        for found in carve(bytes) {
            count += 1;
            let part = &bytes[found.range.clone()];
            let offset = found.range.start;
            if self.json {
                list.push(json::of_found(&found, part, names));
            } else {
                out::line(format!("At {offset:#x}, {} bytes:", part.len()))?;
            }
            match (&found.verdict, self.json) {
                (Verdict::Damaged { error, message }, is_json) => {
                    damaged += 1;
                    if !is_json {
                        out::line(format!("  damaged, {error}"))?;
                        if let Some(range) = message {
                            print_message(&bytes[range.clone()], names)?;
                        }
                    }
                }
                (_, true) => {}
                (Verdict::Message, false) => print_message(part, names)?,
                (_, false) => {
                    if let Ok(packet) = Packet::read(part) {
                        print_packet(&packet, names)?;
                    }
                }
            }
        }
        if count == 0 {
            let name = name_of(&self.file);
            return Err(CommandError::new(format!(
                "{name} contains no packet and no message of queued calls"
            )));
        }
        if self.json {
            out::line(pretty(&json!({ "found": list })))?;
        }
        match damaged {
            0 => Ok(()),
            _ => Err(CommandError::new(format!(
                "{damaged} of {count} packets and messages are damaged"
            ))),
        }
    }
}

/// Prints all fields of a message, which may be in a packet.
fn print_fields(bytes: &[u8]) -> Result {
    let failed = |error: ReadError| CommandError::new(error.to_string());
    if bytes.starts_with(MESSAGE_START) {
        return out::text(&listing(bytes).map_err(failed)?);
    }
    let packet = Packet::read(bytes).map_err(|error| CommandError::new(error.to_string()))?;
    let body = packet.calls().map_err(failed)?;
    out::text(&listing(body).map_err(failed)?)
}

fn pretty(value: &Json) -> String {
    format!("{value:#}")
}

/// Converts the result of reading a message, which was printed already.
fn checked(message: Result<Message<'_>, ReadError>) -> Result {
    message.map(drop).map_err(|error| CommandError::new(error.to_string()))
}

fn print_packet(packet: &Packet<'_>, names: &Names) -> Result {
    let queue = match &packet.queues[0] {
        QueueName::Direct(name) => name.clone(),
        other => format!("{other:?}"),
    };
    let (label, id, sent) = (packet.label(), packet.message_id, packet.sent);
    let priority = packet.base_flags & 7;
    let text = format!("packet {id} to {queue}, label {label:?}, priority {priority}, sent {sent}");
    out::line(out::printable(&text))?;
    match packet.calls() {
        Ok(body) => {
            print_message(body, names)?;
            checked(Message::read(body))
        }
        Err(_) => out::line(format!(
            "  no calls: the extension is {}",
            HEXLOWER.encode(&packet.properties.extension)
        )),
    }
}

/// Prints the headers of a message as far as they can be read.
fn print_message(bytes: &[u8], names: &Names) -> Result {
    // The calls of a message that violates a rule have no reliable interface.
    let message = Message::read(bytes).ok();
    let mut calls = message.iter().flat_map(Message::calls).enumerate();
    for header in message::headers(bytes) {
        let Ok((offset, header)) = header else { break };
        let name = header.signature();
        let name = String::from_utf8_lossy(&name);
        let text = match &header {
            Header::Container(container) => {
                format!("{} bytes for class {}", container.message_size, container.class)
            }
            Header::Partition { id } => format!("partition {id}"),
            Header::Security { data, .. } => match Security::read(data, offset + 16) {
                Ok(security) => show_security(security),
                Err(error) => error.to_string(),
            },
            Header::SecurityReference { offset, .. } => format!("as at {offset:04x}"),
            Header::Method(method) => match calls.next() {
                Some((number, call)) => {
                    format!("call {}: {}", number + 1, names.describe(&call).line(call.data))
                }
                None => format!("method {}, {}", method.opnum, HEXLOWER.encode(&method.data)),
            },
            Header::Unknown { body, .. } => format!("unknown header, {}", HEXLOWER.encode(body)),
        };
        out::line(out::printable(&format!("{offset:04x}  {name}  {text}")))?;
    }
    Ok(())
}

fn show_security(security: Security<'_>) -> String {
    let properties = security.properties().map(|(_, _, property)| {
        let name = json::property_name(property.kind);
        match property.value() {
            Value::Sid(sid) => format!("{name} {sid}"),
            Value::Name(text) => format!("{name} {text:?}"),
            Value::Number(number) => format!("{name} {number}"),
            _ => format!("{name} {}", HEXLOWER.encode(&property.data)),
        }
    });
    properties.collect::<Vec<_>>().join(", ")
}
