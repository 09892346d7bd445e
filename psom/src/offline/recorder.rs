use std::{
    fmt,
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use comqc::Guid;

use super::{
    error::RecordError,
    message::{RecordedCall, name_id},
    outbox::Outbox,
};
use crate::{
    interface::{Interface, InterfaceDesc, Target},
    wire::{Encode, Encoder},
};

/// A typed proxy that writes its calls to an [`Outbox`]. `I` is the proxy type of the called half,
/// such as `BroadcastServerProxy`.
///
/// Each call returns its number in the outbox, and is durable when it returns.
pub struct Recorder<I: Interface> {
    proxy: I::Proxy<Recording>,
    recording: Recording,
}

/// The target of a [`Recorder`].
#[derive(Debug, Clone)]
pub struct Recording {
    outbox: Arc<Mutex<Outbox>>,
    header: Arc<Mutex<Header>>,
}

/// The properties that all calls of a recorder have.
#[derive(Debug, Clone, Default)]
struct Header {
    meeting: Option<Guid>,
    target: String,
    recorded_by: String,
}

impl<I: Interface> Recorder<I> {
    /// Opens an outbox, or creates it, to record calls on the server's root. The calls are for any
    /// meeting.
    ///
    /// # Errors
    /// Another program has the outbox open, or the folder cannot be used.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, RecordError> {
        let outbox = Arc::new(Mutex::new(Outbox::open(folder)?));
        Ok(Self::new(Recording { outbox, header: Arc::default() }))
    }

    fn new(recording: Recording) -> Self {
        Self { proxy: I::proxy(recording.clone()), recording }
    }

    /// Records from now on for one meeting. Other meetings reject the calls.
    #[must_use]
    pub fn meeting(self, name: &str) -> Self {
        self.recording.header().meeting = Some(name_id(name));
        self
    }

    /// Records from now on for another object than the root: the part names from the root to it,
    /// separated by `/`.
    #[must_use]
    pub fn target(self, path: &str) -> Self {
        self.recording.header().target = path.to_owned();
        self
    }

    /// Sets the name of the person who records. It is written to each message, but not authenticated:
    /// a server plays the calls as the user who replays them.
    #[must_use]
    pub fn recorded_by(self, name: &str) -> Self {
        self.recording.header().recorded_by = name.to_owned();
        self
    }

    /// Returns a recorder of another interface and object that writes to the same outbox.
    pub fn also<J: Interface>(&self, target: &str) -> Recorder<J> {
        let header = Header { target: target.to_owned(), ..self.recording.header().clone() };
        let outbox = Arc::clone(&self.recording.outbox);
        Recorder::new(Recording { outbox, header: Arc::new(Mutex::new(header)) })
    }

    /// Runs a function with the outbox.
    pub fn with_outbox<R>(&mut self, run: impl FnOnce(&mut Outbox) -> R) -> R {
        run(&mut self.recording.outbox())
    }
}

impl Recording {
    fn header(&self) -> MutexGuard<'_, Header> {
        self.header.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target for Recording {
    type Sent = Result<u64, RecordError>;

    fn call(
        &self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Result<u64, RecordError> {
        let mut bytes = Vec::new();
        let mut out = Encoder::new(&mut bytes);
        arguments.iter().for_each(|argument| argument.encode(&mut out));
        if !out.finish()?.is_empty() {
            return Err(RecordError::Reference);
        }
        let Header { meeting, target, recorded_by } = self.header().clone();
        // An interface has at least one version; the macro checks it.
        let (version, hash) = interface.versions.last().copied().unwrap_or_default();
        self.outbox().append(&RecordedCall {
            meeting,
            target,
            interface: interface.name.to_owned(),
            version,
            hash,
            method,
            arguments: bytes.into(),
            recorded_by,
        })
    }
}

impl<I: Interface> Deref for Recorder<I> {
    type Target = I::Proxy<Recording>;

    fn deref(&self) -> &Self::Target {
        &self.proxy
    }
}

impl<I: Interface> DerefMut for Recorder<I> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.proxy
    }
}

impl<I: Interface> fmt::Debug for Recorder<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("recording", &self.recording).finish_non_exhaustive()
    }
}
