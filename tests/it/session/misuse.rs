//! Calls that cannot be sent: error values, and nothing on the wire.

use psom::{
    Config, Context, DistributedObject, ObjectDesc, Space, distributed_object,
    error::{CallError, Misuse},
    psom_interface,
    testing::Script,
};

use super::common::*;

/// Does something on a hall with one peer: the result, and that nothing went out.
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
        |method, version| CallError::NotInVersion { interface: HALL, method, since: 2, version };
    let mut script = Stage::open_with(&add_protocol(HALL, &HALL_SUMS[..1])).script();
    let error = fails(&mut script, |_, cx| cx.peers().c_shouted("x").ok());
    assert_eq!(error, not_in("cShouted", 1));
    script.on_root(|_, cx| cx.peers().c_said("x").ok()).unwrap();
    assert_eq!(script.take(), [set_channel(2), said("x")].concat());

    let mut guest = guest(&server_hello(&add_protocol(HALL, &HALL_SUMS[..1])));
    let error = fails(&mut guest, |_, cx| cx.peers().s_shout("x").ok());
    assert_eq!(error, not_in("sShout", 1));
}

#[test]
fn call_above_the_record_limit_is_an_error() {
    let mut config = Config::default();
    config.record_limit = 300;
    let mut script = Script::server(config, Hall::new);
    script.send(&Stage::open().bytes());
    // The proxy identifier, the method, and a count of two bytes come before the bytes.
    let error = fails(&mut script, |_, cx| cx.peers().c_bytes(&[7; 297]).ok());
    assert_eq!(error, Misuse::CallTooLong { size: 302, limit: 300 }.into());
    script.on_root(|_, cx| cx.peers().c_bytes(&[7; 295]).ok()).unwrap();
    assert_eq!(script.take().len(), 5 /* SetChannel */ + 5 + 300);
}

#[test]
fn reference_to_an_unconnected_object_is_an_error() {
    let mut script = Stage::open().script();
    let error = fails(&mut script, |hall, cx| cx.peers().c_refer(hall.desk.into()).ok());
    assert_eq!(error, CallError::ReferenceNotConnected);
}

#[test]
fn call_without_a_caller_is_an_error() {
    let mut script = Stage::open().script();
    assert_eq!(fails(&mut script, |_, cx| cx.caller().c_said("x").ok()), CallError::Gone);
}

#[test]
fn peer_of_a_closed_object_is_gone() {
    let mut script = Stage::open().then(&[connect(0, "desk", DESK_CLIENT_HASH)]).script();
    script.on_root(|hall, cx| {
        let close = |_: &mut Desk, cx: &mut Context<Desk>| {
            let id = cx.peer_infos()[0].id;
            assert!(cx.peer(id).unwrap().close());
            assert!(cx.peer(id).is_none());
            assert_eq!(cx.peers().c_open(1).reached, 0);
        };
        cx.try_tell(hall.desk, close).unwrap();
    });
    assert_eq!(script.take(), [set_channel(2), op_close(-1)].concat());
}

#[test]
fn removed_object_is_gone() {
    let mut script = Stage::open().script();
    script.on_root(|hall, cx| {
        assert!(cx.remove(hall.desk));
        assert_eq!(cx.get(hall.desk).err(), Some(CallError::Gone));
        assert_eq!(cx.try_tell(hall.desk, |_, _| ()), Err(CallError::Gone));
        let peer = cx.peer_infos()[0].id;
        let connected = cx.peer(peer).unwrap().connect("seat", hall.desk);
        assert_eq!(connected, Err(CallError::Gone.into()));
    });
    assert_eq!((script.take(), script.error()), (vec![], None));
}

#[test]
fn call_on_an_ended_connection_is_an_error() {
    let mut script = Stage::open().script();
    let gone = script.on_root(|_, cx| {
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().hang_up();
        cx.peer(peer).map(|mut peer| peer.c_said("x").ok())
    });
    assert_eq!(gone, Some(Err(CallError::Gone)));
    assert_eq!(script.take(), [set_channel(2), close(), set_channel(0), close()].concat());
}

#[psom_interface(name = "Test.Desk", version = 1, hash = 7)]
trait OtherDeskServer {}

#[psom_interface(name = "Test.Desk", version = 1, hash = 8)]
#[allow(dead_code, reason = "only its proxy is used")]
trait OtherDeskClient {}

#[distributed_object(serves = OtherDeskServer, calls = OtherDeskClient)]
struct OtherDesk;

impl OtherDeskServer for OtherDesk {}

#[test]
fn objects_with_one_name_share_versions_and_hashes() {
    let now = std::time::Instant::now();
    let desks = [ObjectDesc::of::<OtherDesk>()];
    let error = Space::new(now, desks, Hall::new).err();
    let text = "two object types share an interface name but not its versions and hashes; \
                give one of them another name";
    assert_eq!(error, Some(Misuse::Builder(text)));
    assert!(Space::new(now, [ObjectDesc::of::<Desk>()], Hall::new).is_ok());
}
