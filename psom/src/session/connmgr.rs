//! The interface of ConnMgr, the root of channel 0 (sections 3.2.3.1.2, 3.2.3.1.3 and 3.3.3.1.3).
//! It is declared with the public macro, like every other interface.

use psom_derive::psom_interface;

use super::config::Role;
use crate::{
    InterfaceDesc,
    error::Violation,
    interface::{Connected, Definition, Interface, ObjectDesc},
};

/// ConnMgr, the root of channel 0 (section 3.1.4.1.3).
pub const CONN_MGR: Definition = Definition {
    title: "ConnMgr",
    server: ConnMgrServerProxy::DESC,
    client: ConnMgrClientProxy::DESC,
    children: &[],
    connected: Connected::Root,
};

/// The methods that a client calls on a server (section 3.3.3.1.3).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr",
    version = 1,
    hash = -8221414758688209204
)]
pub trait ConnMgrServer {
    /// Sends the client's hash of ConnMgr. It is the first call.
    fn version(&mut self, stub_hash: i64) -> Result<(), Violation>;
    /// Announces an interface that the client supports: each version with the sum of both hashes.
    fn add_protocol(
        &mut self,
        name: &str,
        versions: Vec<i32>,
        hashes: Vec<i64>,
    ) -> Result<(), Violation>;
    /// Ends the list of interfaces.
    fn done_protocols(&mut self) -> Result<(), Violation>;
    /// Does nothing (deprecated).
    fn log(&mut self, msg: &str);
    /// Is the body of RPCOpen. The parameters have no meaning.
    fn lookup(&mut self, name: &str, protocol: &str, proxy_hash: i64) -> Result<(), Violation>;
    /// Keeps the connection alive.
    fn ping(&mut self);
}

/// The methods that a server calls on a client (section 3.2.3.1.3).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr",
    version = 1,
    hash = 8322047979521208965
)]
pub trait ConnMgrClient {
    /// Sends the server's hash of ConnMgr. It is the first call.
    fn version(&mut self, stub_hash: i64) -> Result<(), Violation>;
    /// Announces an interface that the server supports: each version with the sum of both hashes.
    fn add_protocol(
        &mut self,
        name: &str,
        versions: Vec<i32>,
        hashes: Vec<i64>,
    ) -> Result<(), Violation>;
    /// Ends the list of interfaces.
    fn done_protocols(&mut self) -> Result<(), Violation>;
    /// Keeps the connection alive.
    fn ping(&mut self);
}

pub(super) const SERVER: &InterfaceDesc = <ConnMgrServerProxy as Interface>::DESC;
pub(super) const CLIENT: &InterfaceDesc = <ConnMgrClientProxy as Interface>::DESC;

/// The description of ConnMgr that both sides announce.
pub(super) const DESC: ObjectDesc =
    ObjectDesc { serves: SERVER, calls: CLIENT, children: Vec::new };

/// The only version of ConnMgr.
pub(super) const VERSION: i32 = 1;

/// Returns the half that a side serves.
pub(super) fn serves(role: Role) -> &'static InterfaceDesc {
    match role {
        Role::Server => SERVER,
        Role::Client => CLIENT,
    }
}
