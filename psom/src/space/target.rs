use std::{cell::RefCell, fmt};

use super::{
    core::Core,
    handle::AnyHandle,
    peer::{Caller, PeerEntry, PeerId, PeerInfo, Sent},
    user::User,
};
use crate::{
    error::{CallError, Error, Violation},
    interface::{InterfaceDesc, ObjectDesc, Target},
    session::Arguments,
    wire::{Encode, ObjectKey},
};

/// One peer of an object, as the target of calls.
pub struct Peer<'a> {
    /// In a cell because calls borrow the proxy and not the caller's variable mutably. No code of the
    /// program runs while it is borrowed.
    core: RefCell<&'a mut Core>,
    object: ObjectKey,
    at: Option<(PeerEntry, PeerInfo)>,
}

impl<'a> Peer<'a> {
    pub(super) fn new(core: &'a mut Core, object: ObjectKey, caller: Option<&Caller>) -> Self {
        let core = RefCell::new(core);
        Self { core, object, at: caller.map(|caller| (caller.peer, caller.info())) }
    }

    /// Connects another object of this space to the peer, as the part `part` of this object. The
    /// peer can be called at once. The object's `connected` runs after the current handler.
    ///
    /// # Errors
    /// This side has not announced the object's type
    /// ([`Misuse::NotAnnounced`](crate::error::Misuse::NotAnnounced)), the two sides have no common
    /// version of it, the part name is too long, or the peer is gone.
    pub fn connect(
        &mut self,
        part: impl ToString,
        child: impl Into<AnyHandle>,
    ) -> Result<(), Error> {
        let (peer, _) = self.at.as_ref().ok_or(CallError::Gone)?;
        let (part, child) = (part.to_string(), child.into().key);
        self.core.get_mut().connect(peer.connection, peer.address, &part, child)
    }

    /// Reports whether the two sides have a common version of an object type, so that an object of
    /// this type can be connected (section 3.1.4.1.3).
    pub fn speaks(&self, object: &ObjectDesc) -> bool {
        let core = self.core.borrow();
        self.at.as_ref().is_some_and(|(peer, _)| core.speaks(peer.connection, object))
    }

    /// Disconnects this object from the peer. Other objects of the peer stay connected. The
    /// object's `disconnected` runs after the current handler. Returns false if the peer is already
    /// gone.
    pub fn close(&mut self) -> bool {
        let Some((peer, _)) = &self.at else { return false };
        self.core.get_mut().disconnect(self.object, *peer)
    }

    /// Adds the peer to a group of this object, which [`Context::group`](super::Context::group)
    /// returns. A peer that is disconnected leaves its groups. Does nothing without a caller.
    pub fn join(&mut self, group: impl ToString) {
        if let Some((peer, _)) = &self.at {
            self.core.get_mut().join(self.object, *peer, group.to_string());
        }
    }

    /// Removes the peer from a group of this object. Returns false if it is not a member.
    pub fn leave(&mut self, group: &str) -> bool {
        let Some((peer, _)) = &self.at else { return false };
        self.core.get_mut().leave(self.object, *peer, group)
    }

    /// Ends the peer's connection with a Close record.
    pub fn hang_up(&mut self) {
        self.end(Error::Closed);
    }

    /// Ends the connection of a peer that has closed an object and thereby left, with a Close record. The
    /// reason of the end is [`PeerLeft`](Error::PeerLeft).
    pub fn dismiss(&mut self) {
        self.end(Error::PeerLeft);
    }

    /// Ends the connection of a peer that has broken no rule, for example because an operator removes its user, or
    /// because the user leaves on another device. The peer gets the reason in a Break record. The reason of the end
    /// is [`Removed`](Error::Removed).
    pub fn remove(&mut self, reason: impl Into<String>) {
        self.end(Error::Removed(reason.into()));
    }

    /// Ends the connection of a peer that has broken a rule, with a Break record that contains the reason.
    pub fn expel(&mut self, reason: Violation) {
        self.end(reason.into_error());
    }

    fn end(&mut self, error: Error) {
        if let Some((peer, _)) = &self.at {
            self.core.get_mut().end(peer.connection, error);
        }
    }

