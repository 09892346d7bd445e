//! One handler at a time, in one order.

use std::time::Duration;

use super::common::{notes, pair, received};
use psom::{CallError, Handle};

#[test]
fn async_handler_is_awaited_before_the_next_message() {
    let mut pair = pair(1);
    pair.on_client(0, |_, cx| {
        cx.peers().s_slowly("one");
        cx.peers().s_slowly("two");
        cx.peers().s_say("three");
    });
    let expected = ["+user 1", "before one", "after one", "before two", "after two", "1: three"];
    assert_eq!(notes(&mut pair), expected);
    assert_eq!(received(&mut pair, 0), ["0: one", "0: two", "1: three"]);
}

#[test]
fn tell_runs_after_the_handler_in_order() {
    let mut pair = pair(1);
    pair.on_server(|root, cx| {
        let this = cx.handle();
        cx.try_tell(this, |root, cx| {
            root.notes.push("first".into());
            let this = cx.handle();
            cx.try_tell(this, |root, _| root.notes.push("third".into())).unwrap();
        })
        .unwrap();
        cx.try_tell(this, |root, _| root.notes.push("second".into())).unwrap();
        root.notes.push("handler".into());
    });
    assert_eq!(notes(&mut pair)[1..], ["handler", "first", "second", "third"]);
}

#[test]
fn handle_to_a_removed_object_is_an_error() {
    let mut pair = pair(0);
    let (disconnects, looked, removed) = pair.on_server(|_, cx| {
        let child = cx.add(super::common::ServerChild::default());
        assert!(cx.get(child).is_ok());
        assert!(cx.remove(child));
        let disconnects = cx.try_tell(child, |_, _| unreachable!());
        (disconnects, cx.get(child).map(|_| ()), cx.remove(child))
    });
    assert_eq!((disconnects, looked, removed), (Err(CallError::Gone), Err(CallError::Gone), false));
}

#[test]
fn handle_of_another_space_is_an_error() {
    let (mut one, mut other) = (pair(0), pair(0));
    let theirs = other.on_server(|_, cx| cx.handle());
    let (disconnects, looked, removed) = one.on_server(move |_, cx| {
        let disconnects = cx.try_tell(theirs, |_, _| unreachable!());
        (disconnects, cx.get(theirs).map(|_| ()), cx.remove(theirs))
    });
    assert_eq!((disconnects, looked, removed), (Err(CallError::Gone), Err(CallError::Gone), false));
}

#[test]
fn task_for_a_removed_object_is_dropped() {
    let mut pair = pair(0);
    pair.on_server(|_, cx| {
        let child = cx.add(super::common::ServerChild::default());
        cx.try_tell(child, |_, _| unreachable!()).unwrap();
        cx.remove(child);
    });
    assert_eq!(pair.server_stats().objects, 1);
}

#[test]
fn timers_fire_at_their_time_and_in_order() {
    let mut pair = pair(0);
    pair.on_server(|_, cx| {
        let begin = cx.now();
        for seconds in [3, 1, 2] {
            cx.after(Duration::from_secs(seconds), move |root, cx| {
                assert_eq!(cx.now() - begin, Duration::from_secs(seconds));
                root.notes.push(format!("{seconds} s"));
            });
        }
        let cancelled = cx.after(Duration::from_secs(2), |_, _| unreachable!());
        assert!(cx.cancel(cancelled));
        assert!(!cx.cancel(cancelled));
    });
    pair.advance(Duration::from_secs(2));
    assert_eq!(notes(&mut pair), ["1 s", "2 s"]);
    pair.advance(Duration::from_secs(2));
    assert_eq!(notes(&mut pair), ["1 s", "2 s", "3 s"]);
    assert_eq!(pair.server_stats().timers, 0);
}

#[test]
fn timers_of_a_removed_object_are_dropped() {
    let mut pair = pair(0);
    pair.on_server(|_, cx| {
        let child = cx.add(super::common::ServerChild::default());
        cx.try_tell(child, |_, cx| {
            cx.after(Duration::from_secs(1), |_, _| unreachable!());
            let this = cx.handle();
            cx.remove(this);
        })
        .unwrap();
    });
    assert_eq!(pair.server_stats().timers, 0);
    pair.advance(Duration::from_secs(2));
}

#[test]
fn spawned_future_completes_in_a_turn() {
    let mut pair = pair(1);
    pair.on_server(|root, cx| {
        cx.spawn(async { 6 * 7 }, |root, cx, result| {
            root.notes.push(format!("result {result}"));
            cx.peers().c_place(result);
        });
        root.notes.push("spawned".into());
    });
    assert_eq!(notes(&mut pair)[1..], ["spawned", "result 42"]);
    assert_eq!(received(&mut pair, 0), ["place 42"]);
}

#[test]
fn turn_without_a_call_has_no_caller() {
    let mut pair = pair(1);
    pair.on_server(|_, cx| {
        assert_eq!(cx.caller().user().id, 0);
        assert!(cx.caller().id().is_none());
        assert_eq!(cx.caller().c_place(1).ok(), Err(CallError::Gone));
    });
    assert!(received(&mut pair, 0).is_empty());
}

