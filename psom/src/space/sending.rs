//! Calls on the peers of an object.

use super::{
    core::{ConnectionState, Core},
    group_calls::CallSeries,
    peer::{PeerEntry, Sent},
};
use crate::{error::CallError, interface::InterfaceDesc, session::Arguments, wire::ObjectKey};

impl Core {
    /// Sends a call to one peer.
    pub(super) fn send(
        &mut self,
        peer: PeerEntry,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &Arguments,
    ) -> Result<(), CallError> {
        self.flush_group_calls();
        self.send_now(peer, interface, method, arguments).map(drop)
    }

    /// Sends a call that may wait for later output to several peers.
    pub(super) fn send_delayable(
        &mut self,
        peers: &[PeerEntry],
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &Arguments,
    ) -> Sent {
        self.flush_group_calls();
        self.asks.note(i8::try_from(method).ok().and_then(|at| interface.method(at, i32::MAX)));
        let mut sent = Sent::default();
        for peer in peers {
            let Some(connection) = self.connections.get_mut(peer.connection) else {
                sent.add(Err(CallError::Gone));
                continue;
            };
            let session = &mut connection.session;
            let called = session.delayable_call(peer.address, interface, method, arguments);
            if called.is_ok() {
                self.queued_bytes += arguments.len();
                if !std::mem::replace(&mut connection.dirty, true) {
                    self.dirty.push_back(peer.connection);
                }
            }
            sent.add(called);
        }
        sent
    }

    /// Sends a call to one peer, after the collected calls. Returns the connection.
    fn send_now(
        &mut self,
        peer: PeerEntry,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &Arguments,
    ) -> Result<&ConnectionState, CallError> {
        let connection = self.connections.get_mut(peer.connection).ok_or(CallError::Gone)?;
        connection.session.call(peer.address, interface, method, arguments)?;
        self.asks.note(i8::try_from(method).ok().and_then(|at| interface.method(at, i32::MAX)));
        self.queued_bytes += arguments.len();
        if !connection.dirty {
            connection.dirty = true;
            self.dirty.push_back(peer.connection);
        }
        Ok(connection)
    }

    /// Sends a call to every peer of an object.
    pub(super) fn send_all(
        &mut self,
        key: ObjectKey,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &Arguments,
    ) -> Sent {
        let collected = self.group_calls.collect(key, interface, method, arguments);
        if let Some((method, peers)) = collected {
            self.asks.note(Some(method));
            self.queued_bytes += arguments.len() * peers;
            if self.group_calls.is_full() {
                self.append_group_calls();
            }
            return Sent::to(peers);
        }
        self.flush_group_calls();
        let Some(slot) = self.slot_mut(key) else { return Sent::failed(CallError::Gone) };
        // Sending does not access the list of peers, so it can be taken out meanwhile.
        let peers = std::mem::take(&mut slot.peers);
        let mut sent = Sent::default();
        let mut is_uniform = peers.len() > 1;
        let (mut version, mut record_limit) = (i32::MAX, u32::MAX);
        for &peer in &peers {
            let result = self.send_now(peer, interface, method, arguments);
            let limit = result.as_ref().ok().and_then(|at| at.session.group_record_limit());
            is_uniform &= limit.is_some() && peer.address == peers[0].address;
            record_limit = record_limit.min(limit.unwrap_or_default());
            version = version.min(peer.version);
            sent.add(result.map(drop));
        }
        if is_uniform {
            let (address, peers) = (peers[0].address, peers.len());
            self.group_calls.begin(CallSeries {
                object: key,
                address,
                peers,
                version,
                record_limit,
            });
        }
        if let Some(slot) = self.slot_mut(key) {
            slot.peers = peers;
        }
        sent
    }

    /// Appends the collected calls on a group to the sessions. Must precede everything else that is queued
    /// for one of them, and every change of the group.
    pub(super) fn flush_group_calls(&mut self) {
        if self.group_calls.run().is_some() {
            self.append_group_calls();
            self.group_calls.end();
        }
    }

    fn append_group_calls(&mut self) {
        let Some(run) = self.group_calls.run().filter(|_| !self.group_calls.is_empty()) else {
            return;
        };
        let records = self.group_calls.take();
        let Some(slot) = self.slot_mut(run.object) else { return };
        let peers = std::mem::take(&mut slot.peers);
        for peer in &peers {
            let Some(connection) = self.connections.get_mut(peer.connection) else { continue };
            connection.session.append_calls(run.address.channel, &records);
            if !connection.dirty {
                connection.dirty = true;
                self.dirty.push_back(peer.connection);
            }
        }
        if let Some(slot) = self.slot_mut(run.object) {
            slot.peers = peers;
        }
        self.group_calls.recycle(records);
    }
}
