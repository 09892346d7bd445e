use std::fmt;

use super::{
    core::{ConnectionKey, Core, PeerEntry},
    handle::AnyHandle,
    user::User,
};
use crate::{
    error::{CallError, Error, Violation},
    interface::{InterfaceDesc, ObjectDesc, Target},
    wire::{Encode, ObjectKey},
};

/// Names a peer's connection: the same for every object of the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) ConnectionKey);

/// What is known of a peer of an object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PeerInfo {
    /// The peer's connection.
    pub id: PeerId,
    /// Who is behind it.
    pub user: User,
    /// The version of the object's interface that is in force for it.
    pub version: i32,
}

/// A peer as its object's handlers meet it: the caller, or who was connected.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) peer: PeerEntry,
    pub(super) user: User,
}

impl Caller {
    pub(super) fn info(&self) -> PeerInfo {
        let PeerEntry { connection, version, .. } = self.peer;
        PeerInfo { id: PeerId(connection), user: self.user.clone(), version }
    }
}

/// What became of a call, for whoever wants to know: a call to a peer that is going away is not
/// worth an error in most handlers.
#[derive(Debug, Default)]
pub struct Sent {
    /// How many peers the call goes to.
    pub reached: usize,
    error: Option<CallError>,
}

impl Sent {
    pub(super) fn failed(error: CallError) -> Self {
        Self { reached: 0, error: Some(error) }
    }

    pub(super) fn add(&mut self, result: Result<(), CallError>) {
        match result {
            Ok(()) => self.reached += 1,
            Err(error) => drop(self.error.get_or_insert(error)),
        }
    }

    /// The first reason why the call could not be sent to a peer, if there is one.
    pub fn ok(&self) -> Result<(), CallError> {
        self.error.clone().map_or(Ok(()), Err)
    }
}

/// One peer of an object, as a place to send calls.
pub struct Peer<'a> {
    core: &'a mut Core,
    object: ObjectKey,
    at: Option<(PeerEntry, PeerInfo)>,
}

impl<'a> Peer<'a> {
    pub(super) fn new(core: &'a mut Core, object: ObjectKey, caller: Option<&Caller>) -> Self {
        Self { core, object, at: caller.map(|caller| (caller.peer, caller.info())) }
    }

    /// Connects an object of this space to the peer, as the part `part` of this object. The peer
    /// can be called at once; the object's `connected` runs after the present handler.
    ///
    /// # Errors
    /// [`Misuse::NotAnnounced`](crate::error::Misuse::NotAnnounced): this side has not announced the object's type. The peer speaks no
    /// version of it, the part name is too long, or the peer is gone.
    pub fn connect(&mut self, part: &str, child: impl Into<AnyHandle>) -> Result<(), Error> {
        let (peer, _) = self.at.as_ref().ok_or(CallError::Gone)?;
        self.core.connect(peer.connection, peer.address, part, child.into().key)
    }

    /// Whether the peer speaks a version of this object that we speak too, so that it could be
    /// connected (section 3.1.4.1.3).
    pub fn speaks(&self, object: &ObjectDesc) -> bool {
        self.at.as_ref().is_some_and(|(peer, _)| self.core.speaks(peer.connection, object))
    }

    /// Disconnects this object from the peer, who may go on with others. The object's
    /// `disconnected` runs after the present handler. Says whether the peer was still there.
    pub fn close(&mut self) -> bool {
        let Some((peer, _)) = &self.at else { return false };
        self.core.disconnect(self.object, *peer)
    }

    /// Ends the peer's whole connection with a Close.
    pub fn hang_up(&mut self) {
        self.end(Error::Closed);
    }

    /// Ends the peer's whole connection with a Break and a reason.
    pub fn expel(&mut self, reason: Violation) {
        self.end(reason.into_error());
    }

    fn end(&mut self, error: Error) {
        if let Some((peer, _)) = &self.at {
            self.core.end(peer.connection, error);
        }
    }

    /// What is known of the peer; nothing where nobody called.
    pub fn info(&self) -> Option<&PeerInfo> {
        self.at.as_ref().map(|(_, info)| info)
    }

    /// Who is behind the peer. A handler that nobody called, like that of a timer, has a caller
    /// with the number 0 and no name, to whom nothing can be sent.
    pub fn user(&self) -> User {
        self.info().map_or_else(|| User::new(0, ""), |info| info.user.clone())
    }

    /// The peer's connection; nothing where nobody called.
    pub fn id(&self) -> Option<PeerId> {
        self.info().map(|info| info.id)
    }

    /// The version of the object's interface that is in force for the peer; 0 where nobody called.
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

/// All peers of an object, or a part of them: a call marshals its arguments once.
pub struct Peers<'a> {
    core: &'a mut Core,
    object: ObjectKey,
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

    /// How many peers there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// What is known of each.
    pub fn infos(&self) -> Vec<PeerInfo> {
        let callers = self.entries().iter().filter_map(|peer| self.core.caller(*peer));
        callers.map(|caller| caller.info()).collect()
    }

    /// How many speak a version of this object that we speak too, so that it could be connected
    /// to them (section 3.1.4.1.3).
    pub fn speaking(&self, object: &ObjectDesc) -> usize {
        let speaks = |peer: &&PeerEntry| self.core.speaks(peer.connection, object);
        self.entries().iter().filter(speaks).count()
    }

    /// Connects an object of this space to each, as the part `part` of this object; those that
    /// speak no version of it are left out. Says how many were connected; where that is none of
    /// them, [`Peer::connect`] says why.
    pub fn connect(&mut self, part: &str, child: impl Into<AnyHandle>) -> usize {
        let key = child.into().key;
        let peers = self.entries().to_vec();
        let connect =
            |peer: &PeerEntry| self.core.connect(peer.connection, peer.address, part, key).is_ok();
        peers.iter().map(connect).filter(|connected| *connected).count()
    }

    /// Disconnects this object from each. Says how many there were.
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

/// A target of several peers that can be made smaller: what `filter` of a proxy needs.
pub trait Narrow: Target + Sized {
    /// The same target with only those peers that `keep` wants.
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
