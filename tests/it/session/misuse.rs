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
fn a_method_that_the_peer_s_version_lacks_is_an_error_value() {
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
fn a_call_over_the_record_limit_is_an_error_value() {
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
fn a_reference_to_an_object_that_is_not_connected_is_an_error_value() {
    let mut script = Stage::open().script();
    let error = fails(&mut script, |hall, cx| cx.peers().c_refer(hall.desk.into()).ok());
    assert_eq!(error, CallError::ReferenceNotConnected);
}

#[test]
fn a_caller_that_nobody_is_cannot_be_called() {
    let mut script = Stage::open().script();
    assert_eq!(fails(&mut script, |_, cx| cx.caller().c_said("x").ok()), CallError::Gone);
}

#[test]
fn a_peer_of_an_object_that_was_closed_is_gone() {
    let mut script = Stage::open().then(&[connect(0, "desk", DESK_CLIENT_HASH)]).script();
    script.on_root(|hall, cx| {
        let close = |_: &mut Desk, cx: &mut Context<Desk>| {
            let id = cx.peer_infos()[0].id;
            assert!(cx.peer(id).unwrap().close());
            assert!(cx.peer(id).is_none());
            assert_eq!(cx.peers().c_open(1).reached, 0);
        };
        cx.tell(hall.desk, close).unwrap();
    });
    assert_eq!(script.take(), [set_channel(2), op_close(-1)].concat());
}

#[test]
fn an_object_that_was_removed_is_gone() {
    let mut script = Stage::open().script();
    script.on_root(|hall, cx| {
        assert!(cx.remove(hall.desk));
        assert_eq!(cx.get(hall.desk).err(), Some(CallError::Gone));
        assert_eq!(cx.tell(hall.desk, |_, _| ()), Err(CallError::Gone));
        let peer = cx.peer_infos()[0].id;
        let connected = cx.peer(peer).unwrap().connect("seat", hall.desk);
        assert_eq!(connected, Err(CallError::Gone.into()));
    });
    assert_eq!((script.take(), script.error()), (vec![], None));
}

#[test]
fn a_call_behind_the_end_of_its_connection_is_an_error_value() {
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
fn two_objects_of_one_name_have_the_same_versions_and_hashes() {
    let now = std::time::Instant::now();
    let desks = [ObjectDesc::of::<OtherDesk>()];
    let error = Space::new(now, desks, Hall::new).err();
    let text = "two object types share an interface name but not its versions and hashes; \
                give one of them another name";
    assert_eq!(error, Some(Misuse::Builder(text)));
    assert!(Space::new(now, [ObjectDesc::of::<Desk>()], Hall::new).is_ok());
}
