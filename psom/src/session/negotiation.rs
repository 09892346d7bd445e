//! The negotiation of versions: ConnMgr's calls on both sides (sections 3.2.3.1.2 and 3.3.3.1.2).

use super::{
    config::Role,
    connmgr::{
        CLIENT, ConnMgrClient, ConnMgrClientProxy, ConnMgrServer, ConnMgrServerProxy, SERVER,
    },
    protocols::{Agreement, Application, Protocols, ROOT_INDEX},
};
use crate::{
    error::{Error, Misuse, PeerIncompatible, PeerMisbehaved, Violation},
    interface::{Interface as _, ObjectDesc, Target},
};

/// One side's state of the negotiation.
#[derive(Debug)]
pub(super) struct ConnMgr {
    role: Role,
    pub(super) app: Application,
    /// The agreement on each interface, in the order of the application's list.
    agreements: Vec<Agreement>,
    /// True after the peer has called version.
    greeted: bool,
    /// True after the peer has announced all its interfaces.
    pub(super) peer_done: bool,
    /// True while the body of an RPCOpen is dispatched. lookup is allowed only then.
    pub(super) opening: bool,
}

impl ConnMgr {
    pub(super) fn new(role: Role, app: Application) -> Self {
        let agreements = vec![Agreement::default(); app.protocols.objects().len()];
        Self { role, app, agreements, greeted: false, peer_done: false, opening: false }
    }

    /// Returns the description of the root and its negotiated version.
    pub(super) fn root(&self) -> Result<(&ObjectDesc, i32), PeerIncompatible> {
        let object = &self.app.protocols.objects()[ROOT_INDEX];
        Ok((object, self.agreements[ROOT_INDEX].version(object)?))
    }

    /// Returns the negotiated version of an object type.
    ///
    /// # Errors
    /// This side has not announced the type ([`Misuse`]), or there is no common version.
    pub(super) fn version_of(&self, object: &ObjectDesc) -> Result<i32, Error> {
        let name = object.serves.name;
        let index = self.app.protocols.index_of(name).ok_or(Misuse::NotAnnounced(name))?;
        Ok(self.agreements[index].version(object)?)
    }

    /// Sends version, addProtocol for each interface, and doneProtocols.
    pub(super) fn announce<T: Target>(&self, target: T) {
        match self.role {
            Role::Client => {
                let server = ConnMgrServerProxy::proxy(target);
                server.version(CLIENT.versions[0].1);
                self.each(|name, versions, sums| drop(server.add_protocol(name, versions, sums)));
                server.done_protocols();
            }
            Role::Server => {
                let client = ConnMgrClientProxy::proxy(target);
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
        // Unknown names are ignored (ruling 4).
        if let Some(index) = self.app.protocols.index_of(name) {
            let object = &self.app.protocols.objects()[index];
            self.agreements[index].announce(object, versions.into_iter().zip(hashes))?;
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
