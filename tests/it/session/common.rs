//! Messages for the tests, and checks of the answers to violations.

use psom::{
    Config, Error,
    testing::Script,
    wire::{Encode, Encoder, auth::SIGNATURE, record},
};

use super::neighbours::Neighbours;
pub(crate) use super::objects::*;

pub(crate) const TOKEN: &str = "token";
pub(crate) const CONN_MGR: &str = "Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr";
pub(crate) const CONN_MGR_SERVER_HASH: i64 = -8221414758688209204;
pub(crate) const CONN_MGR_CLIENT_HASH: i64 = 8322047979521208965;
pub(crate) const CONN_MGR_SUMS: [(i32, i64); 1] = [(1, 100633220832999761)];

/// Method indices: positions in the declarations (ruling 1).
pub(crate) const VERSION: i8 = 1;
pub(crate) const ADD_PROTOCOL: i8 = 2;
pub(crate) const DONE_PROTOCOLS: i8 = 3;
pub(crate) const LOOKUP: i8 = 5;
pub(crate) const CLIENT_PING: i8 = 4;
pub(crate) const SERVER_PING: i8 = 6;
pub(crate) const S_SAY: i8 = 1;
pub(crate) const S_NUMBERS: i8 = 2;
pub(crate) const S_VALUES: i8 = 3;
pub(crate) const S_LISTS: i8 = 4;
pub(crate) const S_REFER: i8 = 5;
pub(crate) const S_FORBIDDEN: i8 = 6;
pub(crate) const S_NOTHING: i8 = 7;
pub(crate) const S_SHOUT: i8 = 8;
pub(crate) const S_LOAD: i8 = 9;
pub(crate) const S_KNOCK: i8 = 1;
pub(crate) const C_SAID: i8 = 1;
pub(crate) const C_NUMBERS: i8 = 2;
pub(crate) const C_REFER: i8 = 3;
pub(crate) const C_SHOUTED: i8 = 5;
pub(crate) const C_OPEN: i8 = 1;

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

pub(crate) fn encoded(values: &[&dyn Encode]) -> Vec<u8> {
    written(|out| {
        let mut out = Encoder::new(out);
        values.iter().for_each(|value| value.encode(&mut out));
    })
}

pub(crate) fn auth() -> Vec<u8> {
    let credentials = psom::Credentials { token: TOKEN.into(), proxy_header: None };
    written(|out| credentials.write(out))
}

pub(crate) fn set_channel(channel: u32) -> Vec<u8> {
    written(|out| record::write_set_channel(out, channel))
}

pub(crate) fn close() -> Vec<u8> {
    written(record::write_close)
}

pub(crate) fn break_with(reason: &str) -> Vec<u8> {
    written(|out| record::write_break(out, reason))
}

pub(crate) fn message(body: &[u8]) -> Vec<u8> {
    written(|out| record::write_message(out, |out| out.extend(body)))
}

/// Encodes a call with the sender's own proxy identifier.
pub(crate) fn call(proxy: i32, method: i8, arguments: &[&dyn Encode]) -> Vec<u8> {
    raw_call(proxy, method, &encoded(arguments))
}

/// Encodes a call with raw bytes as its arguments.
pub(crate) fn raw_call(proxy: i32, method: i8, arguments: &[u8]) -> Vec<u8> {
    message(&[encoded(&[&proxy, &(method as u8)]), arguments.to_vec()].concat())
}

pub(crate) fn say(text: &str) -> Vec<u8> {
    call(0, S_SAY, &[&text])
}

pub(crate) fn said(text: &str) -> Vec<u8> {
    call(0, C_SAID, &[&text])
}

pub(crate) fn connect(parent: i32, part: &str, hash: i64) -> Vec<u8> {
    message(&[vec![0x84], encoded(&[&parent, &part, &hash])].concat())
}

pub(crate) fn op_close(proxy: i32) -> Vec<u8> {
    message(&[vec![0x86], encoded(&[&proxy])].concat())
}

pub(crate) fn version(hash: i64) -> Vec<u8> {
    call(0, VERSION, &[&hash])
}

pub(crate) fn add_protocol(name: &str, sums: &[(i32, i64)]) -> Vec<u8> {
    let (versions, sums): (Vec<i32>, Vec<i64>) = sums.iter().copied().unzip();
    call(0, ADD_PROTOCOL, &[&name, &versions, &sums])
}

pub(crate) fn done_protocols() -> Vec<u8> {
    call(0, DONE_PROTOCOLS, &[])
}

/// Encodes the addProtocol calls for all test objects.
pub(crate) fn protocols() -> Vec<u8> {
    let conn_mgr = add_protocol(CONN_MGR, &CONN_MGR_SUMS);
    [conn_mgr, add_protocol(ROOT, &ROOT_SUMS), add_protocol(CHILD, &CHILD_SUMS)].concat()
}

/// Encodes RPCOpen with the lookup of the specification's capture.
pub(crate) fn open(channel: u32) -> Vec<u8> {
    open_with(channel, &[&"TODO-ryanfa-remove", &"NotUsed", &-7932100958924279543i64])
}

pub(crate) fn open_with(channel: u32, lookup: &[&dyn Encode]) -> Vec<u8> {
    let body = [encoded(&[&0i32, &(LOOKUP as u8)]), encoded(lookup)].concat();
    written(|out| record::write_open(out, channel, |out| out.extend(body)))
}

