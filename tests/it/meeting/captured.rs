//! The captured bytes of a meeting decode to the same calls as the traces of both sides.

use std::sync::{Arc, Mutex};

use psom::{Config, session::Role as Side, testing::Script};
use psom_inspect::{Event, EventKind, Inspector};
use psom_objects::{
    interfaces::catalog,
    server::{Meeting, Policy},
    types::Role,
};

use super::{
    client::{Client, Content, NativeFile},
    store::MemoryStore,
    world::{config, package},
};

/// A policy that permits everything, because a script's user has no role.
struct Open;

impl Policy for Open {
    fn may_upload(&self, _: Role) -> bool {
        true
    }
}

/// Records the lines of a trace that start with this prefix.
fn noting(lines: &Arc<Mutex<Vec<String>>>) -> Config {
    let lines = Arc::clone(lines);
    let mut config = Config::default();
    config.trace = Some(Arc::new(move |line| {
        lines.lock().unwrap().extend(line.strip_prefix("-> ").map(String::from));
    }));
    config
}

/// The bytes of both directions, and the traces of both sides.
#[derive(Default)]
struct Captured {
    up: Vec<u8>,
    down: Vec<u8>,
    client_trace: Vec<String>,
    server_trace: Vec<String>,
}

fn a_meeting() -> Captured {
    let (client_lines, server_lines) = <(Arc<Mutex<Vec<_>>>, Arc<Mutex<Vec<_>>>)>::default();
    let mut meeting = config(MemoryStore::default());
    meeting.policy = Arc::new(Open);
    let mut server = Script::server(noting(&server_lines), |cx| Meeting::new(cx, meeting));
    let mut client = Script::client(noting(&client_lines), "token", Client::new);
    let mut captured = Captured::default();
    let mut carry = |client: &mut Script<Client>| {
        let mut up = client.take();
        loop {
            let down = server.send(&up);
            captured.up.extend(&up);
            captured.down.extend(&down);
            up = client.send(&down);
            if up.is_empty() && down.is_empty() {
                return;
            }
        }
    };
    carry(&mut client);
    let package = package("Plan", b"hello");
    let length = package.len() as i64;
    client.on_root(move |client, cx| {
        cx.try_tell(client.contents, |_, cx| drop(cx.peers().s_reserve_title("Plan", 7))).unwrap();
        cx.try_tell(client.uploads, move |_, cx| {
            drop(cx.peers().s_request_upload(length, 1000, 7))
        })
        .unwrap();
    });
    carry(&mut client);
    client.on_root(move |client, cx| {
        let stream = *cx.get(client.uploads).unwrap().streams.last().unwrap();
        cx.try_tell(stream, move |_, cx| drop(cx.peers().s_write(package.into(), 0))).unwrap();
        cx.try_tell(client.uploads, |_, cx| drop(cx.peers().s_upload_finished(7, false))).unwrap();
    });
    carry(&mut client);
    client.on_root(|client, cx| {
        let content = cx.add(Content::new(Arc::clone(&client.log), 1));
        let file = cx.add(NativeFile { log: Arc::clone(&client.log) });
        cx.try_tell(client.contents, move |_, cx| {
            assert_eq!(cx.peers().connect("content.1", content), 1);
        })
        .unwrap();
        cx.try_tell(content, move |_, cx| {
            assert_eq!(cx.peers().connect("extendedContent", file), 1);
            cx.peers().s_set_title("A better plan");
        })
        .unwrap();
    });
    carry(&mut client);
    assert!(client.error().is_none(), "{:?}", client.error());
    captured.client_trace = std::mem::take(&mut client_lines.lock().unwrap());
    captured.server_trace = std::mem::take(&mut server_lines.lock().unwrap());
    captured
}

/// Decodes a capture into the lines of a trace.
fn received(inspector: &Inspector, bytes: &[u8], sender: Side) -> Vec<String> {
    let transcript = inspector.read(bytes.to_vec());
    assert_eq!((transcript.sender(), transcript.is_certain()), (sender, true));
    let line = |event: Event| {
        let what = match &event.kind {
            EventKind::Call { .. } => event.kind.to_string(),
            EventKind::Connect { object, parent, interface, .. } => {
                assert!(interface.is_some(), "{event:?}");
                format!("connect {object} of @{}", parent.id)
            }
            EventKind::Disconnect { object } => format!("close @{}", object.id),
            EventKind::Open { channel, .. } => format!("open #{channel}"),
            EventKind::Undecodable { .. } | EventKind::Lost { .. } => panic!("{event:?}"),
            // Traces do not contain these events.
            _ => return None,
        };
        Some(format!("#{} {what}", event.channel.unwrap()))
    };
    transcript.events().filter_map(line).collect()
}

#[test]
fn captured_directions_together_match_the_traces() {
    let captured = a_meeting();
    let up = Inspector::new(catalog()).other(captured.down.clone());
    assert_eq!(received(&up, &captured.up, Side::Client), captured.client_trace);
    let down = Inspector::new(catalog()).other(captured.up.clone());
    assert_eq!(received(&down, &captured.down, Side::Server), captured.server_trace);
    // The traces themselves are as expected.
    let has = |trace: &[String], line: &str| assert!(trace.contains(&line.into()), "{trace:#?}");
    has(&captured.client_trace, "#2 connect extendedContent@2 of @1");
    has(&captured.client_trace, "#2 uploadManager@-3.sUploadFinished(7, false)");
    has(&captured.server_trace, "#2 uploadManager@3.cAcceptUpload(7, @4)");
    has(&captured.server_trace, "#2 content.1@-1.cSetTitle(\"Plan\")");
}

#[test]
fn one_captured_direction_matches_its_trace() {
    let captured = a_meeting();
    let alone = Inspector::new(catalog());
    let up = captured.client_trace.iter();
    let up: Vec<_> = up.map(|line| line.replace("uploadStreams@-", "uploadStream@-")).collect();
    assert_eq!(received(&alone, &captured.up, Side::Client), up);
    let down = captured.server_trace.iter();
    let down: Vec<_> = down
        .map(|line| line.replace("content.1@-", "content@-"))
        // The content only receives cConnectCompleted, which most types have.
        .map(|line| line.replace("extendedContent@-", "nativeFileOnlyContent?@-"))
        .collect();
    assert_eq!(received(&alone, &captured.down, Side::Server), down);
}
