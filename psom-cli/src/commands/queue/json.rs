//! Messages and packets as JSON, without loss.
//!
//! Fields that have their canonical value are left out. `at`, `security`, `call`, `arguments`,
//! `labelText` and `error` explain the bytes beside them; encoding ignores them. `rest` has the bytes
//! from the first header that cannot be read.

use comqc::{
    Guid, Message,
    carrier::{Found, Packet, Properties, QueueName, Sections, Verdict},
    message::{self, Container, Header, MethodHeader},
    security::{Security, Value as Property, property},
};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde_json::{Map, Value, json};

use super::names::{Names, show};

/// The result of encoding; the text says which field is wrong.
type FieldResult<T> = Result<T, String>;

/// Returns the name of a security property.
pub(super) fn property_name(kind: u16) -> String {
    match kind {
        property::SID => "SID".into(),
        property::NAME => "name".into(),
        property::SERVICE => "authentication service".into(),
        property::LEVEL => "authentication level".into(),
        property::IMPERSONATION => "impersonation level".into(),
        property::SUPPLIED_SID => "supplied SID".into(),
        property::SUPPLIED_NAME => "supplied name".into(),
        property::LOWEST_LEVEL => "lowest authentication level".into(),
        other => format!("property {other:#06x}"),
    }
}

/// An object whose fields are left out if they have their usual value.
struct Fields(Map<String, Value>);

