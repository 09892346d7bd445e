use std::ops::Range;

use bytes::Bytes;

use psom::{
    error::DecodeError,
    session::{APPLICATION_CHANNEL, BASE_CHANNEL, Role},
    wire::{
        WireProxyId,
        auth::{self, Credentials},
        operation::Operation,
        record::{self, Batch, Record},
    },
};

/// A record as it stands in the bytes, without a meaning yet.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) range: Range<usize>,
    /// The channel that is current before it.
    pub(super) channel: u32,
    pub(super) raw: Raw,
}

#[derive(Debug)]
pub(super) enum Raw {
    Credentials(Credentials),
    Answer,
    SetChannel(u32),
    Open {
        channel: u32,
        operation: Result<Operation, DecodeError>,
    },
    Operation(Result<Operation, DecodeError>),
    Close,
    Break(Range<usize>),
    /// Nothing can be read up to where records begin again.
    Skipped(String),
    /// Nothing more can be read.
    Lost(String),
}

/// The longest message by which one believes that records begin again.
const CREDIBLE: u32 = 1 << 20;

/// Cuts the bytes of one direction into records. Where they stop making sense, it goes on where
/// records seem to begin again.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    batch: Batch,
    sender: Role,
    channel: u32,
    begun: bool,
}

impl Steps {
    /// `channel` is the current one at the beginning: 0, unless the capture begins later.
    pub(super) fn new(bytes: Bytes, sender: Role, channel: u32) -> Self {
        Self { batch: Batch::new(bytes), sender, channel, begun: false }
    }

    fn first(&mut self) -> Option<Result<Raw, DecodeError>> {
        let bytes = self.batch.rest();
        match self.sender {
            Role::Client => {
                let header = proxy_header(bytes);
                if !header && !bytes.starts_with(&auth::SIGNATURE) {
                    return None;
                }
                let read = Credentials::read(&mut self.batch, header);
                let cut = || Raw::Lost("the capture ends inside the authentication".into());
                Some(read.map(|credentials| credentials.map_or_else(cut, Raw::Credentials)))
            }
            Role::Server => {
                let there = bytes.starts_with(&auth::SIGNATURE);
                there.then(|| auth::read_answer(&mut self.batch).map(|_| Raw::Answer))
            }
        }
    }

    fn record(&mut self) -> Option<Result<Raw, DecodeError>> {
        if self.batch.rest().is_empty() {
            return None;
        }
        let record = match self.batch.next_record(u32::MAX) {
            Ok(Some(record)) => record,
            Ok(None) => return Some(Ok(Raw::Lost("the capture ends inside a record".into()))),
            Err(error) => return Some(Err(error)),
        };
        let bytes = self.batch.bytes();
        Some(Ok(match record {
            Record::Close => Raw::Close,
            Record::Break(reason) => Raw::Break(reason),
            Record::SetChannel(channel) => Raw::SetChannel(channel),
            Record::Open { channel, body } => {
                Raw::Open { channel, operation: Operation::read(bytes, body) }
            }
            Record::Message(body) => Raw::Operation(Operation::read(bytes, body)),
        }))
    }
}

impl Iterator for Steps {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let start = self.batch.bytes().len() - self.batch.rest().len();
        let first = match std::mem::replace(&mut self.begun, true) {
            false => self.first(),
            true => None,
        };
        let raw = first.or_else(|| self.record())?;
        let raw = raw.unwrap_or_else(|error| Raw::Lost(error.to_string()));
        let channel = self.channel;
        let raw = match raw {
            Raw::SetChannel(channel) => {
                self.channel = channel;
                raw
            }
            Raw::Lost(why) => {
                let bytes = self.batch.bytes();
                let again = (start + 1..bytes.len()).find(|at| begins_again(&bytes[*at..]));
                let next = again.unwrap_or(bytes.len());
                self.batch.skip_to(next);
                if again.is_some() { Raw::Skipped(why) } else { Raw::Lost(why) }
            }
            raw => raw,
        };
        let end = self.batch.bytes().len() - self.batch.rest().len();
        Some(Step { range: start..end, channel, raw })
    }
}

/// Whether records begin here, for all that can be told: with a change to one of the channels that
/// are in use and a whole message, behind which another record begins or nothing is.
fn begins_again(bytes: &[u8]) -> bool {
    let &[4, 0, 0, 0, channel, 0x16, a, b, c, d, ref rest @ ..] = bytes else { return false };
    let length = u32::from_be_bytes([a, b, c, d]);
    let behind = usize::try_from(length).ok().and_then(|length| rest.get(length..));
    [BASE_CHANNEL, APPLICATION_CHANNEL].contains(&u32::from(channel))
        && (1..=CREDIBLE).contains(&length)
        && behind.is_some_and(|behind| record::length(behind, CREDIBLE).is_ok())
}

/// Whether a client's authentication stands behind a proxy header (ruling 11).
fn proxy_header(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return false };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    length <= auth::TOKEN_LIMIT
        && rest.get(length..).is_some_and(|rest| rest.starts_with(&auth::SIGNATURE))
}

/// Whose bytes begin like this, where they begin with the authentication: a server's answer is the
/// signature alone, a client's goes on with the version.
pub(super) fn sender(bytes: &[u8]) -> Option<Role> {
    match bytes.strip_prefix(&auth::SIGNATURE) {
        Some(rest) if rest.starts_with(&[0; 4]) => Some(Role::Client),
        Some(_) => Some(Role::Server),
        None => proxy_header(bytes).then_some(Role::Client),
    }
}

/// The identifier as its sender has it.
pub(super) fn sent(id: WireProxyId) -> Option<i32> {
    // The receiver negates the identifier.
    id.receive().ok().map(|id| -id.get())
}
