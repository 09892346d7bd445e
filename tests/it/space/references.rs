//! Objects as parameters (section 3.1.1.1.4).

use super::common::{ServerChild, notes, pair, received};
use psom::{Error, ObjectRef, error::CallError};

#[test]
fn reference_names_the_same_object_on_both_sides() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| {
        cx.peers().s_child("taken");
        cx.peers().s_child("given");
    });
    pair.on_client(0, |client, cx| {
        let (given, taken) = (client.given, client.taken);
        cx.peers().s_pass(given.into());
        cx.peers().s_pass(taken.into());
        cx.peers().s_pass(ObjectRef::NULL);
    });
    assert_eq!(received(&mut pair, 0), ["passed given", "passed taken", "passed null"]);
}

#[test]
fn each_peer_gets_its_own_identifier() {
    let mut pair = pair(2);
    // The child has number 2 on the first connection and 1 on the second.
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("taken")));
    let sent = pair.on_server(|root, cx| {
        let child = cx.add(ServerChild::default());
        root.children.push(child);
        assert_eq!(cx.peers().connect("given", child), 2);
        cx.peers().c_passed(child.into())
    });
    assert_eq!(sent.reached, 2);
    assert_eq!(received(&mut pair, 0), ["passed given"]);
    assert_eq!(received(&mut pair, 1), ["passed given"]);
}

#[test]
fn unconnected_object_cannot_be_passed() {
    let mut pair = pair(1);
    let sent = pair.on_server(|_, cx| {
        let child = cx.add(ServerChild::default());
        cx.peers().c_passed(child.into()).ok()
    });
    assert_eq!(sent, Err(CallError::ReferenceNotConnected));
    assert!(received(&mut pair, 0).is_empty());
}

#[test]
fn reference_to_another_type_is_a_violation() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| {
        // The root is connected but has another type.
        let this = cx.handle();
        cx.peers().s_pass(this.into());
    });
    assert_eq!(pair.client_error(0), Some(&Error::PeerBroke("proxy 0 is not connected".into())));
    assert_eq!(notes(&mut pair).last().unwrap(), "-user 1, 0 left");
}