impl Fields {
    fn new(kind: &str) -> Self {
        Self(Map::from_iter([("header".to_owned(), json!(kind))]))
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_bytes(&mut self, name: &str, bytes: &[u8]) {
        self.put(name, HEXLOWER.encode(bytes));
    }

    /// Puts padding or a reserved field unless it is zero.
    fn put_padding(&mut self, name: &str, bytes: &[u8]) {
        if bytes.iter().any(|byte| *byte != 0) {
            self.put_bytes(name, bytes);
        }
    }

    /// Puts padding unless it is zero and as short as possible after `length` bytes.
    fn put_tail(&mut self, name: &str, bytes: &[u8], length: usize) {
        let is_canonical = bytes.len() == length.wrapping_neg() % 8;
        if !is_canonical || bytes.iter().any(|byte| *byte != 0) {
            self.put_bytes(name, bytes);
        }
    }
}

/// Converts a message to JSON.
pub(super) fn of_message(bytes: &[u8], names: &Names) -> Value {
    let message = Message::read(bytes);
    let mut calls = message.iter().flat_map(Message::calls);
    let (mut headers, mut end) = (Vec::new(), 0);
    for (offset, header) in message::headers(bytes).map_while(Result::ok) {
        // Every header that was read has its size in its second field.
        end = offset + size_field(&bytes[offset..]);
        let mut fields = of_header(offset, &header, bytes.len());
        if let Header::Method(_) = header
            && let Some(call) = calls.next()
        {
            let described = names.describe(&call);
            fields.put("call", described.method);
            if let Some(arguments) = described.arguments {
                let of = |(name, value): &(Option<String>, _)| json!({ "name": name, "value": show(value) });
                fields.put("arguments", arguments.iter().map(of).collect::<Vec<_>>());
            }
        }
        headers.push(Value::Object(fields.0));
    }
    let mut value = json!({ "headers": headers });
    if end < bytes.len() {
        value["rest"] = HEXLOWER.encode(&bytes[end..]).into();
    }
    if let Err(error) = message {
        value["error"] = json!({ "rule": error.rule.name(), "offset": error.offset });
    }
    value
}

fn size_field(header: &[u8]) -> usize {
    header.get(4..8).and_then(|size| size.try_into().ok()).map_or(0, u32::from_le_bytes) as usize
}

fn of_header(offset: usize, header: &Header<'_>, total: usize) -> Fields {
    let mut fields = Fields::new(&String::from_utf8_lossy(&header.signature()));
    fields.put("at", offset);
    match header {
        Header::Container(container) => {
            if container.message_size as usize != total {
                fields.put("messageSize", container.message_size);
            }
            fields.put_padding("reserved3", &container.reserved_3);
            fields.put_padding("reserved4", &container.reserved_4);
            fields.put("class", container.class.to_string());
            fields.put("text", text_of(&container.text));
            // The call target's fixed part has 36 bytes.
            fields.put_tail("padding", &container.padding, 36 + container.text.len());
        }
        Header::Partition { id } => fields.put("id", id.to_string()),
        Header::Security { header_padding, data, data_padding } => {
            fields.put_bytes("data", data);
            fields.put_padding("headerPadding", &header_padding.to_le_bytes());
            fields.put_tail("padding", data_padding, data.len());
            if let Ok(security) = Security::read(data, 0) {
                fields.put("security", of_security(security));
            }
        }
        Header::SecurityReference { offset, padding } => {
            fields.put("offset", *offset);
            fields.put_padding("padding", &padding.to_le_bytes());
        }
        Header::Method(method) => {
            if let Some(interface) = method.interface {
                fields.put("interface", interface.to_string());
            }
            fields.put("opnum", method.opnum);
            fields.put_bytes("data", &method.data);
            fields.put_padding("padding1", &method.padding_1.to_le_bytes());
            fields.put_tail("padding", &method.padding_2, method.data.len());
        }
        Header::Unknown { signature, body } => {
            fields.put_bytes("signature", signature);
            fields.put_bytes("body", body);
            fields.put("header", "unknown");
        }
    }
    fields
}

fn of_security(security: Security<'_>) -> Value {
    let properties = security.properties().map(|(_, collection, property)| {
        let value = match property.value() {
            Property::Sid(sid) => json!(sid.to_string()),
            Property::Name(name) => json!(name),
            Property::Number(number) => json!(number),
            _ => json!(HEXLOWER.encode(&property.data)),
        };
        json!({ "caller": collection, "property": property_name(property.kind), "value": value })
    });
    properties.collect()
}

fn text_of(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let units: Vec<_> = units.collect();
    String::from_utf16_lossy(units.strip_suffix(&[0]).unwrap_or(&units))
}

/// Converts a packet to JSON.
pub(super) fn of_packet(packet: &Packet<'_>, names: &Names) -> Value {
    let queue = |queue: &QueueName| match queue {
        QueueName::None => Value::Null,
        QueueName::Private { kind, id } => json!({ "kind": kind, "id": id }),
        QueueName::Public(id) => json!({ "public": id.to_string() }),
        QueueName::Foreign { manager, id } => json!({ "manager": manager.to_string(), "id": id }),
        QueueName::Direct(name) => json!(name),
    };
    let properties = &packet.properties;
    let optional = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| HEXLOWER.encode(bytes));
    let mut value = json!({
        "packet": {
            "baseFlags": packet.base_flags,
            "reserved": packet.reserved,
            "timeToReachQueue": packet.time_to_reach_queue,
            "source": packet.source.to_string(),
            "destinationManager": packet.destination_manager.to_string(),
            "timeToBeReceived": packet.time_to_be_received,
            "sent": packet.sent,
            "messageId": packet.message_id,
            "userFlags": packet.user_flags,
            "queues": packet.queues.iter().map(queue).collect::<Vec<_>>(),
            "connector": packet.connector.map(|id| id.to_string()),
            "transaction": optional(&packet.sections.transaction),
            "security": optional(&packet.sections.security),
            "trailing": HEXLOWER.encode(&packet.sections.trailing),
            "acknowledgments": properties.acknowledgments,
            "label": HEXLOWER.encode(&properties.label),
            "labelText": packet.label(),
            "class": properties.class,
            "correlation": HEXLOWER.encode(&properties.correlation),
            "bodyType": properties.body_type,
            "applicationTag": properties.application_tag,
            "allocatedBytes": properties.allocated_bytes,
            "privacy": properties.privacy,
            "hash": properties.hash,
            "cipher": properties.cipher,
            "extension": HEXLOWER.encode(&properties.extension),
        },
    });
    match packet.calls().map(|body| (body, Message::read(body))) {
        Ok((body, Ok(_))) => value["message"] = of_message(body, names),
        // The body of a packet without calls, or with a message that violates a rule.
        _ => value["body"] = json!(HEXLOWER.encode(&packet.body)),
    }
    value
}

