//! Outgoing messages.

use std::{cell::RefCell, ops::Range};

use bytes::Bytes;

use super::{
    Arguments, Session,
    config::{APPLICATION_CHANNEL, BASE_CHANNEL, Role},
    connmgr::{ConnMgrClientProxy, ConnMgrServerProxy},
    event::{Address, ConnectRequest},
    outbound::{LatestKey, Outbound},
    table::{ConnectedObject, Entry},
};
use crate::{
    error::{CallError, Error, Misuse, PeerMisbehaved},
    interface::{self, Interface as _, InterfaceDesc, MethodDesc, ObjectDesc, Target, View},
    wire::{Encode, ObjectKey, ProxyId, operation, record},
};

/// The arguments of lookup. They have no meaning (section 3.2.3.1.4). These are the captured values
/// of section 4.2, because peers may never have been tested with other values.
const LOOKUP_ARGUMENTS: (&str, &str, i64) = ("TODO-ryanfa-remove", "NotUsed", -7932100958924279543);

impl Session {
    /// Queues a call of a method of the object at `address`. On an error, nothing is sent.
    pub(crate) fn call(
        &mut self,
        address: Address,
        interface: &'static InterfaceDesc,
        index: u8,
        arguments: &Arguments,
    ) -> Result<(), CallError> {
        let table = self.table.as_ref().filter(|_| !self.is_ended()).ok_or(CallError::Gone)?;
        let target = table.open(address.proxy).ok_or(CallError::Gone)?;
        let method = method_of(interface, index, target.version)?;
        let argument_hash = match method.latest_by.filter(|_| self.outbound.congested) {
            Some(position) => interface::argument_hash(method, position, &arguments.shown()),
            None => 0,
        };
        let (channel, proxy) = (address.channel, address.proxy);
        let key = LatestKey { channel, proxy, method: index, argument_hash };
        let resolved = match arguments.has_references() {
            true => arguments.resolved(|object| table.find(object))?,
            false => None,
        };
        let arguments = resolved.as_ref().unwrap_or(arguments);
        self.outbound.call(key, method.latest, arguments, self.config.record_limit)?;
        if let Some(metrics) = &self.config.metrics {
            metrics.sent(interface, index, arguments.len());
        }
        if self.trace.is_some() {
            let label = target.label.as_deref().unwrap_or_default();
            let (bytes, range) = arguments.shown();
            self.trace_call("->", channel, proxy, label, method, &bytes, &range);
        }
        Ok(())
    }

    /// Queues a call like [`call`](Self::call), which may wait for later output.
    pub(crate) fn delayable_call(
        &mut self,
        address: Address,
        interface: &'static InterfaceDesc,
        index: u8,
        arguments: &Arguments,
    ) -> Result<(), CallError> {
        let before = self.unsent();
        self.call(address, interface, index, arguments)?;
        self.outbound.delay_since(before);
        Ok(())
    }

    /// Returns the maximum size of a call if calls on a group can be appended as they are: the session is
    /// neither traced, which prints each call, nor congested, which keeps `#[latest]` calls apart.
    pub(crate) fn group_record_limit(&self) -> Option<u32> {
        (self.trace.is_none() && !self.outbound.congested).then_some(self.config.record_limit)
    }

    /// Appends calls as records.
    pub(crate) fn append_calls(&mut self, channel: u32, records: &[u8]) {
        // Nothing is sent after Close or Break.
        if !self.is_ended() {
            self.outbound.set_channel(channel);
            self.outbound.bytes().extend_from_slice(records);
        }
    }

    /// Returns the negotiated version of an object type on this connection.
    pub fn version(&self, object: &ObjectDesc) -> Result<i32, Error> {
        self.conn_mgr.as_ref().ok_or(Error::Closed)?.version_of(object)
    }

    /// Returns the object with this proxy identifier.
    pub fn object_at(&self, proxy: ProxyId) -> Option<ObjectKey> {
        Some(self.table.as_ref()?.open(proxy)?.object)
    }