/// Returns the client's bytes before it opens channel 2.
pub(crate) fn client_versioning(protocols: &[u8]) -> Vec<u8> {
    let version = version(CONN_MGR_CLIENT_HASH);
    [set_channel(0), version, protocols.to_vec(), done_protocols()].concat()
}

/// Returns the server's bytes until the client opens channel 2.
pub(crate) fn server_hello(protocols: &[u8]) -> Vec<u8> {
    let version = version(CONN_MGR_SERVER_HASH);
    [SIGNATURE.to_vec(), version, protocols.to_vec(), done_protocols()].concat()
}

/// Returns the farewell after a violation while channel 2 is open: channel 2 closes before channel
/// 0.
pub(crate) fn farewell(reason: &str) -> Vec<u8> {
    [set_channel(2), close(), set_channel(0), break_with(reason)].concat()
}

/// Returns the farewell after a violation before channel 2 is open.
pub(crate) fn early_farewell(reason: &str) -> Vec<u8> {
    [set_channel(0), break_with(reason)].concat()
}

/// The progress of a client's handshake with a server.
#[derive(Clone)]
pub(crate) struct Handshake {
    bytes: Vec<u8>,
    open: bool,
}

impl Handshake {
    /// Returns the handshake after the authentication.
    pub(crate) fn authenticated() -> Self {
        Self { bytes: auth(), open: false }
    }

    /// Returns the handshake after the client's ConnMgr hash.
    pub(crate) fn greeted() -> Self {
        Self::authenticated().then(&[set_channel(0), version(CONN_MGR_CLIENT_HASH)])
    }

    /// Returns the handshake after both sides have announced their protocols.
    pub(crate) fn versioned() -> Self {
        Self::authenticated().then(&[client_versioning(&protocols())])
    }

    /// Returns the handshake with channel 2 open and current.
    pub(crate) fn open() -> Self {
        Self::open_with(&protocols())
    }

    /// Like [`Self::open`], with other protocols announced by the client.
    pub(crate) fn open_with(protocols: &[u8]) -> Self {
        let versioned = Self::authenticated().then(&[client_versioning(protocols)]);
        Self { open: true, ..versioned.then(&[open(2), set_channel(2)]) }
    }

    pub(crate) fn then(mut self, bytes: &[Vec<u8>]) -> Self {
        self.bytes.extend(bytes.concat());
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Runs a server to this point, and discards its output so far.
    pub(crate) fn script(&self) -> Script<ServerRoot> {
        let mut script = Script::server(Config::default(), ServerRoot::new);
        script.send(&self.bytes);
        assert_eq!(script.error(), None, "the handshake fails");
        script
    }

    /// Asserts that the server breaks the connection over these bytes with this error and reason,
    /// reads nothing after them, and keeps another connection.
    pub(crate) fn refuses(&self, bytes: &[u8], error: impl Into<Error>, reason: &str) {
        let mut script = self.script();
        let bytes = [bytes.to_vec(), say("too late")].concat();
        let farewell = if self.open { farewell(reason) } else { early_farewell(reason) };
        breaks(&mut script, &bytes, error, &farewell);
        assert!(!received(&mut script).contains(&"too late".into()));

        let mut neighbours = Neighbours::new();
        neighbours.enter(&self.bytes);
        assert!(neighbours.send(0, &bytes).ends_with(&farewell));
        assert!(neighbours.is_over(0) && !neighbours.is_over(1));
        let answer = [set_channel(2), said("still here")].concat();
        assert_eq!(neighbours.send(1, &say("still here")), answer);
    }
}

/// Sends bytes that end the connection, and checks the error and the farewell.
pub(crate) fn breaks<T: psom::DistributedObject>(
    script: &mut Script<T>,
    bytes: &[u8],
    error: impl Into<Error>,
    farewell: &[u8],
) {
    let sent = script.send(bytes);
    assert_eq!(script.error(), Some(&error.into()));
    assert_eq!(sent.escape_ascii().to_string(), farewell.escape_ascii().to_string());
    assert!(script.is_closed());
}

/// Returns the calls that the server's root has received since the client connected.
pub(crate) fn received(script: &mut Script<ServerRoot>) -> Vec<String> {
    script.on_root(|root, _| root.received.iter().skip(1).cloned().collect())
}

pub(crate) fn child_received(script: &mut Script<ServerRoot>) -> Vec<i32> {
    script.on_root(|root, cx| cx.get(root.child).unwrap().received.clone())
}

/// Creates a client that has received these bytes, and discards its output so far.
pub(crate) fn client(bytes: &[u8]) -> Script<ClientRoot> {
    let mut script = Script::client(Config::default(), TOKEN, ClientRoot::new);
    script.send(bytes);
    script
}

/// Creates a client with channel 2 open; the server has made it current.
pub(crate) fn open_client() -> Script<ClientRoot> {
    client(&[server_hello(&protocols()), set_channel(2)].concat())
}

pub(crate) fn client_received(script: &mut Script<ClientRoot>) -> Vec<String> {
    script.on_root(|client, _| client.received.clone())
}

/// Asserts that the client breaks the connection over `bytes`, after those in `before`.
pub(crate) fn client_refuses(
    before: &[u8],
    bytes: &[u8],
    error: impl Into<Error>,
    farewell: &[u8],
) {
    let mut script = client(before);
    assert_eq!(script.error(), None, "the bytes in `before` are refused");
    breaks(&mut script, bytes, error, farewell);
}
