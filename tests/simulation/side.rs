use std::{
    pin::pin,
    task::{Context as TaskContext, Poll, Waker},
    time::Instant,
};

use psom::{
    Error, Write,
    error::JournalError,
    hub::{Hub, Input, Output},
    space::{ConnectionKey, Spawned, WhenSafe},
};

/// An output of a hub, with its bytes.
pub(super) enum Effect {
    Send(ConnectionKey, Vec<u8>),
    Commit(Vec<Write>),
    Run(WhenSafe),
    Spawn(Spawned),
    Pause(ConnectionKey, bool),
    Report(ConnectionKey),
    Closed(ConnectionKey, Error),
    Failed(JournalError),
}

impl Effect {
    /// Returns the name of the effect in a story.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Send(..) => "bytes are sent",
            Self::Commit(_) => "a commit",
            Self::Run(_) => "what follows a commit",
            Self::Spawn(_) => "a task",
            Self::Pause(..) => "a change of reading",
            Self::Report(_) => "a report",
            Self::Closed(..) => "the end of a connection",
            Self::Failed(_) => "the end of the hub",
        }
    }
}

/// Passes an input to a hub.
pub(super) fn handle(hub: &mut Hub, now: Instant, input: Input) -> Result<(), String> {
    finish(hub.handle_input(now, input)).ok_or_else(|| "a handler waits for ever".to_owned())
}

/// Takes the outputs of a hub, and the time at which it must be called.
pub(super) fn poll(hub: &mut Hub) -> (Vec<Effect>, Option<Instant>) {
    let mut effects = Vec::new();
    loop {
        effects.push(match hub.poll_output() {
            Output::Send(key, chunk) => Effect::Send(key, chunk.as_ref().to_vec()),
            Output::Commit(writes) => Effect::Commit(writes),
            Output::RunWhenSafe(run) => Effect::Run(run),
            Output::Spawn(spawned) => Effect::Spawn(spawned),
            Output::PauseReading(key) => Effect::Pause(key, true),
            Output::ResumeReading(key) => Effect::Pause(key, false),
            Output::ReportWritten(key) => Effect::Report(key),
            Output::Closed(key, error) => Effect::Closed(key, error),
            Output::Failed(error) => Effect::Failed(error),
            Output::Opened(..) | Output::Congested(..) => continue,
            Output::Timeout(at) => return (effects, at),
        });
    }
}

/// Runs a future that waits for nothing outside.
pub(super) fn finish<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut cx = TaskContext::from_waker(Waker::noop());
    (0..1_000).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    })
}
