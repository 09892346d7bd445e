//! Descriptors print as interface definitions in the specification's notation.

use psom::{
    Context, Interface, PsomType, Violation, psom_interface,
    session::{ConnMgrClientProxy, ConnMgrServerProxy},
};
use psom_inspect::idl::Notation;

#[test]
fn descriptor_prints_the_specification_notation() {
    let conn_mgr =
        Notation { server: ConnMgrServerProxy::DESC, client: ConnMgrClientProxy::DESC, version: 1 };
    let expected = r#"[Name="Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr", Version=1]
DOInterface ConnMgr {
    [Hash=-8221414758688209204]
    ServerInterface {
        void version(Int64 stubHash);
        void addProtocol(String name, Int32[] versions, Int64[] hashes);
        void doneProtocols();
        void log(String msg);
        void lookup(String name, String protocol, Int64 proxyHash);
        void ping();
    }
    [Hash=8322047979521208965]
    ClientInterface {
        void version(Int64 stubHash);
        void addProtocol(String name, Int32[] versions, Int64[] hashes);
        void doneProtocols();
        void ping();
    }
}
"#;
    assert_eq!(conn_mgr.to_string(), expected);
}

#[derive(PsomType)]
#[repr(i32)]
pub(crate) enum Status {
    Good = 1,
    #[other]
    Other(i32),
}

#[psom_interface(name = "Test.Types", version = 1, hash = 1, version = 10, hash = 2)]
#[expect(dead_code, reason = "only its descriptor is used")]
pub(super) trait TypesServer {
    fn s_all(
        &mut self,
        cx: &mut Context<Self>,
        flag: bool,
        byte: u8,
        short: i16,
        word: u32,
        long: u64,
        number: f64,
        reference: psom::ObjectRef,
        status: Status,
        pairs: Vec<Vec<String>>,
        data: &[u8],
    ) -> Result<(), Violation>;
    #[wire(name = "sAll")]
    fn s_all_again(&mut self, text: String);
    #[since(10)]
    #[latest]
    fn s_later(&mut self, r#type: &[i32]);
}

#[test]
fn every_type_prints_its_name() {
    let methods = <TypesServerProxy as Interface>::DESC.methods;
    let types: Vec<_> = methods[0].params().map(|param| param.kind.to_string()).collect();
    assert_eq!(
        types,
        [
            "Boolean",
            "Byte",
            "Int16",
            "UInt32",
            "UInt64",
            "Double",
            "DistributedObject",
            "Int32 /* Status */",
            "String[][]",
            "Byte[]",
        ]
    );
    assert_eq!(methods[1].name, "sAll", "an overload has the interface's own name");
    assert_eq!(methods[2].params().next().unwrap().name, "type", "raw identifiers are plain names");
    assert!(methods[2].latest && methods[2].since == 10);
}

#[test]
fn method_index_is_found_only_in_versions_that_have_it() {
    let desc = <TypesServerProxy as Interface>::DESC;
    assert!(desc.method(3, 10).is_some());
    assert!(desc.method(3, 1).is_none());
    assert!(desc.method(0, 10).is_none());
    assert!(desc.method(-1, 10).is_none());
    assert!(desc.method(4, 10).is_none());
    assert_eq!((desc.hash(1), desc.hash(10), desc.hash(2)), (Some(1), Some(2), None));
}
