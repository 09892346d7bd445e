//! The negotiation of versions: ConnMgr's calls on both sides (sections 3.2.3.1.2 and 3.3.3.1.2).

use super::{
    config::Role,
    connmgr::{
        CLIENT, ConnMgrClient, ConnMgrClientProxy, ConnMgrServer, ConnMgrServerProxy, SERVER,
    },
    protocols::{Agreement, Application, Protocols, ROOT},
};
use crate::{
    error::{Error, Misuse, PeerIncompatible, PeerMisbehaved, Violation},
    interface::{Interface, ObjectDesc, Target},
};

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
