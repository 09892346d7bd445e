//! ConnMgr, the root of channel 0 (sections 3.2.3.1.2, 3.2.3.1.3 and 3.3.3.1.3), written with the
//! macro that every other object uses.

use psom_derive::psom_interface;

use super::{
    config::Role,
    protocols::{Agreement, Application, Protocols, ROOT},
};
use crate::{
    error::{Error, Misuse, PeerIncompatible, PeerMisbehaved, Violation},
    interface::{Connected, Definition, Interface, ObjectDesc, Target},
};

/// ConnMgr, the root of channel 0 (section 3.1.4.1.3).
pub const CONN_MGR: Definition = Definition {
    title: "ConnMgr",
    server: ConnMgrServerProxy::DESC,
    client: ConnMgrClientProxy::DESC,
    children: &[],
    connected: Connected::Root,
};

/// What a client calls on a server (section 3.3.3.1.3).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr",
    version = 1,
    hash = -8221414758688209204
)]
pub trait ConnMgrServer {
    /// The client's ConnMgr hash; the first call.
    fn version(&mut self, stub_hash: i64) -> Result<(), Violation>;
    /// One interface that the client supports, each version with the sum of both hashes.
    fn add_protocol(
        &mut self,
        name: &str,
        versions: Vec<i32>,
        hashes: Vec<i64>,
    ) -> Result<(), Violation>;
    /// Every interface was announced.
    fn done_protocols(&mut self) -> Result<(), Violation>;
    /// Deprecated; does nothing.
    fn log(&mut self, msg: &str);
    /// The body of RPCOpen; its parameters have no meaning.
    fn lookup(&mut self, name: &str, protocol: &str, proxy_hash: i64) -> Result<(), Violation>;
    /// Keeps the connection alive.
    fn ping(&mut self);
}

/// What a server calls on a client (section 3.2.3.1.3).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr",
    version = 1,
    hash = 8322047979521208965
)]
pub trait ConnMgrClient {
    /// The server's ConnMgr hash; the first call.
    fn version(&mut self, stub_hash: i64) -> Result<(), Violation>;
    /// One interface that the server supports, each version with the sum of both hashes.
    fn add_protocol(
        &mut self,
        name: &str,
        versions: Vec<i32>,
        hashes: Vec<i64>,
    ) -> Result<(), Violation>;
    /// Every interface was announced.
    fn done_protocols(&mut self) -> Result<(), Violation>;
    /// Keeps the connection alive.
    fn ping(&mut self);
}

const SERVER: &crate::InterfaceDesc = <ConnMgrServerProxy as Interface>::DESC;
const CLIENT: &crate::InterfaceDesc = <ConnMgrClientProxy as Interface>::DESC;

/// ConnMgr as both sides announce it.
pub(super) const DESC: ObjectDesc =
    ObjectDesc { serves: SERVER, calls: CLIENT, children: Vec::new };

/// The only version of ConnMgr.
pub(super) const VERSION: i32 = 1;

/// The half that `role` serves.
pub(super) fn serves(role: Role) -> &'static crate::InterfaceDesc {
    match role {
        Role::Server => SERVER,
        Role::Client => CLIENT,
    }
}

/// What one side knows of the negotiation.
#[derive(Debug)]
pub(super) struct ConnMgr {
    role: Role,
    pub(super) app: Application,
    /// What was agreed on each interface of the application, in the order of its list.
    agreements: Vec<Agreement>,
    greeted: bool,
    /// Whether the peer has announced all its interfaces.
    pub(super) peer_done: bool,
    /// Set while the body of an RPCOpen is dispatched; lookup takes it.
    pub(super) opening: bool,
}

impl ConnMgr {
    pub(super) fn new(role: Role, app: Application) -> Self {
        let agreements = vec![Agreement::default(); app.protocols.objects().len()];
        Self { role, app, agreements, greeted: false, peer_done: false, opening: false }
    }

    /// The root and the version that is in force for it.
    pub(super) fn root(&self) -> Result<(&ObjectDesc, i32), PeerIncompatible> {
        let object = &self.app.protocols.objects()[ROOT];
        Ok((object, self.agreements[ROOT].version(object)?))
    }