    /// Returns the peer's properties. `None` in a handler without a caller, such as a timer's.
    pub fn info(&self) -> Option<&PeerInfo> {
        self.at.as_ref().map(|(_, info)| info)
    }

    /// Returns the peer's user. In a handler without a caller, such as a timer's, the user has the
    /// number 0 and an empty name.
    pub fn user(&self) -> User {
        self.info().map_or_else(|| User::new(0, ""), |info| info.user.clone())
    }

    /// Returns the identifier of the peer. `None` in a handler without a caller.
    pub fn id(&self) -> Option<PeerId> {
        self.info().map(|info| info.id)
    }

    /// Returns the negotiated version of the object's interface, or 0 in a handler without a
    /// caller.
    pub fn version(&self) -> i32 {
        self.info().map_or(0, |info| info.version)
    }
}

impl fmt::Debug for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Peer").field(&self.info()).finish()
    }
}

impl Target for Peer<'_> {
    type Sent = Sent;

    fn call(
        &self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sent {
        let Some((peer, _)) = &self.at else { return Sent::failed(CallError::Gone) };
        let mut core = self.core.borrow_mut();
        let arguments = match core.marshal(arguments) {
            Ok(arguments) => arguments,
            Err(error) => return Sent::failed(error),
        };
        let mut sent = Sent::default();
        sent.add(core.send(*peer, interface, method, &arguments));
        core.recycle(arguments);
        sent
    }
}

/// A group of peers of an object: all of them, or those that a filter selected. A call on the group
/// marshals its arguments once.
pub struct Peers<'a> {
    /// In a cell for the reason that [`Peer::core`] has.
    core: RefCell<&'a mut Core>,
    object: ObjectKey,
    /// The selected peers. `None` selects all peers.
    only: Option<Vec<PeerEntry>>,
    /// True if calls may wait for later output.
    is_delayable: bool,
}

impl<'a> Peers<'a> {
    pub(super) fn new(core: &'a mut Core, object: ObjectKey) -> Self {
        Self { core: RefCell::new(core), object, only: None, is_delayable: false }
    }

    pub(super) fn only(core: &'a mut Core, object: ObjectKey, only: Vec<PeerEntry>) -> Self {
        Self { core: RefCell::new(core), object, only: Some(only), is_delayable: false }
    }

    /// Lets the following calls wait up to [`MAX_DELAY`](crate::hub::MAX_DELAY) for other output of the same
    /// peer, with which they are written together. The order of the calls stays the same.
    ///
    /// Most of the cost of a call to many peers is one write for each of them. Use it for calls that are
    /// frequent and not urgent, such as the announcement of each of many newcomers.
    pub fn allow_delay(&mut self) {
        self.is_delayable = true;
    }

    fn with_entries<R>(&self, run: impl FnOnce(&Core, &[PeerEntry]) -> R) -> R {
        let core = self.core.borrow();
        match &self.only {
            Some(only) => run(&core, only),
            None => run(&core, core.peers(self.object)),
        }
    }

    /// Returns the number of peers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with_entries(|_, entries| entries.len())
    }

    /// Reports whether the group is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the properties of each peer.
    #[must_use]
    pub fn infos(&self) -> Vec<PeerInfo> {
        self.with_entries(|core, entries| {
            let callers = entries.iter().filter_map(|peer| core.caller(*peer));
            callers.map(|caller| caller.info()).collect()
        })
    }

    /// Returns the number of peers that have a common version of an object type with this side, so
    /// that an object of this type can be connected to them (section 3.1.4.1.3).
    #[must_use]
    pub fn speaking(&self, object: &ObjectDesc) -> usize {
        self.with_entries(|core, entries| {
            entries.iter().filter(|peer| core.speaks(peer.connection, object)).count()
        })
    }

    /// Connects another object of this space to each peer, as the part `part` of this object. Skips
    /// the peers for which [`Peer::connect`] would fail. Returns the number of connected peers.
    #[must_use = "peers that cannot be connected are skipped; the count tells how many were connected"]
    pub fn connect(&mut self, part: impl ToString, child: impl Into<AnyHandle>) -> usize {
        let (part, key) = (part.to_string(), child.into().key);
        let peers = self.with_entries(|_, entries| entries.to_vec());
        let core = self.core.get_mut();
        let connect =
            |peer: &PeerEntry| core.connect(peer.connection, peer.address, &part, key).is_ok();
        peers.iter().map(connect).filter(|connected| *connected).count()
    }

    /// Disconnects this object from each peer and returns the number of disconnected peers.
    #[must_use = "peers that are already gone are skipped; the count tells how many were disconnected"]
    pub fn close(&mut self) -> usize {
        let peers = self.with_entries(|_, entries| entries.to_vec());
        let core = self.core.get_mut();
        let close = |peer: &PeerEntry| core.disconnect(self.object, *peer);
        peers.iter().map(close).filter(|closed| *closed).count()
    }
}

