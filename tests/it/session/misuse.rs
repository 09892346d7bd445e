//! Calls that cannot be sent return an error and put nothing on the wire.

use psom::{
    Config, Context, DistributedObject, ObjectDesc, Space, distributed_object,
    error::{CallError, Misuse},
    psom_interface,
    testing::Script,
};

use super::common::*;

/// Runs an action on a root with one peer; asserts that it fails and sends nothing.
fn fails<T: DistributedObject>(
    script: &mut Script<T>,
    run: impl FnOnce(&mut T, &mut Context<T>) -> Result<(), CallError> + Send + 'static,
) -> CallError {
    let error = script.on_root(run).unwrap_err();
    assert_eq!((script.take(), script.error()), (vec![], None));
    error
}

#[test]
fn method_missing_in_the_peer_version_is_an_error() {
    let not_in =
        |method, version| CallError::NotInVersion { interface: ROOT, method, since: 2, version };
    let mut script = Handshake::open_with(&add_protocol(ROOT, &ROOT_SUMS[..1])).script();
    let error = fails(&mut script, |_, cx| cx.peers().c_shouted("x").ok());
    assert_eq!(error, not_in("cShouted", 1));
    script.on_root(|_, cx| cx.peers().c_said("x").ok()).unwrap();
    assert_eq!(script.take(), [set_channel(2), said("x")].concat());

    let mut client = client(&server_hello(&add_protocol(ROOT, &ROOT_SUMS[..1])));
    let error = fails(&mut client, |_, cx| cx.peers().s_shout("x").ok());
    assert_eq!(error, not_in("sShout", 1));
}

#[test]
fn ruling_22_call_above_the_record_limit_is_an_error() {
    let mut config = Config::default();
    config.record_limit = 300;
    let mut script = Script::server(config, ServerRoot::new);
    script.send(&Handshake::open().bytes());
    // The identifier, the method and a two-byte count precede the bytes.
    let error = fails(&mut script, |_, cx| cx.peers().c_bytes(&[7; 297]).ok());
    assert_eq!(error, Misuse::CallTooLong { size: 302, limit: 300 }.into());
    script.on_root(|_, cx| cx.peers().c_bytes(&[7; 295]).ok()).unwrap();
    assert_eq!(script.take().len(), 5 /* SetChannel */ + 5 + 300);
}

#[test]
fn reference_to_an_unconnected_object_is_an_error() {
    let mut script = Handshake::open().script();
    let error = fails(&mut script, |root, cx| cx.peers().c_refer(root.child.into()).ok());
    assert_eq!(error, CallError::ReferenceNotConnected);
}

#[test]
fn call_without_a_caller_is_an_error() {
    let mut script = Handshake::open().script();
    assert_eq!(fails(&mut script, |_, cx| cx.caller().c_said("x").ok()), CallError::Gone);
}

#[test]
fn peer_of_a_closed_object_is_gone() {
    let mut script = Handshake::open().then(&[connect(0, "child", CHILD_CLIENT_HASH)]).script();
    script.on_root(|root, cx| {
        let close = |_: &mut ServerChild, cx: &mut Context<ServerChild>| {
            let id = cx.peer_infos()[0].id;
            assert!(cx.peer(id).unwrap().close());
            assert!(cx.peer(id).is_none());
            assert_eq!(cx.peers().c_open(1).reached, 0);
        };
        cx.try_tell(root.child, close).unwrap();
    });
    assert_eq!(script.take(), [set_channel(2), op_close(-1)].concat());
}

#[test]
fn removed_object_is_gone() {
    let mut script = Handshake::open().script();
    script.on_root(|root, cx| {
        assert!(cx.remove(root.child));
        assert_eq!(cx.get(root.child).err(), Some(CallError::Gone));
        assert_eq!(cx.try_tell(root.child, |_, _| ()), Err(CallError::Gone));
        let peer = cx.peer_infos()[0].id;
        let connected = cx.peer(peer).unwrap().connect("child", root.child);
        assert_eq!(connected, Err(CallError::Gone.into()));
    });
    assert_eq!((script.take(), script.error()), (vec![], None));
}

#[test]
fn call_on_an_ended_connection_is_an_error() {
    let mut script = Handshake::open().script();
    let gone = script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().hang_up();
        cx.peer(peer).map(|peer| peer.c_said("x").ok())
    });
    assert_eq!(gone, Some(Err(CallError::Gone)));
    assert_eq!(script.take(), [set_channel(2), close(), set_channel(0), close()].concat());
}

#[psom_interface(name = "Test.Child", version = 1, hash = 7)]
trait OtherChildServer {}

#[psom_interface(name = "Test.Child", version = 1, hash = 8)]
trait OtherChildClient {}

#[distributed_object(serves = OtherChildServer, calls = OtherChildClient)]
struct OtherChild;

impl OtherChildServer for OtherChild {}

#[test]
fn objects_with_one_name_share_versions_and_hashes() {
    let now = std::time::Instant::now();
    let children = [ObjectDesc::of::<OtherChild>()];
    let error = Space::new(now, children, ServerRoot::new).err();
    let text = "two object types share an interface name but not its versions and hashes; \
                give one of them another name";
    assert_eq!(error, Some(Misuse::Builder(text)));
    assert!(Space::new(now, [ObjectDesc::of::<ServerChild>()], ServerRoot::new).is_ok());
}