/// Converts a finding in a storage file to JSON.
pub(super) fn of_found(found: &Found, bytes: &[u8], names: &Names) -> Value {
    let mut value = match (&found.verdict, Packet::read(bytes)) {
        (Verdict::Damaged { error, message }, _) => {
            let message = message.as_ref().map(|range| {
                let start = range.start - found.range.start;
                of_message(&bytes[start..start + range.len()], names)
            });
            let error = json!({ "rule": error.rule.name(), "offset": error.offset });
            json!({ "damaged": error, "message": message })
        }
        (Verdict::Packet | Verdict::OtherPacket, Ok(packet)) => of_packet(&packet, names),
        _ => json!({ "message": of_message(bytes, names) }),
    };
    value["offset"] = json!(found.range.start);
    value["bytes"] = json!(bytes.len());
    value
}

/// Returns the bytes of a message or packet in the form of [`of_message`] or [`of_packet`].
pub(super) fn encode(value: &Value) -> FieldResult<Vec<u8>> {
    if value.get("packet").is_some() {
        return encode_packet(value);
    }
    encode_message(value)
}

fn encode_message(value: &Value) -> FieldResult<Vec<u8>> {
    let headers = value.get("headers").and_then(Value::as_array);
    let headers = headers.ok_or("the list `headers` is missing")?;
    let headers = headers.iter().enumerate().map(|(place, value)| {
        header(value).map_err(|problem| format!("header {}: {problem}", place + 1))
    });
    let headers = headers.collect::<FieldResult<Vec<_>>>()?;
    let mut bytes = message::write_headers(&headers).map_err(|error| error.to_string())?;
    if value.get("rest").is_some() {
        bytes.extend(self::bytes(value, "rest")?);
    }
    // The size of the message is known only now.
    let has_size = value["headers"][0].get("messageSize").is_some();
    if bytes.starts_with(b"CHDR") && !has_size {
        let size = u32::try_from(bytes.len()).map_err(|_| "the message exceeds 4 GiB")?;
        bytes[32..36].copy_from_slice(&size.to_le_bytes());
    }
    Ok(bytes)
}

fn field<'a>(value: &'a Value, name: &str) -> FieldResult<&'a Value> {
    value
        .get(name)
        .filter(|value| !value.is_null())
        .ok_or_else(|| format!("the field `{name}` is missing"))
}

fn number<T: TryFrom<u64>>(value: &Value, name: &str) -> FieldResult<T> {
    let number = field(value, name)?.as_u64().and_then(|number| number.try_into().ok());
    number.ok_or_else(|| format!("`{name}` is not a number of its range"))
}

fn text<'a>(value: &'a Value, name: &str) -> FieldResult<&'a str> {
    field(value, name)?.as_str().ok_or_else(|| format!("`{name}` is not a text"))
}

fn guid(value: &Value, name: &str) -> FieldResult<Guid> {
    text(value, name)?.parse().map_err(|error| format!("`{name}`: {error}"))
}

fn bytes(value: &Value, name: &str) -> FieldResult<Vec<u8>> {
    let digits = text(value, name)?;
    let error = || format!("`{name}` is not an even number of hexadecimal digits");
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| error())
}

/// Reads bytes that are zero if they are left out.
fn array<const N: usize>(value: &Value, name: &str) -> FieldResult<[u8; N]> {
    if value.get(name).is_none() {
        return Ok([0; N]);
    }
    bytes(value, name)?.try_into().map_err(|_| format!("`{name}` does not have {N} bytes"))
}

/// Reads padding, which is zero and as short as possible after `length` bytes if it is left out.
fn tail(value: &Value, length: usize) -> FieldResult<Vec<u8>> {
    match value.get("padding") {
        None => Ok(vec![0; length.wrapping_neg() % 8]),
        Some(_) => bytes(value, "padding"),
    }
}

