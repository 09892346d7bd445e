//! Disconnected peers and removed objects.

use super::common::{ServerChild, given, notes, pair};
use psom::{Error, error::CallError};

#[test]
fn objects_are_notified_of_connects_and_disconnects() {
    let mut pair = pair(2);
    pair.close_client(0);
    pair.drop_client(1);
    assert_eq!(notes(&mut pair), ["+user 1", "+user 2", "-user 1, 1 left", "-user 2, 0 left"]);
    assert_eq!(pair.server_error(0), Some(&Error::PeerClosed));
    assert!(matches!(pair.server_error(1), Some(Error::Lost(_))));
}

#[test]
fn children_are_notified_before_their_root() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| {
        cx.peers().s_child("given");
        cx.peers().s_child("taken");
    });
    pair.close_client(0);
    let disconnects = pair.on_server(|root, _| root.disconnects.lock().unwrap().clone());
    assert_eq!(disconnects, ["child", "child", "root"]);
    assert_eq!(pair.server_stats().objects, 1, "the children were there for their peer only");
}

#[test]
fn object_added_while_connected_goes_with_its_last_peer() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("given")));
    assert_eq!(pair.server_stats().objects, 2);
    pair.on_client(0, |client, cx| {
        let given = client.given;
        cx.try_tell(given, |_, cx| drop(cx.peers().s_close())).unwrap();
    });
    assert_eq!(pair.server_stats().objects, 1);
    assert_eq!(given(&mut pair), ["connected", "disconnected"]);
}

#[test]
fn removed_object_is_disconnected_from_its_peers() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| drop(cx.peers().s_child("given")));
    pair.on_server(|root, cx| assert!(cx.remove(root.children[0])));
    assert_eq!(given(&mut pair), ["connected", "disconnected"]);
    assert_eq!(pair.server_stats().peers, 1, "the root's");
    pair.on_client(0, |client, cx| {
        let given = client.given;
        cx.try_tell(given, |_, cx| {
            assert_eq!(cx.peers().s_note("nobody hears this").reached, 0);
        })
        .unwrap();
    });
    assert!(pair.client_error(0).is_none());
}

#[test]
fn closed_object_reconnects_under_a_new_number() {
    let mut pair = pair(1);
    for _ in 0..3 {
        pair.on_client(0, |_, cx| drop(cx.peers().s_child("given")));
        pair.on_client(0, |client, cx| {
            let given = client.given;
            cx.try_tell(given, |_, cx| drop(cx.peers().s_close())).unwrap();
        });
    }
    assert_eq!(given(&mut pair).len(), 6);
    assert_eq!(pair.server_stats().objects, 1);
}

#[test]
fn handler_can_remove_its_own_object() {
    let mut pair = pair(1);
    pair.on_server(|_, cx| {
        let child = cx.add(ServerChild::default());
        cx.try_tell(child, |child, cx| {
            let this = cx.handle();
            assert!(cx.remove(this));
            child.notes.push("still here".into());
            assert_eq!(cx.try_tell(this, |_, _| {}), Err(CallError::Gone));
        })
        .unwrap();
    });
    assert_eq!(pair.server_stats().objects, 1);
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    let mut pair = pair(0);
    for _ in 0..100 {
        for _ in 0..100 {
            let client = pair.join(super::common::ClientRoot::new);
            pair.on_client(client, |_, cx| {
                cx.peers().s_child("given");
                cx.peers().s_say("hello");
            });
        }
        assert_eq!(pair.server_stats().connections, 100);
        for client in 0..100 {
            match client % 3 {
                0 => pair.drop_client(client),
                1 => pair.close_client(client),
                _ => drop(pair.on_client(client, |_, cx| cx.peers().s_refuse("go"))),
            }
        }
        pair.forget_ended();
    }
    let stats = pair.server_stats();
    assert_eq!((stats.objects, stats.connections, stats.peers, stats.timers), (1, 0, 0, 0));
}

#[test]
fn closing_or_removing_the_root_ends_the_connection() {
    let mut closed = pair(1);
    assert_eq!(closed.on_server(|_, cx| cx.peers().close()), 1);
    assert_eq!(closed.client_error(0), Some(&Error::PeerClosed));
    let mut removed = pair(1);
    removed.on_server(|_, cx| {
        let this = cx.handle();
        assert!(cx.remove(this));
    });
    assert_eq!(removed.client_error(0), Some(&Error::PeerClosed));
    assert_eq!(removed.server_stats().connections, 0);
}
