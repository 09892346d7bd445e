//! The interface between a hub and its driver: inputs, outputs and the bytes of one write.

use std::{
    fmt,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    Context, DistributedObject, Handle,
    error::{CallError, Error, JournalError, LostReason},
    space::{ConnectionKey, RemoteCall, Spawned, Task, WhenSafe, Write},
    wire::ObjectKey,
};

/// An event that a driver reports to its hub.
pub enum Input {
    /// A transport received these bytes, split at any position.
    Received(ConnectionKey, Bytes),
    /// A transport is gone. The hub handles the bytes that it received before.
    Lost(ConnectionKey, LostReason),
    /// A transport accepted this many of the bytes that were sent on it.
    ///
    /// A driver may combine several reports. It must report when the transport has accepted
    /// [`Hub::report_bytes`](super::Hub::report_bytes), and immediately after
    /// [`Output::ReportWritten`], even if the number is 0.
    Written(ConnectionKey, usize),
    /// The program ends a connection.
    End(ConnectionKey, Error),
    /// The program ends all connections. The hub accepts no new ones.
    Close,
    /// The program, or a future that an object spawned, has a task for an object.
    Ran(ObjectKey, Task),
    /// The program calls the peers of an object. The function, if any, receives the result.
    Call(RemoteCall, Option<CallResult>),
    /// The result of the oldest [`Output::Commit`] without an answer.
    Committed(Result<(), JournalError>),
    /// The time in [`Output::Timeout`] has passed.
    Timeout,
}

impl Input {
    /// Runs a function on an object, in a turn of its own. Does nothing if the object is gone.
    pub fn run<T: DistributedObject>(
        object: Handle<T>,
        run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) -> Self {
        Self::Ran(object.key, Task::new(run))
    }
}

/// Receives the result of a call that a program made from outside the space.
pub type CallResult = Box<dyn FnOnce(Result<(), CallError>) + Send>;

/// An instruction of a hub to its driver.
pub enum Output<'a> {
    /// Write these bytes to a transport, after those that were sent before.
    Send(ConnectionKey, Chunk<'a>),
    /// Store these writes after those of earlier commits, and answer with [`Input::Committed`].
    /// A driver may begin a commit before earlier ones are done.
    Commit(Vec<Write>),
    /// Run this function, which does not block.
    RunWhenSafe(WhenSafe),
    /// Run this future outside the space, and answer with [`Input::Ran`].
    Spawn(Spawned),
    /// The root was connected to this peer, with this version of its interface.
    Opened(ConnectionKey, i32),
    /// Pause reading from a transport. The hub still accepts bytes that were already read.
    PauseReading(ConnectionKey),
    /// Resume reading from a transport.
    ResumeReading(ConnectionKey),
    /// The bytes that wait for a peer rose above the soft limit (`true`) or fell below it (`false`).
    /// Above it, the program outside the space must not make calls.
    Congested(ConnectionKey, bool),
    /// Report how many bytes a transport has accepted, with [`Input::Written`].
    ReportWritten(ConnectionKey),
    /// A connection has ended for this reason, and the hub has removed it. Close its transport after
    /// all sent bytes are written.
    Closed(ConnectionKey, Error),
    /// The journal failed, so the hub can make no state safe. It has ended all connections and does
    /// nothing from now on.
    Failed(JournalError),
    /// There is no further output until the next input. If a time is given and there is no input
    /// before it, pass [`Input::Timeout`] at that time.
    Timeout(Option<Instant>),
}

/// The time by which a driver may delay bytes. It is too short for people to notice, and a meeting that many
/// users join at the same time needs only ten writes per second for each member.
pub const MAX_DELAY: Duration = Duration::from_millis(100);

/// The bytes of one [`Output::Send`].
#[derive(Debug)]
pub enum Chunk<'a> {
    /// Bytes of this connection, borrowed until the next call of the hub.
    Lent(&'a [u8]),
    /// Bytes like [`Lent`](Self::Lent). The driver may delay their write by [`MAX_DELAY`], to write later
    /// bytes of the connection with them.
    Delayable(&'a [u8]),
    /// Arguments that other connections send as well, to be written without copying.
    Shared(Bytes),
}

impl AsRef<[u8]> for Chunk<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) | Self::Delayable(bytes) => bytes,
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
