//! Reads the messages of one connection and dispatches them to handlers.

use std::time::Instant;

use bytes::Bytes;

use super::{
    Space,
    core::Core,
    peer::{ConnectionKey, PeerEntry},
};
use crate::{
    error::Violation,
    interface::{Incoming, Outcome},
    session::{Call, Event},
    wire::record::Batch,
};

/// The amount that is read from one connection before the next connection is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadLimit {
    pub(crate) messages: usize,
    /// The number of received bytes after which no further message is read.
    pub(crate) bytes: usize,
    /// Reading stops when the turn has about this many bytes of output.
    pub(crate) output_bytes: usize,
}

/// The result of reading from one connection.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Read {
    pub(crate) messages: usize,
    /// The approximate number of bytes that the handlers have queued for all peers.
    pub(crate) output_bytes: usize,
    /// The number of bytes that the handlers have queued for the peer itself.
    pub(crate) reply_bytes: usize,
}

impl Space {
    /// Takes received bytes of a connection, split at any position. Returns them for
    /// [`read`](Self::read), preceded by the start of an incomplete record.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        connection: ConnectionKey,
        input: Bytes,
    ) -> Batch {
        let at = self.connection_mut(connection);
        at.map_or_else(Batch::default, |at| at.session.receive(now, input))
    }

    /// Handles the messages of one connection in order. The unread rest stays in `batch`.
    pub(crate) async fn read(
        &mut self,
        now: Instant,
        connection: ConnectionKey,
        batch: &mut Batch,
        limit: ReadLimit,
    ) -> Read {
        let unsent = self.unsent(connection);
        let queued = self.queued_bytes();
        let end = batch.rest().len().saturating_sub(limit.bytes);
        let mut read = Read::default();
        let mut event = None;
        loop {
            // Queued work of earlier messages runs before the next message.
            if self.has_work() {
                self.settle();
            }
            #[cfg(feature = "offline")]
            if !self.has_work() && self.play_one().await {
                continue;
            }
            let Some(core) = self.core_at(now) else { return read };
            if event.is_none() {
                let stop = core.queued_bytes > limit.output_bytes || !core.work.is_empty();
                if stop || read.messages >= limit.messages || batch.rest().len() < end {
                    break;
                }
                event = core.next_event(now, connection, batch);
            }
            match event.take() {
                None => {
                    let Some(at) = core.connections.get_mut(connection) else { return read };
                    at.session.keep(batch);
                    *batch = Batch::default();
                    break;
                }
                Some(Event::Call(call)) => {
                    let from = peer(connection, &call);
                    let Some(mut leased) = self.lease(call.target.object, Some(from)) else {
                        read.messages += 1;
                        continue;
                    };
                    let object = call.target.object;
                    let mut call = call;
                    let has_after = leased.has_after();
                    // The object is not put back while the next message is a call of the same object.
                    let result = loop {
                        read.messages += 1;
                        let address = call.address;
                        let incoming = Incoming {
                            interface: call.target.serves,
                            version: call.target.version,
                            method: call.method,
                            source: batch.bytes(),
                            arguments: call.arguments.clone(),
                            text: &mut self.text,
                        };
                        let method = incoming.description();
                        let incoming = match leased.core().filter(|core| !core.asks.is_empty()) {
                            Some(core) => core.take_answer(from, object, incoming),
                            None => Some(incoming),
                        };
                        let result = match incoming.map(|incoming| leased.dispatch(incoming)) {
                            // The call answers a request, whose continuation is queued.
                            None => Ok(()),
                            Some(Ok(Outcome::Done(result))) => result,
                            Some(Ok(Outcome::Later(handler))) => handler.await,
                            Some(Err(violation)) => Err(violation),
                        };
                        if let Some(method) = method.filter(|_| has_after) {
                            leased.after(method);
                        }
                        let Some(core) = leased.core().filter(|_| result.is_ok()) else {
                            break result;
                        };
                        let stop = core.queued_bytes > limit.output_bytes || !core.work.is_empty();
                        if stop || read.messages >= limit.messages || batch.rest().len() < end {
                            break result;
                        }
                        let Some(at) = core.connections.get_mut(connection) else { break result };
                        if at.session.next_call(batch, &mut call) {
                            continue;
                        }
                        match core.next_event(now, connection, batch) {
                            Some(Event::Call(next))
                                if next.target.object == object && next.address == address =>
                            {
                                call = next;
                            }
                            // `None` is handled below: an incomplete record yields no event again.
                            other => {
                                event = other;
                                break result;
                            }
                        }
                    };
                    self.give_back(object, leased);
                    self.end_on_error(connection, result.map_err(Violation::into_error));
                }
                Some(other) => {
                    read.messages += 1;
                    self.on_event(connection, other);
                }
            }
        }
        let Some(core) = &mut self.core else { return read };
        core.set_deadline(connection);
        core.mark(connection);
        read.output_bytes = self.queued_bytes().saturating_sub(queued);
        read.reply_bytes = self.unsent(connection).saturating_sub(unsent);
        read
    }

    /// Plays a recorded call of an `async fn` handler and awaits it. Returns false if there is none.
    #[cfg(feature = "offline")]
    async fn play_one(&mut self) -> bool {
        let next = self.core.as_mut().and_then(|core| core.played.pop_front());
        let Some((object, caller, call)) = next else { return false };
        let super::core::PlayedCall { version, method, arguments, then } = call;
        let serves = self.core.as_ref().and_then(|core| core.desc(object)).map(|desc| desc.serves);
        let leased = serves.zip(self.lease(object, Some(caller.peer)));
        let result = match leased {
            Some((interface, mut target)) => {
                let incoming = Incoming {
                    interface,
                    version,
                    method: i8::try_from(method).unwrap_or_default(),
                    source: &arguments,
                    arguments: 0..arguments.len(),
                    text: &mut self.text,
                };
                let result = match target.dispatch(incoming) {
                    Ok(Outcome::Done(result)) => result,
                    Ok(Outcome::Later(handler)) => handler.await,
                    Err(violation) => Err(violation),
                };
                self.give_back(object, target);
                result
            }
            None => Err(Violation::new("the object that plays the call is gone")),
        };
        self.core = self.core.take().and_then(|core| then(core, object, result));
        true
    }

    /// Returns the number of bytes that were queued for a peer and not taken yet.
    fn unsent(&self, connection: ConnectionKey) -> usize {
        let Some(core) = &self.core else { return 0 };
        let Some(at) = core.connections.get(connection) else { return 0 };
        at.session.unsent() + core.group_calls.bytes_for(&at.session)
    }
}

impl Core {
    /// Returns the next event of a connection.
    fn next_event(
        &mut self,
        now: Instant,
        connection: ConnectionKey,
        batch: &mut Batch,
    ) -> Option<Event> {
        // Other messages than calls can change the objects of the session or its output.
        if !self.group_calls.is_empty() && !batch.begins_with_call() {
            self.flush_group_calls();
        }
        self.connections.get_mut(connection)?.session.next_event(now, batch)
    }
}

fn peer(connection: ConnectionKey, call: &Call) -> PeerEntry {
    PeerEntry { connection, address: call.address, version: call.target.version }
}
