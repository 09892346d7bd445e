//! Incoming records.

use std::ops::Range;

use super::{
    Phase, Step,
    config::{APPLICATION_CHANNEL, BASE_CHANNEL, Role},
    connmgr::{self, ConnMgrClientProxy, ConnMgrServerProxy},
    event::{Address, Call, ConnectRequest, Event},
    table::{ConnectedObject, Entry, ProxyTable},
};
use crate::{
    Session,
    error::{Error, PeerMisbehaved},
    interface::{Incoming, Outcome},
    trace::escape,
    wire::{
        ProxyId,
        operation::Operation,
        record::{Batch, Record},
    },
};

/// The index of lookup, the only method that RPCOpen may call (section 3.2.3.1.4).
const LOOKUP_METHOD: i8 = 5;

impl Session {
    pub(super) fn on_record(&mut self, record: Record, batch: &Batch) -> Result<Step, Error> {
        match record {
            Record::Message(body) if self.incoming_channel == BASE_CHANNEL => {
                let operation = Operation::read(batch.bytes(), body)?;
                self.on_base_operation(operation, batch)
            }
            Record::Message(body) => {
                let operation = Operation::read(batch.bytes(), body)?;
                self.on_operation(operation, batch)
            }
            Record::SetChannel(channel) => self.on_set_channel(channel),
            Record::Open { channel, body } => self.on_open(channel, body, batch),
            Record::Close => {
                self.trace(|| format!("<- #{} close", self.incoming_channel));
                self.on_close(Error::PeerClosed)
            }
            Record::Break(reason) => {
                let reason = escape(&batch.bytes()[reason]);
                self.trace(|| format!("<- #{} break \"{reason}\"", self.incoming_channel));
                self.on_close(Error::PeerBroke(reason))
            }
        }
    }

    fn on_set_channel(&mut self, channel: u32) -> Result<Step, Error> {
        let open = match channel {
            BASE_CHANNEL => true,
            APPLICATION_CHANNEL => self.table.is_some(),
            _ => false,
        };
        if !open {
            return Err(PeerMisbehaved::ChannelNotOpen(channel).into());
        }
        self.incoming_channel = channel;
        Ok(Step::Again)
    }

    /// Handles Close and Break, which act on the current channel. On channel 0 they end the
    /// connection (ruling 10).
    fn on_close(&mut self, error: Error) -> Result<Step, Error> {
        if self.incoming_channel == BASE_CHANNEL {
            return Err(error);
        }
        match self.table {
            Some(_) => Ok(Step::Event(Event::ChannelClosed(self.take_connected()))),
            None => Err(PeerMisbehaved::ChannelNotOpen(self.incoming_channel).into()),
        }
    }

    fn on_base_operation(&mut self, operation: Operation, batch: &Batch) -> Result<Step, Error> {
        match operation {
            Operation::Call { proxy, method, arguments } => {
                let proxy = proxy.receive()?;
                if proxy != ProxyId::ROOT {
                    return Err(PeerMisbehaved::UnknownProxy(proxy.get()).into());
                }
                let done = self.peer_done();
                self.on_base_call(method, arguments, batch)?;
                match self.peer_done() && !done {
                    true => self.on_peer_done(),
                    false => Ok(Step::Again),
                }
            }
            Operation::Connect { .. } => Err(PeerMisbehaved::ConnMgrChild.into()),
            Operation::Close { proxy } => {
                Err(PeerMisbehaved::UnknownProxy(proxy.receive()?.get()).into())
            }
        }
    }

    fn on_base_call(
        &mut self,
        method: i8,
        arguments: Range<usize>,
        batch: &Batch,
    ) -> Result<(), Error> {
        let interface = connmgr::serves(self.role);
        let version = connmgr::VERSION;
        let source = batch.bytes();
        if let Some(method) = interface.method(method, version) {
            let name = interface.short_name();
            self.trace_call("<-", BASE_CHANNEL, ProxyId::ROOT, name, method, source, &arguments);
        }
        let Some(conn_mgr) = &mut self.conn_mgr else { return Ok(()) };
        let (text, no_context) = (&mut String::new(), &mut ());
        let call = Incoming { interface, version, method, source, arguments, text };
        let outcome = match self.role {
            Role::Server => ConnMgrServerProxy::dispatch(conn_mgr, no_context, call),
            Role::Client => ConnMgrClientProxy::dispatch(conn_mgr, no_context, call),
        };
        match outcome {
            Ok(Outcome::Done(result)) => result.map_err(|violation| violation.into_error()),
            // ConnMgr has no `async fn`.
            Ok(Outcome::Later(_)) => Ok(()),
            Err(violation) => Err(violation.into_error()),
        }
    }

