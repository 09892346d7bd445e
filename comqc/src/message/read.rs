use std::borrow::Cow;

use super::header::{Header, Headers, MESSAGE_SIZE_OFFSET, MethodHeader, headers};
use crate::{
    Guid,
    error::{ReadError, ReadResult, Rule},
    ndr::Reader,
    security::Security,
};

/// A checked message in the bytes of a queue's message body.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    class: Guid,
    partition: Option<Guid>,
    call_count: usize,
}

/// One recorded call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The offset of the call's method header in the message.
    pub offset: usize,
    /// The offset of the marshaled data in the message.
    pub data_offset: usize,
    /// The interface that is called.
    pub interface: Guid,
    /// The number of the method in the interface.
    pub opnum: u32,
    /// The marshaled parameters and any undefined bytes after them.
    pub data: &'a [u8],
    /// The security properties of the call.
    pub security: Security<'a>,
}

/// The headers read so far, which decide the headers that may follow.
#[derive(Default)]
struct Sequence {
    partition: Option<Guid>,
    /// The offsets of the SECD headers.
    contexts: Vec<u32>,
    /// The offset of a SECD or SECR header that no call has followed yet.
    pending: Option<usize>,
    calls: usize,
}

impl<'a> Message<'a> {
    /// Reads a message and checks every rule of sections 2.2 to 2.2.6 that does not need the
    /// definition of the called interfaces.
    ///
    /// # Errors
    /// The message violates a rule. No part of it may be played.
    pub fn read(bytes: &'a [u8]) -> ReadResult<Self> {
        let mut headers = headers(bytes);
        let class = match headers.next() {
            Some(Ok((_, Header::Container(container)))) => {
                if container.message_size as usize != bytes.len() {
                    return Err(ReadError::new(Rule::MessageSize, MESSAGE_SIZE_OFFSET));
                }
                container.class
            }
            Some(Err(error)) => return Err(error),
            _ => return Err(ReadError::new(Rule::ContainerFirst, 0)),
        };
        let mut sequence = Sequence::default();
        for header in headers {
            let (offset, header) = header?;
            sequence.accept(offset, &header)?;
        }
        if sequence.calls == 0 {
            return Err(ReadError::new(Rule::NoCall, bytes.len()));
        }
        if let Some(offset) = sequence.pending {
            return Err(ReadError::new(Rule::HeaderOrder, offset));
        }
        Ok(Self { bytes, class, partition: sequence.partition, call_count: sequence.calls })
    }

    /// Returns the bytes of the message.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the class of the target object.
    #[must_use]
    pub fn class(&self) -> Guid {
        self.class
    }

    /// Returns the partition in which the target object resides.
    #[must_use]
    pub fn partition(&self) -> Option<Guid> {
        self.partition
    }

    /// Returns the number of calls; at least 1.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.call_count
    }

    /// Returns the headers with their offsets.
    pub fn headers(&self) -> impl Iterator<Item = (usize, Header<'a>)> {
        // Every header was read once without an error.
        headers(self.bytes).filter_map(Result::ok)
    }

    /// Returns the calls in their order.
    #[must_use]
    pub fn calls(&self) -> Calls<'a> {
        Calls {
            headers: headers(self.bytes),
            interface: Guid::NULL,
            security: Security::checked(&[]),
        }
    }
}

impl Sequence {
    fn accept(&mut self, offset: usize, header: &Header<'_>) -> ReadResult<()> {
        let error = |rule| Err(ReadError::new(rule, offset));
        match header {
            Header::Container(_) => return error(Rule::ContainerOnce),
            Header::Partition { .. } if self.partition.is_some() => {
                return error(Rule::PartitionOnce);
            }
            Header::Partition { .. } if self.calls > 0 || self.pending.is_some() => {
                return error(Rule::HeaderOrder);
            }
            Header::Partition { id } => self.partition = Some(*id),
            Header::SecurityReference { offset: target, .. } if !self.contexts.contains(target) => {
                // The field after signature and size.
                return Err(ReadError::new(Rule::ReferenceTarget, offset + 8));
            }
            Header::Security { .. } | Header::SecurityReference { .. }
                if self.pending.is_some() =>
            {
                return error(Rule::HeaderOrder);
            }
            Header::Security { data, .. } => {
                Security::read(data, offset + 16)?;
                let place = u32::try_from(offset);
                self.contexts.push(place.map_err(|_| ReadError::new(Rule::MessageSize, offset))?);
                self.pending = Some(offset);
            }
            Header::SecurityReference { .. } => self.pending = Some(offset),
            Header::Method(_) if self.contexts.is_empty() => {
                return error(Rule::SecurityBeforeCall);
            }
            Header::Method(MethodHeader { interface: None, .. }) if self.calls == 0 => {
                return error(Rule::FirstCallInterface);
            }
            Header::Method(_) => {
                self.calls += 1;
                self.pending = None;
            }
            Header::Unknown { .. } => {}
        }
        Ok(())
    }
}

/// The calls of a message in their order.
#[derive(Clone, Debug)]
pub struct Calls<'a> {
    headers: Headers<'a>,
    interface: Guid,
    security: Security<'a>,
}

impl<'a> Iterator for Calls<'a> {
    type Item = Call<'a>;

    fn next(&mut self) -> Option<Call<'a>> {
        loop {
            let (offset, header) = self.headers.next()?.ok()?;
            match header {
                Header::Security { data, .. } => self.security = Security::checked(borrowed(data)),
                Header::SecurityReference { offset: target, .. } => {
                    let referred = Headers::at(self.headers.bytes(), target as usize).next();
                    if let Some(Ok((_, Header::Security { data, .. }))) = referred {
                        self.security = Security::checked(borrowed(data));
                    }
                }
                Header::Method(MethodHeader { interface, opnum, data, .. }) => {
                    self.interface = interface.unwrap_or(self.interface);
                    let fixed = if interface.is_some() { 48 } else { 32 };
                    return Some(Call {
                        offset,
                        data_offset: offset + fixed,
                        interface: self.interface,
                        opnum,
                        data: borrowed(data),
                        security: self.security,
                    });
                }
                _ => {}
            }
        }
    }
}

/// Returns the bytes of a header that was read: reading always borrows.
fn borrowed(data: Cow<'_, [u8]>) -> &[u8] {
    match data {
        Cow::Borrowed(data) => data,
        Cow::Owned(_) => &[],
    }
}

impl<'a> Call<'a> {
    /// Returns a reader of the call's marshaled parameters.
    #[must_use]
    pub fn arguments(&self) -> Reader<'a> {
        Reader::new(self.data, self.data_offset)
    }
}