fn header(value: &Value) -> FieldResult<Header<'static>> {
    Ok(match text(value, "header")? {
        "CHDR" => {
            let units = text(value, "text")?.encode_utf16().chain([0]);
            let text: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
            let has_size = value.get("messageSize").is_some();
            Header::Container(Container {
                message_size: if has_size { number(value, "messageSize")? } else { 0 },
                reserved_3: array(value, "reserved3")?,
                reserved_4: array(value, "reserved4")?,
                class: guid(value, "class")?,
                padding: tail(value, 36 + text.len())?.into(),
                text: text.into(),
            })
        }
        "PART" => Header::Partition { id: guid(value, "id")? },
        "SECD" => {
            let data = bytes(value, "data")?;
            Header::Security {
                header_padding: u32::from_le_bytes(array(value, "headerPadding")?),
                data_padding: tail(value, data.len())?.into(),
                data: data.into(),
            }
        }
        "SECR" => Header::SecurityReference {
            offset: number(value, "offset")?,
            padding: u32::from_le_bytes(array(value, "padding")?),
        },
        kind @ ("METH" | "SMTH") => {
            let data = bytes(value, "data")?;
            Header::Method(MethodHeader {
                interface: (kind == "METH").then(|| guid(value, "interface")).transpose()?,
                opnum: number(value, "opnum")?,
                padding_1: u32::from_le_bytes(array(value, "padding1")?),
                padding_2: tail(value, data.len())?.into(),
                data: data.into(),
            })
        }
        "unknown" => Header::Unknown {
            signature: array(value, "signature")?,
            body: bytes(value, "body")?.into(),
        },
        other => {
            return Err(format!(
                "the header `{other}` is unknown; for other signatures, use `unknown`"
            ));
        }
    })
}

fn queue_name(value: &Value) -> FieldResult<QueueName> {
    Ok(match value {
        Value::Null => QueueName::None,
        Value::String(name) => QueueName::Direct(name.clone()),
        value if value.get("public").is_some() => QueueName::Public(guid(value, "public")?),
        value if value.get("manager").is_some() => {
            QueueName::Foreign { manager: guid(value, "manager")?, id: number(value, "id")? }
        }
        value => QueueName::Private { kind: number(value, "kind")?, id: number(value, "id")? },
    })
}

fn encode_packet(value: &Value) -> FieldResult<Vec<u8>> {
    let fields = &value["packet"];
    let optional = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => bytes(fields, name).map(Some),
    };
    let queues = field(fields, "queues")?.as_array().ok_or("`queues` is not a list")?;
    let queues: Vec<_> = queues.iter().map(queue_name).collect::<FieldResult<_>>()?;
    let body = match value.get("message") {
        Some(message) => encode_message(message)?,
        None => bytes(value, "body")?,
    };
    let has_connector = fields.get("connector").is_some_and(|id| !id.is_null());
    let packet = Packet {
        base_flags: number(fields, "baseFlags")?,
        reserved: number(fields, "reserved")?,
        time_to_reach_queue: number(fields, "timeToReachQueue")?,
        source: guid(fields, "source")?,
        destination_manager: guid(fields, "destinationManager")?,
        time_to_be_received: number(fields, "timeToBeReceived")?,
        sent: number(fields, "sent")?,
        message_id: number(fields, "messageId")?,
        user_flags: number(fields, "userFlags")?,
        queues: queues.try_into().map_err(|_| "`queues` does not have three entries")?,
        connector: has_connector.then(|| guid(fields, "connector")).transpose()?,
        properties: Properties {
            acknowledgments: number(fields, "acknowledgments")?,
            label: bytes(fields, "label")?,
            class: number(fields, "class")?,
            correlation: array(fields, "correlation")?,
            body_type: number(fields, "bodyType")?,
            application_tag: number(fields, "applicationTag")?,
            allocated_bytes: number(fields, "allocatedBytes")?,
            privacy: number(fields, "privacy")?,
            hash: number(fields, "hash")?,
            cipher: number(fields, "cipher")?,
            extension: bytes(fields, "extension")?,
        },
        sections: Sections {
            transaction: optional("transaction")?,
            security: optional("security")?,
            trailing: bytes(fields, "trailing")?,
        },
        body: body.into(),
    };
    packet.write().map_err(|error| error.to_string())
}