#[test]
fn violation_ends_only_the_connection_of_its_caller() {
    let mut pair = pair(2);
    pair.on_client(0, |_, cx| drop(cx.peers().s_refuse("not like this")));
    let reason = "the peer broke the connection: not like this";
    assert_eq!(pair.client_error(0).unwrap().to_string(), reason);
    assert_eq!(pair.server_error(0).unwrap().to_string(), "the peer broke a rule: not like this");
    assert!(pair.client_error(1).is_none());
    pair.on_client(1, |_, cx| drop(cx.peers().s_say("still here")));
    assert_eq!(received(&mut pair, 1), ["2: still here"]);
}

#[test]
fn end_of_turn_hook_runs_after_all_other_work() {
    let mut pair = pair(1);
    pair.on_server(|_, cx| {
        cx.at_end_of_turn(|root, cx| {
            root.notes.push("end".into());
            cx.at_end_of_turn(|root, _| root.notes.push("behind it".into()));
        });
        let this = cx.handle();
        cx.try_tell(this, |root, _| root.notes.push("disconnects".into())).unwrap();
        cx.peers().c_said(0, "sent at once");
    });
    assert_eq!(notes(&mut pair)[1..], ["disconnects", "end", "behind it"]);
    assert_eq!(received(&mut pair, 0), ["0: sent at once"]);
}

#[test]
fn untyped_handle_can_be_downcast() {
    let mut pair = pair(0);
    pair.on_server(|_, cx| {
        let child = cx.add(super::common::ServerChild::default());
        assert_eq!(cx.downcast::<super::common::ServerChild>(child.into()), Some(child));
        assert_eq!(cx.downcast::<super::common::ServerRoot>(child.into()), None);
        cx.remove(child);
        assert_eq!(cx.downcast::<super::common::ServerChild>(child.into()), None);
    });
}

#[test]
fn turn_saves_one_value_per_key() {
    let mut pair = pair(0);
    pair.on_server(|_, cx| {
        cx.save("a", "1");
        cx.save("b", "2");
        cx.save("a", "3");
        cx.save("c/1", "4");
        cx.erase("c");
        cx.save("c/2", "5");
        cx.save("c0", "6");
        cx.erase("d");
        cx.save("d", "7");
    });
    let writes = pair.take_writes().into_iter().map(|write| (write.key, write.value));
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        ("a", some("3")),
        ("b", some("2")),
        ("c", None),
        ("c/2", some("5")),
        ("c0", some("6")),
        ("d", None),
        ("d", some("7")),
    ];
    assert_eq!(writes.collect::<Vec<_>>(), expected.map(|(key, value)| (key.to_owned(), value)));
    assert!(pair.take_writes().is_empty());
}

#[test]
fn endless_end_of_turn_hooks_do_not_block_the_turn() {
    fn again(
        root: &mut super::common::ServerRoot,
        cx: &mut psom::Context<super::common::ServerRoot>,
    ) {
        root.notes.push("again".into());
        cx.at_end_of_turn(again);
    }
    let mut pair = pair(1);
    pair.on_server(|_, cx| {
        cx.at_end_of_turn(again);
        cx.peers().c_said(0, "sent");
    });
    assert_eq!(received(&mut pair, 0), ["0: sent"]);
    let rounds = pair.on_server(|root, _| root.notes.len());
    pair.on_server(|_, cx| drop(cx.peers().c_said(0, "more")));
    assert_eq!(received(&mut pair, 0), ["0: sent", "0: more"]);
    assert!(pair.on_server(|root, _| root.notes.len()) > rounds, "the hooks go on");
}

#[test]
fn an_object_is_made_with_its_own_handle() {
    let mut pair = pair(0);
    let (given, children) = pair.on_server(|_, cx| {
        let mut given = None;
        let children = cx.add_with(|scope, handle: Handle<super::common::ServerChild>| {
            assert_eq!(scope.get(handle).err(), Some(CallError::Gone));
            scope.tell(handle, |_, cx| assert_eq!(cx.peers().len(), 0));
            given = Some(handle);
            super::common::ServerChild::default()
        });
        assert!(cx.get(children).is_ok());
        (given, children)
    });
    assert_eq!(given, Some(children));
    assert_eq!((pair.server_stats().objects, pair.server_stats().undelivered), (2, 0));
}

#[test]
fn an_object_that_cannot_be_made_leaves_nothing() {
    let mut pair = pair(0);
    let children = pair.on_server(|_, cx| {
        cx.try_add_with(|scope, handle: Handle<super::common::ServerChild>| {
            scope.tell(handle, |_, _| unreachable!());
            Err("no")
        })
    });
    assert_eq!(children, Err("no"));
    assert_eq!((pair.server_stats().objects, pair.server_stats().undelivered), (1, 1));
}

#[test]
fn a_call_to_a_departed_object_is_dropped_and_counted() {
    let mut pair = pair(0);
    pair.on_server(|_, cx| {
        let child = cx.add(super::common::ServerChild::default());
        cx.tell(child, |_, _| unreachable!());
        cx.remove(child);
        cx.tell(child, |_, _| unreachable!());
    });
    assert_eq!(pair.server_stats().undelivered, 2);
}

#[test]
fn the_root_is_known_while_it_is_made() {
    let now = std::time::Instant::now();
    let (_, root) = psom::Space::new(now, [], |scope| {
        let root = scope.root::<super::common::ServerChild>().unwrap();
        assert!(scope.root::<super::common::ServerRoot>().is_none());
        scope.tell(root, move |_, cx| assert_eq!(cx.handle(), root));
        super::common::ServerChild::default()
    })
    .unwrap();
    assert_eq!(format!("{root:?}").get(..6), Some("Handle"));
}
