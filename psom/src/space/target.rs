use std::fmt;

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
    core: &'a mut Core,
    object: ObjectKey,
    at: Option<(PeerEntry, PeerInfo)>,
}

impl<'a> Peer<'a> {
    pub(super) fn new(core: &'a mut Core, object: ObjectKey, caller: Option<&Caller>) -> Self {
        Self { core, object, at: caller.map(|caller| (caller.peer, caller.info())) }
    }

    /// Connects another object of this space to the peer, as the part `part` of this object. The
    /// peer can be called at once. The object's `connected` runs after the current handler.
    ///
    /// # Errors
    /// This side has not announced the object's type
    /// ([`Misuse::NotAnnounced`](crate::error::Misuse::NotAnnounced)), the two sides have no common
    /// version of it, the part name is too long, or the peer is gone.
    pub fn connect(&mut self, part: &str, child: impl Into<AnyHandle>) -> Result<(), Error> {
        let (peer, _) = self.at.as_ref().ok_or(CallError::Gone)?;
        self.core.connect(peer.connection, peer.address, part, child.into().key)
    }

    /// Reports whether the two sides have a common version of an object type, so that an object of
    /// this type can be connected (section 3.1.4.1.3).
    pub fn speaks(&self, object: &ObjectDesc) -> bool {
        self.at.as_ref().is_some_and(|(peer, _)| self.core.speaks(peer.connection, object))
    }

    /// Disconnects this object from the peer. Other objects of the peer stay connected. The
    /// object's `disconnected` runs after the current handler. Returns false if the peer is already
    /// gone.
    pub fn close(&mut self) -> bool {
        let Some((peer, _)) = &self.at else { return false };
        self.core.disconnect(self.object, *peer)
    }

    /// Ends the peer's connection with a Close record.
    pub fn hang_up(&mut self) {
        self.end(Error::Closed);
    }

    /// Ends the peer's connection with a Break record that contains the reason.
    pub fn expel(&mut self, reason: Violation) {
        self.end(reason.into_error());
    }

    fn end(&mut self, error: Error) {
        if let Some((peer, _)) = &self.at {
            self.core.end(peer.connection, error);
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
        &mut self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sent {
        let Some((peer, _)) = &self.at else { return Sent::failed(CallError::Gone) };
        let arguments = match self.core.marshal(arguments) {
            Ok(arguments) => arguments,
            Err(error) => return Sent::failed(error),
        };
        let mut sent = Sent::default();
        sent.add(self.core.send(*peer, interface, method, &arguments));
        self.core.recycle(arguments);
        sent
    }
}

/// A group of peers of an object: all of them, or those that a filter selected. A call on the group
/// marshals its arguments once.
pub struct Peers<'a> {
    core: &'a mut Core,
    object: ObjectKey,
    /// The selected peers. `None` selects all peers.
    only: Option<Vec<PeerEntry>>,
}

impl<'a> Peers<'a> {
    pub(super) fn new(core: &'a mut Core, object: ObjectKey) -> Self {
        Self { core, object, only: None }
    }

    fn entries(&self) -> &[PeerEntry] {
        match &self.only {
            Some(only) => only,
            None => self.core.peers(self.object),
        }
    }

    /// Returns the number of peers.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Reports whether the group is empty.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// Returns the properties of each peer.
    pub fn infos(&self) -> Vec<PeerInfo> {
        let callers = self.entries().iter().filter_map(|peer| self.core.caller(*peer));
        callers.map(|caller| caller.info()).collect()
    }

    /// Returns the number of peers that have a common version of an object type with this side, so
    /// that an object of this type can be connected to them (section 3.1.4.1.3).
    pub fn speaking(&self, object: &ObjectDesc) -> usize {
        let speaks = |peer: &&PeerEntry| self.core.speaks(peer.connection, object);
        self.entries().iter().filter(speaks).count()
    }

    /// Connects another object of this space to each peer, as the part `part` of this object. Skips
    /// the peers for which [`Peer::connect`] would fail. Returns the number of connected peers.
    pub fn connect(&mut self, part: &str, child: impl Into<AnyHandle>) -> usize {
        let key = child.into().key;
        let peers = self.entries().to_vec();
        let connect =
            |peer: &PeerEntry| self.core.connect(peer.connection, peer.address, part, key).is_ok();
        peers.iter().map(connect).filter(|connected| *connected).count()
    }

    /// Disconnects this object from each peer and returns the number of disconnected peers.
    pub fn close(&mut self) -> usize {
        let peers = self.entries().to_vec();
        let close = |peer: &PeerEntry| self.core.disconnect(self.object, *peer);
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
/// It is the target of a typed proxy, which records the calls. [`Peers::send`] sends them.
#[derive(Debug, Default)]
pub struct Prepared(Vec<PreparedCall>);

#[derive(Debug)]
struct PreparedCall {
    interface: &'static InterfaceDesc,
    method: u8,
    arguments: Arguments,
}

impl Target for Prepared {
    type Sent = Sent;

    fn call(
        &mut self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sent {
        match Arguments::encode(Vec::new(), arguments) {
            Ok(arguments) => {
                self.0.push(PreparedCall { interface, method, arguments });
                Sent::default()
            }
            Err(error) => Sent::failed(error.into()),
        }
    }
}

impl Peers<'_> {
    /// Sends prepared calls to each peer, in their order.
    pub fn send(&mut self, prepared: &Prepared) -> Sent {
        let peers = self.entries().to_vec();
        let mut sent = Sent::default();
        for peer in peers {
            for PreparedCall { interface, method, arguments } in &prepared.0 {
                sent.add(self.core.send(peer, interface, *method, arguments));
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
        let mut kept = self.entries().to_vec();
        kept.retain(|peer| self.core.caller(*peer).is_some_and(|caller| keep(&caller.info())));
        self.only = Some(kept);
        self
    }
}

impl Target for Peers<'_> {
    type Sent = Sent;

    fn call(
        &mut self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Sent {
        let arguments = match self.core.marshal(arguments) {
            Ok(arguments) => arguments,
            Err(error) => return Sent::failed(error),
        };
        let sent = match &self.only {
            None => self.core.send_all(self.object, interface, method, &arguments),
            Some(only) => {
                let mut sent = Sent::default();
                for peer in only {
                    sent.add(self.core.send(*peer, interface, method, &arguments));
                }
                sent
            }
        };
        self.core.recycle(arguments);
        sent
    }
}
