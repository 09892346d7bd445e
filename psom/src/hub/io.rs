//! The interface between a hub and its driver: inputs, outputs and the bytes of one write.

use std::{fmt, time::Instant};

use bytes::Bytes;

use crate::{
    error::{CallError, Error, JournalError, LostReason},
    space::{ConnectionKey, RemoteCall, Spawned, Task, WhenSafe, Write},
    wire::ObjectKey,
};

/// An event that a driver reports to its hub.
pub enum Input {
    /// A transport received these bytes, cut anywhere.
    Received(ConnectionKey, Bytes),
    /// A transport is gone. The hub first handles the bytes that it received before.
    Lost(ConnectionKey, LostReason),
    /// A transport accepted this many of the bytes that were sent on it.
    ///
    /// A driver may gather several reports into one. It must report no later than when the
    /// transport has accepted [`Hub::report_bytes`](super::Hub::report_bytes), and at once after
    /// [`Output::ReportWritten`], then even if the number is 0.
    Written(ConnectionKey, usize),
    /// The program ends a connection.
    End(ConnectionKey, Error),
    /// The program ends every connection; the hub accepts no more.
    Close,
    /// The program, or a future that an object spawned, has a task for an object.
    Ran(ObjectKey, Task),
    /// The program calls the peers of an object. The function receives the result; it is needed
    /// only where the program cannot know it in advance.
    Call(RemoteCall, Option<CallResult>),
    /// The oldest [`Output::Commit`] that has no answer yet is safe, or has failed.
    Committed(Result<(), JournalError>),
    /// The time that [`Output::Timeout`] named has come.
    Timeout,
}

/// Receives the result of a call that a program made from outside the space.
pub type CallResult = Box<dyn FnOnce(Result<(), CallError>) + Send>;

/// An instruction of a hub to its driver.
pub enum Output<'a> {
    /// Write these bytes to a transport, after those that were sent before.
    Send(ConnectionKey, Chunk<'a>),
    /// Make these writes safe, after those of earlier commits; answer with [`Input::Committed`].
    /// A driver may begin a commit before earlier ones are done.
    Commit(Vec<Write>),
    /// Run this function; it does not block.
    RunWhenSafe(WhenSafe),
    /// Run this future outside the space; answer with [`Input::Ran`].
    Spawn(Spawned),
    /// The root is connected to this peer, in this version of its interface.
    Opened(ConnectionKey, i32),
    /// Stop reading from a transport. The hub accepts what was read already.
    PauseReading(ConnectionKey),
    /// Read from a transport again.
    ResumeReading(ConnectionKey),
    /// The bytes that wait for a peer rose above the soft limit (`true`) or fell below it again.
    /// A program outside the space makes no calls while they are above it.
    Congested(ConnectionKey, bool),
    /// Report how many bytes a transport has accepted, with [`Input::Written`].
    ReportWritten(ConnectionKey),
    /// A connection has ended for this reason. Close its transport when the bytes that were sent
    /// before are written. The hub has forgotten the connection.
    Closed(ConnectionKey, Error),
    /// The journal failed, so the hub can promise nothing any more. It has ended every connection
    /// and does nothing from now on.
    Failed(JournalError),
    /// There is nothing more to do until the next input. If a time is given and no other input
    /// comes before it, pass [`Input::Timeout`] then.
    Timeout(Option<Instant>),
}

/// The bytes of one [`Output::Send`].
#[derive(Debug)]
pub enum Chunk<'a> {
    /// Bytes of this connection alone, lent until the next call of the hub.
    Lent(&'a [u8]),
    /// Arguments that other connections send too, to be written without copying.
    Shared(Bytes),
}

impl AsRef<[u8]> for Chunk<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received(key, bytes) => write!(f, "Received({key:?}, {} bytes)", bytes.len()),
            Self::Lost(key, reason) => write!(f, "Lost({key:?}, {reason:?})"),
            Self::Written(key, bytes) => write!(f, "Written({key:?}, {bytes})"),
            Self::End(key, error) => write!(f, "End({key:?}, {error:?})"),
            Self::Close => f.write_str("Close"),
            Self::Ran(object, _) => write!(f, "Ran({object:?})"),
            Self::Call(call, _) => write!(f, "Call({call:?})"),
            Self::Committed(result) => write!(f, "Committed({result:?})"),
            Self::Timeout => f.write_str("Timeout"),
        }
    }
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(key, chunk) => write!(f, "Send({key:?}, {} bytes)", chunk.as_ref().len()),
            Self::Commit(writes) => write!(f, "Commit({} writes)", writes.len()),
            Self::RunWhenSafe(_) => f.write_str("RunWhenSafe"),
            Self::Spawn(spawned) => write!(f, "Spawn({spawned:?})"),
            Self::Opened(key, version) => write!(f, "Opened({key:?}, {version})"),
            Self::PauseReading(key) => write!(f, "PauseReading({key:?})"),
            Self::ResumeReading(key) => write!(f, "ResumeReading({key:?})"),
            Self::Congested(key, congested) => write!(f, "Congested({key:?}, {congested})"),
            Self::ReportWritten(key) => write!(f, "ReportWritten({key:?})"),
            Self::Closed(key, error) => write!(f, "Closed({key:?}, {error:?})"),
            Self::Failed(error) => write!(f, "Failed({error:?})"),
            Self::Timeout(at) => write!(f, "Timeout({at:?})"),
        }
    }
}