impl fmt::Debug for Peers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.infos()).finish()
    }
}

/// Calls whose arguments are marshaled once, to be sent to several peers at different times, for
/// example the same snapshot to all newcomers.
///
/// It is the target of a typed proxy, which records the calls. [`Peer::send`] and [`Peers::send`] send them.
#[derive(Debug, Default)]
pub struct Prepared(RefCell<Vec<PreparedCall>>);

#[derive(Debug)]
struct PreparedCall {
    interface: &'static InterfaceDesc,
    method: u8,
    arguments: Arguments,
}

impl Target for Prepared {
    type Sent = Sent;

    fn call(
        &self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sent {
        match Arguments::encode(Vec::new(), arguments) {
            Ok(arguments) => {
                self.0.borrow_mut().push(PreparedCall { interface, method, arguments });
                Sent::default()
            }
            Err(error) => Sent::failed(error.into()),
        }
    }
}

impl Peer<'_> {
    /// Sends prepared calls to the peer, in their order.
    pub fn send(&mut self, prepared: &Prepared) -> Sent {
        let Some((peer, _)) = &self.at else { return Sent::failed(CallError::Gone) };
        let (core, mut sent) = (self.core.get_mut(), Sent::default());
        for PreparedCall { interface, method, arguments } in &*prepared.0.borrow() {
            sent.add(core.send(*peer, interface, *method, arguments));
        }
        sent
    }
}

impl Peers<'_> {
    /// Sends prepared calls to each peer, in their order.
    pub fn send(&mut self, prepared: &Prepared) -> Sent {
        let peers = self.with_entries(|_, entries| entries.to_vec());
        let (core, calls) = (self.core.get_mut(), prepared.0.borrow());
        let mut sent = Sent::default();
        for peer in peers {
            for PreparedCall { interface, method, arguments } in &*calls {
                sent.add(core.send(peer, interface, *method, arguments));
            }
        }
        sent
    }
}

/// A group of peers that can be filtered. The `filter` method of proxies requires it.
pub trait Narrow: Target + Sized {
    /// Keeps the peers for which `keep` returns true.
    #[must_use]
    fn narrow(self, keep: impl FnMut(&PeerInfo) -> bool) -> Self;
}

impl Narrow for Peers<'_> {
    fn narrow(mut self, mut keep: impl FnMut(&PeerInfo) -> bool) -> Self {
        let mut kept = self.with_entries(|_, entries| entries.to_vec());
        let core = self.core.get_mut();
        kept.retain(|peer| core.caller(*peer).is_some_and(|caller| keep(&caller.info())));
        self.only = Some(kept);
        self
    }
}

impl Target for Peers<'_> {
    type Sent = Sent;

    fn call(
        &self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sent {
        let mut core = self.core.borrow_mut();
        let arguments = match core.marshal(arguments) {
            Ok(arguments) => arguments,
            Err(error) => return Sent::failed(error),
        };
        let sent = match &self.only {
            only if self.is_delayable => {
                let peers = only.clone().unwrap_or_else(|| core.peers(self.object).to_vec());
                core.send_delayable(&peers, interface, method, &arguments)
            }
            None => core.send_all(self.object, interface, method, &arguments),
            Some(only) => {
                let mut sent = Sent::default();
                for peer in only {
                    sent.add(core.send(*peer, interface, method, &arguments));
                }
                sent
            }
        };
        core.recycle(arguments);
        sent
    }
}