    /// Connects an object as the part `part` of the object at `parent` (section 2.2.2.1.1). It can
    /// be called at once.
    pub fn connect(
        &mut self,
        parent: Address,
        part: &str,
        object: ObjectKey,
        desc: &ObjectDesc,
    ) -> Result<(Address, i32), Error> {
        if self.is_ended() {
            return Err(CallError::Gone.into());
        }
        let version = self.version(desc)?;
        let label = self.label(part);
        let limit = usize::try_from(self.config.record_limit).unwrap_or(usize::MAX);
        let table = self.table.as_mut().ok_or(CallError::Gone)?;
        table.open(parent.proxy).ok_or(CallError::Gone)?;
        let hash = desc.serves.hash(version).ok_or(CallError::Gone)?;
        let mut body = Vec::new();
        operation::write_connect(&mut body, parent.proxy, part, hash)?;
        if body.len() > limit {
            return Err(Misuse::CallTooLong { size: body.len(), limit }.into());
        }
        let proxy = table.next_here()?;
        let connected = ConnectedObject { object, serves: desc.serves, version, label };
        table.insert(proxy, Entry::Open(connected));
        self.write_operation(&body);
        self.trace(|| {
            format!("-> #{} connect {part}@{proxy} of @{}", parent.channel, parent.proxy)
        });
        Ok((Address { channel: parent.channel, proxy }, version))
    }

    /// Connects an object in answer to the peer's OP_CONNECT.
    ///
    /// # Errors
    /// The hash is not that of the negotiated version, or there is no common version. Both end the
    /// connection (ruling 3).
    pub fn accept_connect(
        &mut self,
        request: &ConnectRequest,
        object: ObjectKey,
        desc: &ObjectDesc,
    ) -> Result<i32, Error> {
        let version = self.version(desc)?;
        if desc.calls.hash(version) != Some(request.hash) {
            let interface = desc.calls.name;
            return Err(
                PeerMisbehaved::ConnectHash { hash: request.hash, interface, version }.into()
            );
        }
        let label = self.label(&request.part);
        let connected = ConnectedObject { object, serves: desc.serves, version, label };
        let table = self.table.as_mut().ok_or(CallError::Gone)?;
        table.insert(request.address.proxy, Entry::Open(connected));
        Ok(version)
    }

    /// Answers an OP_CONNECT with an unknown part name: sends OP_CLOSE for the proxy identifier
    /// that the connect has consumed.
    pub fn refuse_connect(&mut self, proxy: ProxyId) {
        if let Some(table) = &mut self.table {
            table.insert(proxy, Entry::Tombstone);
            self.write_disconnect(proxy);
        }
    }

    /// Disconnects an object (section 2.2.2.1.2). Calls that cross the OP_CLOSE are dropped and
    /// counted. Returns false if the object was not connected.
    pub fn disconnect(&mut self, address: Address) -> bool {
        let table = self.table.as_mut();
        let was_open = table.and_then(|table| table.replace_by_tombstone(address.proxy)).is_some();
        if was_open {
            self.write_disconnect(address.proxy);
        }
        was_open
    }

    pub(super) fn write_disconnect(&mut self, proxy: ProxyId) {
        let mut body = Vec::new();
        operation::write_close(&mut body, proxy);
        self.write_operation(&body);
        self.trace(|| format!("-> #{APPLICATION_CHANNEL} close @{proxy}"));
    }

    fn write_operation(&mut self, body: &[u8]) {
        // Nothing is sent after Close or Break.
        if self.is_ended() {
            return;
        }
        self.outbound.set_channel(APPLICATION_CHANNEL);
        record::write_message(self.outbound.bytes(), |out| out.extend(body));
    }

    pub(super) fn announce(&mut self) {
        if let Some(conn_mgr) = &self.conn_mgr {
            let trace = self.trace.as_ref();
            conn_mgr.announce(ToConnMgr { outbound: RefCell::new(&mut self.outbound), trace });
        }
    }