    /// Reports whether this side has announced its interfaces. A client announces them after the
    /// authentication, a server after the client's doneProtocols.
    pub(super) fn has_announced(&self) -> bool {
        self.role == Role::Client || self.peer_done()
    }

    fn peer_done(&self) -> bool {
        self.conn_mgr.as_ref().is_some_and(|conn_mgr| conn_mgr.peer_done)
    }

    /// Handles the peer's doneProtocols: a server announces its own interfaces, and a client opens
    /// the application channel.
    fn on_peer_done(&mut self) -> Result<Step, Error> {
        match self.role {
            Role::Server => {
                self.announce();
                Ok(Step::Again)
            }
            Role::Client => {
                let root = self.root()?;
                self.write_open();
                Ok(Step::Event(self.open(root)))
            }
        }
    }

    /// Handles RPCOpen (section 2.2.1.1.5). Only a client may send it, once, and only for the
    /// channel that has a root.
    fn on_open(&mut self, channel: u32, body: Range<usize>, batch: &Batch) -> Result<Step, Error> {
        self.trace(|| format!("<- #{} open #{channel}", self.incoming_channel));
        if self.role == Role::Client || channel != APPLICATION_CHANNEL || self.table.is_some() {
            return Err(PeerMisbehaved::CannotOpen(channel).into());
        }
        match &mut self.conn_mgr {
            Some(conn_mgr) if conn_mgr.peer_done => conn_mgr.opening = true,
            _ => return Err(PeerMisbehaved::OpenBeforeVersioning.into()),
        }
        match Operation::read(batch.bytes(), body)? {
            Operation::Call { proxy, method: LOOKUP_METHOD, arguments }
                if proxy.receive()? == ProxyId::ROOT =>
            {
                self.on_base_call(LOOKUP_METHOD, arguments, batch)?;
            }
            _ => return Err(PeerMisbehaved::Lookup.into()),
        }
        let root = self.root()?;
        Ok(Step::Event(self.open(root)))
    }

    /// Returns the root for connecting it.
    ///
    /// # Errors
    /// The two sides have no common version of the root's interface (ruling 4).
    fn root(&self) -> Result<ConnectedObject, Error> {
        let conn_mgr = self.conn_mgr.as_ref().ok_or(Error::Closed)?;
        let (object, version) = conn_mgr.root()?;
        let label = self.label(object.serves.short_name());
        Ok(ConnectedObject { object: conn_mgr.app.root, serves: object.serves, version, label })
    }

    fn open(&mut self, root: ConnectedObject) -> Event {
        let address = Address { channel: APPLICATION_CHANNEL, proxy: ProxyId::ROOT };
        let event = Event::Opened { object: root.object, address, version: root.version };
        self.table = Some(ProxyTable::with_root(root));
        self.opened = true;
        event
    }

    fn on_operation(&mut self, operation: Operation, batch: &Batch) -> Result<Step, Error> {
        let channel = self.incoming_channel;
        let Some(table) = &self.table else {
            return Err(PeerMisbehaved::ChannelNotOpen(channel).into());
        };
        let limit = self.config.unconfirmed_close_limit;
        if table.tombstones() > limit && !matches!(operation, Operation::Close { .. }) {
            return Err(PeerMisbehaved::TooManyUnconfirmedCloses(limit).into());
        }
        match operation {
            Operation::Call { proxy, method, arguments } => {
                self.on_call(proxy.receive()?, method, arguments, batch)
            }
            Operation::Connect { parent, part, hash } => {
                self.on_connect(parent.receive()?, part, hash)
            }
            Operation::Close { proxy } => self.on_disconnect(proxy.receive()?),
        }
    }

