//! Captures written by hand.

use psom::{
    testing::hex,
    wire::{Encode, Encoder, record},
};
use psom_inspect::{Inspector, Transcript};
use psom_objects::interfaces::catalog;

pub(super) fn inspector() -> Inspector {
    Inspector::new(catalog())
}

/// Formats each event as `offset channel text`.
pub(super) fn lines(transcript: &Transcript) -> Vec<String> {
    let line = |event: psom_inspect::Event| {
        let channel = event.channel.map_or_else(|| "--".into(), |channel| format!("#{channel}"));
        format!("{} {channel} {}", event.offset, event.kind)
    };
    transcript.events().map(line).collect()
}

/// Formats the events without their offsets and channels.
pub(super) fn texts(transcript: &Transcript) -> Vec<String> {
    transcript.events().map(|event| event.kind.to_string()).collect()
}

/// Finds a message of the vectors by the start of its description.
pub(super) fn vector(what: &str) -> Vec<u8> {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../data/vectors.json")).unwrap();
    let messages = vectors["message"].as_array().unwrap();
    let begins = |it: &&serde_json::Value| it["what"].as_str().unwrap().starts_with(what);
    hex(messages.iter().find(begins).unwrap()["hex"].as_str().unwrap())
}

/// Returns the client's bytes of section 4.
pub(super) fn client() -> Vec<u8> {
    [
        "client authentication",
        "SetChannel 0",
        "client to server: ConnMgr.version",
        "addProtocol ConnMgr",
        "doneProtocols",
        "RPCOpen",
        "SetChannel 2",
        "ContentManager.sReserveTitle",
    ]
    .map(vector)
    .concat()
}

/// Returns the server's bytes of section 4.
pub(super) fn server() -> Vec<u8> {
    [
        "server authentication response",
        "server to client: ConnMgr.version",
        "addProtocol ConnMgr",
        "addProtocol Meeting",
        "doneProtocols",
        "SetChannel 2",
        "Meeting.cSetUrlBase",
        "connect contentUserManager",
        "Meeting.cMeetingReady",
        "ContentUserManager.cUsersAdded",
        "ContentManager.cReserveTitleCompleted",
    ]
    .map(vector)
    .concat()
}

/// A capture that is built record by record.
#[derive(Default)]
pub(super) struct Capture(pub Vec<u8>);

impl Capture {
    /// Starts on channel 2.
    pub(super) fn on_2() -> Self {
        let mut capture = Self::default();
        record::write_set_channel(&mut capture.0, 2);
        capture
    }

    pub(super) fn call(mut self, id: i32, method: u8, arguments: &[&dyn Encode]) -> Self {
        record::write_message(&mut self.0, |out| {
            id.encode(&mut Encoder::new(out));
            out.push(method);
            arguments.iter().for_each(|argument| argument.encode(&mut Encoder::new(out)));
        });
        self
    }

    pub(super) fn connect(mut self, parent: i32, part: &str, hash: i64) -> Self {
        record::write_message(&mut self.0, |out| {
            out.push(0x84);
            let mut out = Encoder::new(out);
            parent.encode(&mut out);
            part.encode(&mut out);
            hash.encode(&mut out);
        });
        self
    }

    pub(super) fn close(mut self, id: i32) -> Self {
        record::write_message(&mut self.0, |out| {
            out.push(0x86);
            id.encode(&mut Encoder::new(out));
        });
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
}
