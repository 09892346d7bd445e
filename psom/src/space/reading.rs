//! What connections have sent, until it is all handled.

use std::time::Instant;

use bytes::Bytes;

use super::{Space, core::ConnectionKey};
use crate::wire::record::Batch;

/// So many bytes are gathered at most, about, before they are to be sent.
const GATHER: usize = 256 * 1024;

impl Space {
    /// Takes bytes from a connection's transport, cut anywhere.
    ///
    /// When what the handlers send gathers, reading stops in the middle: [`unread`](Self::unread)
    /// says so, and [`resume`](Self::resume) goes on once the output was taken.
    pub async fn receive(&mut self, now: Instant, connection: ConnectionKey, input: Bytes) {
        self.resume_all(now).await;
        let Some(core) = self.core_at(now) else { return };
        let Some(at) = core.connections.get_mut(connection) else { return };
        let mut batch = at.session.receive(now, input);
        self.read(connection, &mut batch).await;
    }

    /// Whether a connection has messages that were received and not handled yet.
    pub fn unread(&self) -> Option<ConnectionKey> {
        self.unread
    }

    /// Goes on with them. To be done before anything else is received.
    pub async fn resume(&mut self, now: Instant) {
        let Some(connection) = self.unread.take() else { return };
        let Some(core) = self.core_at(now) else { return };
        let Some(at) = core.connections.get_mut(connection) else { return };
        let mut batch = at.session.take_kept();
        self.read(connection, &mut batch).await;
    }

    /// Leaves what is unread where it is, until [`unpark`](Self::unpark).
    pub fn park(&mut self) {
        self.unread = None;
    }

    /// Goes on with what a connection has sent, where it was parked.
    pub async fn unpark(&mut self, now: Instant, connection: ConnectionKey) {
        self.resume_all(now).await;
        self.unread = Some(connection);
        self.resume(now).await;
    }

    /// Handles what is unread whatever it makes gather, where the program around does not ask.
    async fn resume_all(&mut self, now: Instant) {
        while self.unread.is_some() {
            if let Some(core) = &mut self.core {
                core.gathered = 0;
            }
            self.resume(now).await;
        }
    }

    pub(super) async fn read(&mut self, connection: ConnectionKey, batch: &mut Batch) {
        let unsent = self.unsent(connection);
        loop {
            // What the messages before have led to comes before the next one, all of it.
            if self.core.as_ref().is_some_and(|core| !core.work.is_empty()) {
                self.settle();
            }
            let Some(core) = &mut self.core else { return };
            if core.gathered > GATHER || !core.work.is_empty() {
                self.unread = Some(connection);
                break;
            }
            let Some(at) = core.connections.get_mut(connection) else { return };
            let Some(event) = at.session.next_event(core.now, batch) else { break };
            self.on_event(connection, event, batch).await;
            self.settle();
        }
        let Some(core) = &mut self.core else { return };
        if let Some(at) = core.connections.get_mut(connection) {
            at.session.keep(batch);
            let answers = at.session.unsent().saturating_sub(unsent);
            at.session.note_asked(answers);
        }
        core.set_deadline(connection);
        core.mark(connection);
    }

    fn unsent(&self, connection: ConnectionKey) -> usize {
        let at = self.core.as_ref().and_then(|core| core.connections.get(connection));
        at.map_or(0, |at| at.session.unsent())
    }
}
