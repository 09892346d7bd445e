//! Interfaces that a peer supports.

use super::common::{ClientChild, ClientRoot, ServerChild, ServerRoot};
use psom::{
    Context, Error, ObjectDesc, distributed_object, error::Misuse, psom_interface, testing::Pair,
};

/// The first version, for clients that support no other.
mod old {
    use psom::psom_interface;

    #[psom_interface(name = "Test.Extra", version = 1, hash = 51)]
    pub(super) trait ExtraServer {}

    #[psom_interface(name = "Test.Extra", version = 1, hash = 61)]
    pub(super) trait ExtraClient {}
}

#[psom_interface(name = "Test.Extra", version = 2, hash = 52)]
trait ExtraServer {}

#[psom_interface(name = "Test.Extra", version = 2, hash = 62)]
trait ExtraClient {}

#[distributed_object(serves = ExtraServer, calls = ExtraClient)]
struct Extra;

impl ExtraServer for Extra {}

#[distributed_object(serves = ExtraClient, calls = ExtraServer)]
struct ClientExtra;

impl ExtraClient for ClientExtra {}

#[distributed_object(serves = old::ExtraClient, calls = old::ExtraServer)]
struct OldExtra;

impl old::ExtraClient for OldExtra {}

#[test]
fn peer_supports_interfaces_with_a_common_version() {
    let mut pair = Pair::<ServerRoot, ClientRoot>::server(psom::Config::default(), |scope| {
        scope.announce::<Extra>();
        ServerRoot::default()
    });
    pair.join(ClientRoot::new);
    pair.join(|scope| {
        scope.announce::<ClientExtra>();
        ClientRoot::new(scope)
    });
    pair.join(|scope| {
        scope.announce::<OldExtra>();
        ClientRoot::new(scope)
    });
    let (extra, child) = (ObjectDesc::of::<Extra>(), ObjectDesc::of::<ServerChild>());
    pair.on_server(move |_, cx| {
        assert_eq!((cx.peers().speaking(&extra), cx.peers().speaking(&child)), (1, 3));
        #[expect(clippy::needless_collect, reason = "the infos borrow the context")]
        let speaks: Vec<_> = cx.peer_infos().iter().map(|peer| peer.id).collect();
        let speaks = speaks.into_iter().map(|id| cx.peer(id).unwrap().speaks(&extra));
        assert_eq!(speaks.collect::<Vec<_>>(), [false, true, false]);
        // There is no caller in this turn.
        assert!(!cx.caller().speaks(&child));
    });
    let (extra, child) = (ObjectDesc::of::<ClientExtra>(), ObjectDesc::of::<ClientChild>());
    for (client, expected) in [(0, 0), (1, 1), (2, 0)] {
        let speaking = move |_: &mut ClientRoot, cx: &mut Context<ClientRoot>| {
            (cx.peers().speaking(&extra), cx.peers().speaking(&child))
        };
        assert_eq!(pair.on_client(client, speaking), (expected, 1));
    }
}

#[test]
fn unannounced_interface_is_an_own_error() {
    let mut pair = Pair::<ServerRoot, ClientRoot>::server(psom::Config::default(), |scope| {
        scope.announce::<Extra>();
        ServerRoot::default()
    });
    pair.join(ClientRoot::new);
    let refused = pair.on_client(0, |_, cx| {
        let (extra, peer) = (cx.add(ClientExtra), cx.peer_infos()[0].id);
        assert_eq!(cx.peers().connect("extra", extra), 0);
        cx.peer(peer).unwrap().connect("extra", extra).unwrap_err()
    });
    assert_eq!(refused, Error::Misuse(Misuse::NotAnnounced("Test.Extra")));
    assert!(refused.to_string().starts_with("Test.Extra is not announced"), "{refused}");
}