    pub(super) fn ping(&mut self) {
        let trace = self.trace.as_ref();
        let target = ToConnMgr { outbound: RefCell::new(&mut self.outbound), trace };
        match self.role {
            Role::Client => ConnMgrServerProxy::proxy(target).ping(),
            Role::Server => ConnMgrClientProxy::proxy(target).ping(),
        }
    }

    /// Opens the application channel and makes it the current one (section 3.2.3.1.4).
    pub(super) fn write_open(&mut self) {
        let mut message = Outbound::default();
        let target = ToConnMgr { outbound: RefCell::new(&mut message), trace: None };
        let (name, protocol, hash) = LOOKUP_ARGUMENTS;
        ConnMgrServerProxy::proxy(target).lookup(name, protocol, hash);
        let body = message.bytes().split_off(record::MESSAGE_HEADER_BYTES);
        self.outbound.set_channel(BASE_CHANNEL);
        record::write_open(self.outbound.bytes(), APPLICATION_CHANNEL, |out| out.extend(body));
        self.trace(|| format!("-> #{BASE_CHANNEL} open #{APPLICATION_CHANNEL}"));
        self.outbound.set_channel(APPLICATION_CHANNEL);
    }

    pub(super) fn label(&self, name: &str) -> Option<Box<str>> {
        self.trace.is_some().then(|| name.into())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one printed line")]
    pub(super) fn trace_call(
        &self,
        arrow: &str,
        channel: u32,
        proxy: ProxyId,
        label: &str,
        method: &MethodDesc,
        source: &Bytes,
        range: &Range<usize>,
    ) {
        self.trace(|| {
            let view = if arrow == "->" { View::Sender } else { View::Receiver };
            let arguments = interface::arguments(method, source, range.clone(), view);
            format!("{arrow} #{channel} {label}@{proxy}.{}({arguments})", method.name)
        });
    }
}

/// Returns the method with this index, if the peer's version has it.
fn method_of(
    interface: &'static InterfaceDesc,
    index: u8,
    version: i32,
) -> Result<&'static MethodDesc, CallError> {
    let position = usize::from(index).checked_sub(1);
    let method = position.and_then(|position| interface.methods.get(position));
    let method = method.ok_or(CallError::Gone)?;
    if method.since > version {
        let (interface, since) = (interface.name, method.since);
        return Err(CallError::NotInVersion { interface, method: method.name, since, version });
    }
    Ok(method)
}

/// Returns the bytes of a server's ping that can be sent between the output of two turns. `channel`
/// is the current channel before and after it.
pub(crate) fn lone_ping(channel: u32) -> Vec<u8> {
    let mut outbound = Outbound::on(channel);
    let target = ToConnMgr { outbound: RefCell::new(&mut outbound), trace: None };
    ConnMgrClientProxy::proxy(target).ping();
    outbound.set_channel(channel);
    std::mem::take(outbound.bytes())
}

/// The peer's ConnMgr as the target of calls. It is the root of channel 0 and always connected.
struct ToConnMgr<'a> {
    outbound: RefCell<&'a mut Outbound>,
    trace: Option<&'a super::Trace>,
}

impl Target for ToConnMgr<'_> {
    type Sent = ();

    fn call(&self, interface: &'static InterfaceDesc, method: u8, arguments: &[&dyn Encode]) {
        // ConnMgr's calls have short strings and no references, so neither encoding nor the limit can
        // fail.
        let Ok(arguments) = Arguments::encode(Vec::new(), arguments) else { return };
        let key =
            LatestKey { channel: BASE_CHANNEL, proxy: ProxyId::ROOT, method, argument_hash: 0 };
        let _ = self.outbound.borrow_mut().call(key, false, &arguments, u32::MAX);
        if let (Some(trace), Ok(method)) = (self.trace, method_of(interface, method, i32::MAX)) {
            let (bytes, range) = arguments.shown();
            let shown = interface::arguments(method, &bytes, range, View::Sender);
            trace(&format!("-> #{BASE_CHANNEL} ConnMgr@0.{}({shown})", method.name));
        }
    }
}