    /// The version that is in force for an object. That this side has not announced one is no fault
    /// of the peer.
    pub(super) fn version(&self, object: &ObjectDesc) -> Result<i32, Error> {
        let name = object.serves.name;
        let place = self.app.protocols.place(name).ok_or(Misuse::NotAnnounced(name))?;
        Ok(self.agreements[place].version(object)?)
    }

    /// Sends version, addProtocol for everything, and doneProtocols.
    pub(super) fn announce<T: Target>(&self, target: T) {
        match self.role {
            Role::Client => {
                let mut server = ConnMgrServerProxy::proxy(target);
                server.version(CLIENT.versions[0].1);
                self.each(|name, versions, sums| drop(server.add_protocol(name, versions, sums)));
                server.done_protocols();
            }
            Role::Server => {
                let mut client = ConnMgrClientProxy::proxy(target);
                client.version(SERVER.versions[0].1);
                self.each(|name, versions, sums| drop(client.add_protocol(name, versions, sums)));
                client.done_protocols();
            }
        }
    }

    fn each(&self, mut announce: impl FnMut(&str, &[i32], &[i64])) {
        for object in self.app.protocols.objects() {
            let (versions, sums): (Vec<_>, Vec<_>) = Protocols::sums(object).unzip();
            announce(object.serves.name, &versions, &sums);
        }
    }

    fn greet(&mut self, hash: i64, expected: i64) -> Result<(), Violation> {
        self.not_done("version")?;
        if self.greeted {
            return Err(PeerMisbehaved::VersioningOrder("version came twice").into());
        }
        if hash != expected {
            return Err(PeerMisbehaved::ConnMgrHash(hash).into());
        }
        self.greeted = true;
        Ok(())
    }

    fn add(&mut self, name: &str, versions: Vec<i32>, hashes: Vec<i64>) -> Result<(), Violation> {
        self.not_done("addProtocol")?;
        self.expect_greeting()?;
        if versions.len() != hashes.len() {
            let (versions, hashes) = (versions.len(), hashes.len());
            return Err(PeerMisbehaved::ProtocolLists { versions, hashes }.into());
        }
        // Names that we do not know are ignored (ruling 4).
        if let Some(place) = self.app.protocols.place(name) {
            let object = &self.app.protocols.objects()[place];
            self.agreements[place].announce(object, versions.into_iter().zip(hashes))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Violation> {
        self.not_done("doneProtocols")?;
        self.expect_greeting()?;
        self.peer_done = true;
        Ok(())
    }

    fn not_done(&self, call: &'static str) -> Result<(), PeerMisbehaved> {
        if self.peer_done { Err(PeerMisbehaved::AfterDoneProtocols(call)) } else { Ok(()) }
    }

    fn expect_greeting(&self) -> Result<(), PeerMisbehaved> {
        let missing = PeerMisbehaved::VersioningOrder("version has to come first");
        if self.greeted { Ok(()) } else { Err(missing) }
    }
}

impl ConnMgrServer for ConnMgr {
    fn version(&mut self, stub_hash: i64) -> Result<(), Violation> {
        self.greet(stub_hash, CLIENT.versions[0].1)
    }

    fn add_protocol(
        &mut self,
        name: &str,
        versions: Vec<i32>,
        hashes: Vec<i64>,
    ) -> Result<(), Violation> {
        self.add(name, versions, hashes)
    }

    fn done_protocols(&mut self) -> Result<(), Violation> {
        self.finish()
    }

    fn log(&mut self, _: &str) {}

    fn lookup(&mut self, _: &str, _: &str, _: i64) -> Result<(), Violation> {
        match std::mem::take(&mut self.opening) {
            true => Ok(()),
            false => Err(PeerMisbehaved::Lookup.into()),
        }
    }

    fn ping(&mut self) {}
}

impl ConnMgrClient for ConnMgr {
    fn version(&mut self, stub_hash: i64) -> Result<(), Violation> {
        self.greet(stub_hash, SERVER.versions[0].1)
    }

    fn add_protocol(
        &mut self,
        name: &str,
        versions: Vec<i32>,
        hashes: Vec<i64>,
    ) -> Result<(), Violation> {
        self.add(name, versions, hashes)
    }

    fn done_protocols(&mut self) -> Result<(), Violation> {
        self.finish()
    }

    fn ping(&mut self) {}
}
