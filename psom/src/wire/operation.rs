//! Operations (section 2.2.2): the content of RpcMessage records.

use std::ops::Range;

use bytes::Bytes;

use super::{
    Decode as _, Decoder, Encode as _, Encoder, ProxyId, WireProxyId, int::encoded_i32_bytes,
};
use crate::error::{DecodeError, Misuse};

const OP_CONNECT: u8 = 0x84;
const OP_CLOSE: u8 = 0x86;

/// Reports whether an operation with this first byte is a call.
pub(super) fn is_call(first: u8) -> bool {
    first != OP_CONNECT && first != OP_CLOSE
}

/// One operation, with the sender's proxy identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Connects a child of a connected object (section 2.2.2.1.1).
    Connect {
        /// The parent object.
        parent: WireProxyId,
        /// The part name of the child.
        part: String,
        /// The hash of the sender's interface of the child.
        hash: i64,
    },
    /// Disconnects an object (section 2.2.2.1.2).
    Close {
        /// The object.
        proxy: WireProxyId,
    },
    /// Calls a method (section 2.2.2.2).
    Call {
        /// The object.
        proxy: WireProxyId,
        /// The method's index, from 1; the wire carries a signed byte.
        method: i8,
        /// The range of the arguments in the buffer.
        arguments: Range<usize>,
    },
}

impl Operation {
    /// Reads the operation in a range of `buffer`.
    #[inline]
    pub fn read(buffer: &Bytes, range: Range<usize>) -> Result<Self, DecodeError> {
        let end = range.end;
        // Most messages are calls of objects with small identifiers.
        if let Some(&[proxy, method]) = buffer.get(range.start..end).and_then(|at| at.first_chunk())
            && let Some(proxy) = WireProxyId::short(proxy)
        {
            let arguments = range.start + 2..end;
            return Ok(Self::Call { proxy, method: method.cast_signed(), arguments });
        }
        Self::read_any(buffer, range)
    }

    fn read_any(buffer: &Bytes, range: Range<usize>) -> Result<Self, DecodeError> {
        let end = range.end;
        let mut input = Decoder::within(buffer, range, String::new());
        let operation = match input.peek() {
            Some(OP_CONNECT) => {
                input.byte()?;
                let parent = WireProxyId::decode(&mut input)?;
                let part = String::decode(&mut input)?;
                Self::Connect { parent, part, hash: i64::decode(&mut input)? }
            }
            Some(OP_CLOSE) => {
                input.byte()?;
                Self::Close { proxy: WireProxyId::decode(&mut input)? }
            }
            _ => {
                let proxy = WireProxyId::decode(&mut input)?;
                let method = input.byte()?.cast_signed();
                let start = end - input.remaining();
                return Ok(Self::Call { proxy, method, arguments: start..end });
            }
        };
        input.finish()?;
        Ok(operation)
    }
}

/// Appends an OP_CONNECT.
pub fn write_connect(
    out: &mut Vec<u8>,
    parent: ProxyId,
    part: &str,
    hash: i64,
) -> Result<(), Misuse> {
    out.push(OP_CONNECT);
    let mut out = Encoder::new(out);
    parent.encode(&mut out);
    part.encode(&mut out);
    hash.encode(&mut out);
    out.finish().map(drop)
}

/// Appends an OP_CLOSE.
pub fn write_close(out: &mut Vec<u8>, proxy: ProxyId) {
    out.push(OP_CLOSE);
    proxy.write(out);
}

/// Upper bound on [`call_header_bytes`].
#[cfg(feature = "tokio")]
pub(crate) const MAX_CALL_HEADER_BYTES: usize = 5 /* proxy identifier */ + 1 /* method */;

/// Appends the header of a call. The arguments follow it.
#[inline]
pub fn write_call(out: &mut Vec<u8>, proxy: ProxyId, method: u8) {
    proxy.write(out);
    out.push(method);
}

/// Returns the number of bytes that [`write_call`] appends.
#[inline]
pub(crate) fn call_header_bytes(proxy: ProxyId) -> usize {
    encoded_i32_bytes(proxy.get()) + 1 /* method */
}
