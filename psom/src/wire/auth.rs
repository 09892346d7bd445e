//! The first bytes of a connection (sections 3.2.3.1.1.1, 3.2.3.1.1.2 and 4.1.1).

use super::record::Batch;
use crate::error::DecodeError;

/// The signature at the start of the authentication. It is also the server's complete answer.
pub const SIGNATURE: [u8; 4] = [0x70, 0x77, 0x32, 0x00];

const VERSION: [u8; 4] = [0; 4];

/// The longest token, and the longest proxy header (ruling 11).
pub const MAX_TOKEN_BYTES: usize = 4096;

/// The data by which a client authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The token, `sAuthId` of the AddUser response.
    pub token: String,
    /// The proxy header, if the client connects through a forwarding proxy ("fwdtls").
    pub proxy_header: Option<Vec<u8>>,
}

impl Credentials {
    /// Appends the authentication: proxy header, signature, version, token.
    #[expect(clippy::cast_possible_truncation, reason = "a server accepts 4,096 bytes of each")]
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(header) = &self.proxy_header {
            out.extend((header.len() as u32).to_be_bytes());
            out.extend(header);
        }
        out.extend(SIGNATURE);
        out.extend(VERSION);
        out.extend((self.token.len() as u32).to_be_bytes());
        out.extend(self.token.as_bytes());
    }

    /// Reads the authentication. Returns `None` until all of its bytes have arrived.
    ///
    /// `proxy_header` says whether the listener expects a proxy header before the signature.
    ///
    /// # Errors
    /// Rejects malformed bytes at the first wrong byte, without waiting for the rest.
    pub fn read(batch: &mut Batch, proxy_header: bool) -> Result<Option<Self>, DecodeError> {
        let mut input = TokenReader { bytes: batch.rest(), taken: 0 };
        let header = match proxy_header {
            true => match input.block()? {
                Some(header) => Some(header.to_vec()),
                None => return Ok(None),
            },
            false => None,
        };
        if !input.constant(SIGNATURE)? || !input.constant(VERSION)? {
            return Ok(None);
        }
        let Some(token) = input.block()? else { return Ok(None) };
        if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) {
            return Err(DecodeError::Authentication);
        }
        let token = token.iter().map(|&byte| char::from(byte)).collect();
        batch.position += input.taken;
        Ok(Some(Self { token, proxy_header: header }))
    }
}

/// Reads the server's answer and reports whether it is complete.
///
/// # Errors
/// The bytes are not the beginning of the answer.
pub fn read_answer(batch: &mut Batch) -> Result<bool, DecodeError> {
    let mut input = TokenReader { bytes: batch.rest(), taken: 0 };
    let complete = input.constant(SIGNATURE)?;
    batch.position += if complete { input.taken } else { 0 };
    Ok(complete)
}

struct TokenReader<'a> {
    bytes: &'a [u8],
    taken: usize,
}

impl<'a> TokenReader<'a> {
    /// Takes a constant and reports whether all of its bytes have arrived. Fails at the first byte
    /// that differs.
    fn constant(&mut self, constant: [u8; 4]) -> Result<bool, DecodeError> {
        let rest = &self.bytes[self.taken..];
        let arrived = &rest[..rest.len().min(4)];
        if !constant.starts_with(arrived) {
            return Err(DecodeError::Authentication);
        }
        self.taken += arrived.len();
        Ok(arrived.len() == 4)
    }

    /// Takes a length of 4 bytes and that number of bytes. Returns `None` until all have arrived.
    fn block(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        let rest = &self.bytes[self.taken..];
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_TOKEN_BYTES {
            return Err(DecodeError::Authentication);
        }
        let block = rest.get(..length);
        self.taken += if block.is_some() { 4 + length } else { 0 };
        Ok(block)
    }
}
