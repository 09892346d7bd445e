//! Calls on all peers of an object, which are appended once to each session.
//!
//! A turn with many calls on a large group would otherwise visit every session for every call.

use crate::{
    interface::{InterfaceDesc, MethodDesc},
    session::{Address, Arguments, Session},
    wire::ObjectKey,
};

/// The number of collected bytes from which they are appended to the sessions: about the size of one TLS
/// record, so that longer runs save nothing more.
const MAX_COLLECTED_BYTES: usize = 16 * 1024;

/// Consecutive calls of one object on all its peers.
///
/// The first call of a run is queued for each peer. If its bytes are the same for all peers, later calls of
/// the run are collected here and appended to each session at once. INVARIANT: while calls are collected,
/// nothing else is queued for a session of the group, and the group stays the same. Therefore
/// `Core::flush_group_calls` precedes each such change. Only a session that ends itself, because its peer
/// sends a call that cannot be read, does not get the collected calls before its farewell.
#[derive(Default)]
pub(super) struct GroupCalls {
    run: Option<CallSeries>,
    /// The collected calls as records.
    records: Vec<u8>,
}

/// The object whose calls are collected, and the common properties of its peers.
#[derive(Clone, Copy)]
pub(super) struct CallSeries {
    pub(super) object: ObjectKey,
    /// The address of the object on each connection.
    pub(super) address: Address,
    pub(super) peers: usize,
    /// The lowest negotiated version.
    pub(super) version: i32,
    /// The lowest limit for the size of a call, in bytes.
    pub(super) record_limit: u32,
}

impl GroupCalls {
    /// Reports whether no call is collected.
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Reports whether so many calls are collected that they must be appended to the sessions.
    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= MAX_COLLECTED_BYTES
    }

    /// Begins a run after its first call was queued for each peer.
    pub(super) fn begin(&mut self, run: CallSeries) {
        self.run = Some(run);
    }

    /// Returns the current run.
    pub(super) fn run(&self) -> Option<CallSeries> {
        self.run
    }

    /// Ends the run. Its calls must have been taken.
    pub(super) fn end(&mut self) {
        self.run = None;
    }

    /// Collects a call if it continues the run. Returns its method and the number of peers.
    pub(super) fn collect(
        &mut self,
        object: ObjectKey,
        interface: &'static InterfaceDesc,
        index: u8,
        arguments: &Arguments,
    ) -> Option<(&'static MethodDesc, usize)> {
        let run = self.run.as_ref().filter(|run| run.object == object)?;
        let method = interface.method(i8::try_from(index).ok()?, run.version)?;
        let proxy = run.address.proxy;
        arguments.write_call(&mut self.records, proxy, index, run.record_limit)?;
        Some((method, run.peers))
    }

    /// Takes the collected calls. Return the buffer with [`recycle`](Self::recycle).
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.records)
    }

    pub(super) fn recycle(&mut self, mut records: Vec<u8>) {
        records.clear();
        self.records = records;
    }

    /// Returns the number of collected bytes for a session.
    pub(super) fn bytes_for(&self, session: &Session) -> usize {
        let run = self.run.filter(|_| !self.is_empty());
        let is_peer = |run: CallSeries| session.object_at(run.address.proxy) == Some(run.object);
        if run.is_some_and(is_peer) { self.records.len() } else { 0 }
    }
}
