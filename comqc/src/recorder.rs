use std::collections::HashMap;

use crate::{
    Guid,
    error::WriteError,
    message::{Container, Header, MESSAGE_SIZE_OFFSET, message_size, write_method_fields},
    ndr::Writer,
    security::SecurityContext,
};

/// Records calls into one message, in canonical form: the client's side of a queued component.
///
/// A call on the interface of the call before it has a short header. A call with the security
/// context of the call before it has no security header, and one with the context of an earlier
/// call refers to it. The target's text is the class in capitals and braces; padding is zero.
#[derive(Debug)]
pub struct Recorder {
    bytes: Vec<u8>,
    calls: usize,
    interface: Option<Guid>,
    /// The encoded contexts and the offsets of their headers.
    contexts: HashMap<Vec<u8>, u32>,
    /// The context of the last call.
    written: Vec<u8>,
    /// The context of the next call, if it differs.
    next: Option<Vec<u8>>,
    locale: u32,
}

/// The locale of late-bound calls unless the recorder has another one: English (United States).
pub const DEFAULT_LOCALE: u32 = 0x0409;

impl Recorder {
    /// Starts a message for an object of class `class` in `partition`. `context` describes
    /// the caller.
    ///
    /// # Errors
    /// The context is too large for its fields.
    pub fn new(
        class: Guid,
        partition: Option<Guid>,
        context: &SecurityContext,
    ) -> Result<Self, WriteError> {
        let text = class.to_string();
        let text: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        // 36 bytes of call target precede the text.
        let padding = vec![0; (36 + text.len()).wrapping_neg() % 8];
        let container = Container {
            message_size: 0,
            reserved_3: [0; 32],
            reserved_4: [0; 8],
            class,
            text: text.into(),
            padding: padding.into(),
        };
        let mut bytes = Vec::new();
        Header::Container(container).write(&mut bytes)?;
        if let Some(id) = partition {
            Header::Partition { id }.write(&mut bytes)?;
        }
        Ok(Self {
            bytes,
            calls: 0,
            interface: None,
            contexts: HashMap::new(),
            written: Vec::new(),
            next: Some(context.to_bytes()?),
            locale: DEFAULT_LOCALE,
        })
    }

    /// Sets the security context of the following calls.
    ///
    /// # Errors
    /// The context is too large for its fields.
    pub fn set_context(&mut self, context: &SecurityContext) -> Result<(), WriteError> {
        let context = context.to_bytes()?;
        self.next = (context != self.written).then_some(context);
        Ok(())
    }

    /// Sets the locale of the following late-bound calls.
    pub fn set_locale(&mut self, locale: u32) {
        self.locale = locale;
    }

    /// Returns the locale of late-bound calls.
    #[must_use]
    pub fn locale(&self) -> u32 {
        self.locale
    }

    /// Returns the number of recorded calls.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.calls
    }

    /// Returns the size of the message so far in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Records one call. `arguments` writes the parameters.
    ///
    /// # Errors
    /// A parameter cannot be written, or the message would exceed 4 GiB. The call is not recorded.
    pub fn call(
        &mut self,
        interface: Guid,
        opnum: u32,
        arguments: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let start = self.bytes.len();
        let result = self.write_call(interface, opnum, arguments);
        match result {
            Ok(context) => {
                if let Some((context, offset)) = context {
                    self.contexts.insert(context.clone(), offset);
                    self.written = context;
                }
                self.next = None;
                self.interface = Some(interface);
                self.calls += 1;
                Ok(())
            }
            Err(error) => {
                self.bytes.truncate(start);
                Err(error)
            }
        }
    }

    /// Writes the headers of a call. Returns the context that it begins or refers to.
    fn write_call(
        &mut self,
        interface: Guid,
        opnum: u32,
        arguments: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
    ) -> Result<Option<(Vec<u8>, u32)>, WriteError> {
        let context = match &self.next {
            None => None,
            Some(context) => match self.contexts.get(context) {
                Some(&offset) => {
                    Header::SecurityReference { offset, padding: 0 }.write(&mut self.bytes)?;
                    Some((context.clone(), offset))
                }
                None => {
                    let offset = message_size(self.bytes.len())?;
                    let data_padding = vec![0; context.len().wrapping_neg() % 8];
                    let header = Header::Security {
                        header_padding: 0,
                        data: context.into(),
                        data_padding: data_padding.into(),
                    };
                    header.write(&mut self.bytes)?;
                    Some((context.clone(), offset))
                }
            },
        };
        let start = self.bytes.len();
        let is_short = self.interface == Some(interface);
        let mut writer = Writer::new(&mut self.bytes);
        writer.bytes(if is_short { b"SMTH" } else { b"METH" });
        writer.u32(0);
        write_method_fields(&mut writer, opnum, 0, 0);
        if !is_short {
            writer.guid(interface);
        }
        let data = self.bytes.len();
        arguments(&mut Writer::new(&mut self.bytes))?;
        let data_size = message_size(self.bytes.len() - data)?;
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        message_size(self.bytes.len())?;
        let size = message_size(self.bytes.len() - start)?;
        self.bytes[start + 4..start + 8].copy_from_slice(&size.to_le_bytes());
        // After signature, size, opnum, data representation and flags.
        self.bytes[start + 20..start + 24].copy_from_slice(&data_size.to_le_bytes());
        Ok(context)
    }

    /// Returns the message, or `None` if no call was recorded: then nothing is sent (section
    /// 3.2.4.3).
    #[must_use]
    pub fn finish(mut self) -> Option<Vec<u8>> {
        if self.calls == 0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "`call` refuses larger messages")]
        let size = self.bytes.len() as u32;
        self.bytes[MESSAGE_SIZE_OFFSET..MESSAGE_SIZE_OFFSET + 4]
            .copy_from_slice(&size.to_le_bytes());
        Some(self.bytes)
    }
}