    fn on_call(
        &mut self,
        proxy: ProxyId,
        method: i8,
        arguments: Range<usize>,
        batch: &Batch,
    ) -> Result<Step, Error> {
        let channel = self.incoming_channel;
        let Some(target) = self.live(proxy)? else { return Ok(Step::Again) };
        let (interface, version) = (target.serves, target.version);
        let Some(desc) = interface.method(method, version) else {
            let interface = interface.name;
            return Err(PeerMisbehaved::UnknownMethod { index: method, interface, version }.into());
        };
        if self.trace.is_some() {
            let label = target.label.as_deref().unwrap_or_default();
            self.trace_call("<-", channel, proxy, label, desc, batch.bytes(), &arguments);
        }
        if let Some(metrics) = &self.config.metrics {
            metrics.received(interface, method, arguments.len());
        }
        let address = Address { channel, proxy };
        let table_changes = self.table.as_ref().map_or(0, ProxyTable::changes);
        let call = Call { target, address, method, arguments, table_changes };
        Ok(Step::Event(Event::Call(call)))
    }

    /// Reads the next message if it is a call of the same object as `call`, and stores its method and
    /// arguments there. Otherwise returns false and reads nothing. It is faster than
    /// [`next_event`](Self::next_event), because the object need not be looked up.
    pub(crate) fn next_call(&mut self, batch: &mut Batch, call: &mut Call) -> bool {
        let is_same_table =
            self.table.as_ref().is_some_and(|table| table.changes() == call.table_changes);
        let is_running = matches!(self.phase, Phase::Running) && self.trace.is_none();
        if !is_same_table || !is_running || self.incoming_channel != call.address.channel {
            return false;
        }
        let proxy = call.address.proxy.received_byte();
        let Some((method, arguments)) =
            proxy.and_then(|proxy| batch.peek_call(proxy, self.config.record_limit))
        else {
            return false;
        };
        if call.target.serves.method(method, call.target.version).is_none() {
            return false;
        }
        batch.skip_to(arguments.end);
        (call.method, call.arguments) = (method, arguments);
        true
    }

    fn on_connect(&mut self, parent: ProxyId, part: String, hash: i64) -> Result<Step, Error> {
        let channel = self.incoming_channel;
        // A failed connect also consumes its number (ruling 2).
        let Some(table) = &mut self.table else { return Ok(Step::Again) };
        if table.len() >= self.config.proxy_limit {
            return Err(PeerMisbehaved::TooManyProxies(self.config.proxy_limit).into());
        }
        let proxy = table.next_there()?;
        self.trace(|| {
            format!("<- #{channel} connect {}@{proxy} of @{parent}", escape(part.as_bytes()))
        });
        let Some(target) = self.live(parent)? else {
            self.refuse_connect(proxy);
            return Ok(Step::Again);
        };
        Ok(Step::Event(Event::Connect(ConnectRequest {
            parent: target.object,
            parent_address: Address { channel, proxy: parent },
            part,
            hash,
            address: Address { channel, proxy },
        })))
    }

    fn on_disconnect(&mut self, proxy: ProxyId) -> Result<Step, Error> {
        let channel = self.incoming_channel;
        self.trace(|| format!("<- #{channel} close @{proxy}"));
        if proxy == ProxyId::ROOT {
            return Err(PeerMisbehaved::UnknownProxy(proxy.get()).into());
        }
        let Some(table) = &mut self.table else { return Ok(Step::Again) };
        match table.remove(proxy) {
            Some(Entry::Open(connected)) => {
                self.write_disconnect(proxy);
                let address = Address { channel, proxy };
                Ok(Step::Event(Event::Disconnected { object: connected.object, address }))
            }
            Some(Entry::Tombstone) => Ok(Step::Again),
            None => Err(PeerMisbehaved::UnknownProxy(proxy.get()).into()),
        }
    }

    /// Returns the object with a proxy identifier. Returns `None` for a tombstone and counts the
    /// message as dropped, because it crossed the OP_CLOSE of this side.
    fn live(&mut self, proxy: ProxyId) -> Result<Option<ConnectedObject>, PeerMisbehaved> {
        match self.table.as_ref().and_then(|table| table.get(proxy)) {
            Some(Entry::Open(connected)) => Ok(Some(connected.clone())),
            Some(Entry::Tombstone) => {
                self.dropped += 1;
                Ok(None)
            }
            None => Err(PeerMisbehaved::UnknownProxy(proxy.get())),
        }
    }
}
