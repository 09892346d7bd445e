//! What a test says on the wire, and what it expects where that is refused.

use psom::{
    Config, Error,
    testing::Script,
    wire::{Encode, Encoder, auth::SIGNATURE, record},
};

pub use super::hall::*;
use super::neighbours::Neighbours;

pub const TOKEN: &str = "token";
pub const CONN_MGR: &str = "Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr";
pub const CONN_MGR_SERVER_HASH: i64 = -8221414758688209204;
pub const CONN_MGR_CLIENT_HASH: i64 = 8322047979521208965;
pub const CONN_MGR_SUMS: [(i32, i64); 1] = [(1, 100633220832999761)];

/// The indices of the methods, by their places in the declarations (ruling 1).
pub const VERSION: i8 = 1;
pub const ADD_PROTOCOL: i8 = 2;
pub const DONE_PROTOCOLS: i8 = 3;
pub const LOOKUP: i8 = 5;
pub const CLIENT_PING: i8 = 4;
pub const SERVER_PING: i8 = 6;
pub const S_SAY: i8 = 1;
pub const S_NUMBERS: i8 = 2;
pub const S_VALUES: i8 = 3;
pub const S_LISTS: i8 = 4;
pub const S_REFER: i8 = 5;
pub const S_FORBIDDEN: i8 = 6;
pub const S_NOTHING: i8 = 7;
pub const S_SHOUT: i8 = 8;
pub const S_KNOCK: i8 = 1;
pub const C_SAID: i8 = 1;
pub const C_NUMBERS: i8 = 2;
pub const C_REFER: i8 = 3;
pub const C_SHOUTED: i8 = 5;
pub const C_OPEN: i8 = 1;

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

pub fn encoded(values: &[&dyn Encode]) -> Vec<u8> {
    written(|out| {
        let mut out = Encoder::new(out);
        values.iter().for_each(|value| value.encode(&mut out));
    })
}

pub fn auth() -> Vec<u8> {
    let credentials = psom::Credentials { token: TOKEN.into(), proxy_header: None };
    written(|out| credentials.write(out))
}

pub fn set_channel(channel: u32) -> Vec<u8> {
    written(|out| record::write_set_channel(out, channel))
}

pub fn close() -> Vec<u8> {
    written(record::write_close)
}

pub fn break_with(reason: &str) -> Vec<u8> {
    written(|out| record::write_break(out, reason))
}

pub fn message(body: &[u8]) -> Vec<u8> {
    written(|out| record::write_message(out, |out| out.extend(body)))
}

/// A call, with the proxy identifier as its sender has it.
pub fn call(proxy: i32, method: i8, arguments: &[&dyn Encode]) -> Vec<u8> {
    raw_call(proxy, method, &encoded(arguments))
}

/// A call whose arguments are bytes of the test's own.
pub fn raw_call(proxy: i32, method: i8, arguments: &[u8]) -> Vec<u8> {
    message(&[encoded(&[&proxy, &(method as u8)]), arguments.to_vec()].concat())
}

pub fn say(text: &str) -> Vec<u8> {
    call(0, S_SAY, &[&text])
}

pub fn said(text: &str) -> Vec<u8> {
    call(0, C_SAID, &[&text])
}

pub fn connect(parent: i32, part: &str, hash: i64) -> Vec<u8> {
    message(&[vec![0x84], encoded(&[&parent, &part, &hash])].concat())
}

pub fn op_close(proxy: i32) -> Vec<u8> {
    message(&[vec![0x86], encoded(&[&proxy])].concat())
}

pub fn version(hash: i64) -> Vec<u8> {
    call(0, VERSION, &[&hash])
}

pub fn add_protocol(name: &str, sums: &[(i32, i64)]) -> Vec<u8> {
    let (versions, sums): (Vec<i32>, Vec<i64>) = sums.iter().copied().unzip();
    call(0, ADD_PROTOCOL, &[&name, &versions, &sums])
}

pub fn done_protocols() -> Vec<u8> {
    call(0, DONE_PROTOCOLS, &[])
}

/// The addProtocol calls of everything that the test objects are.
pub fn protocols() -> Vec<u8> {
    let conn_mgr = add_protocol(CONN_MGR, &CONN_MGR_SUMS);
    [conn_mgr, add_protocol(HALL, &HALL_SUMS), add_protocol(DESK, &DESK_SUMS)].concat()
}

/// RPCOpen with the lookup that the specification captured.
pub fn open(channel: u32) -> Vec<u8> {
    open_with(channel, &[&"TODO-ryanfa-remove", &"NotUsed", &-7932100958924279543i64])
}

pub fn open_with(channel: u32, lookup: &[&dyn Encode]) -> Vec<u8> {
    let body = [encoded(&[&0i32, &(LOOKUP as u8)]), encoded(lookup)].concat();
    written(|out| record::write_open(out, channel, |out| out.extend(body)))
}

/// What a client says before it opens channel 2.
pub fn client_versioning(protocols: &[u8]) -> Vec<u8> {
    let version = version(CONN_MGR_CLIENT_HASH);
    [set_channel(0), version, protocols.to_vec(), done_protocols()].concat()
}

/// What a server says until a client opens channel 2.
pub fn server_hello(protocols: &[u8]) -> Vec<u8> {
    let version = version(CONN_MGR_SERVER_HASH);
    [SIGNATURE.to_vec(), version, protocols.to_vec(), done_protocols()].concat()
}

/// How a violation is answered while channel 2 is open: everything is closed, channel 2 first.
pub fn farewell(reason: &str) -> Vec<u8> {
    [set_channel(2), close(), set_channel(0), break_with(reason)].concat()
}

/// How it is answered before that.
pub fn early_farewell(reason: &str) -> Vec<u8> {
    [set_channel(0), break_with(reason)].concat()
}

/// How far a client has come with a server.
#[derive(Clone)]
pub struct Stage {
    bytes: Vec<u8>,
    open: bool,
}

impl Stage {
    /// The client was let in.
    pub fn admitted() -> Self {
        Self { bytes: auth(), open: false }
    }

    /// The client has sent its ConnMgr hash.
    pub fn greeted() -> Self {
        Self::admitted().then(&[set_channel(0), version(CONN_MGR_CLIENT_HASH)])
    }

    /// Both sides have announced everything.
    pub fn versioned() -> Self {
        Self::admitted().then(&[client_versioning(&protocols())])
    }

    /// Channel 2 is open and current.
    pub fn open() -> Self {
        Self::open_with(&protocols())
    }

    /// The same, where the client announces other protocols than ours.
    pub fn open_with(protocols: &[u8]) -> Self {
        let versioned = Self::admitted().then(&[client_versioning(protocols)]);
        Self { open: true, ..versioned.then(&[open(2), set_channel(2)]) }
    }

    pub fn then(mut self, bytes: &[Vec<u8>]) -> Self {
        self.bytes.extend(bytes.concat());
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// A server that has come so far; what it sent on the way is taken.
    pub fn script(&self) -> Script<Hall> {
        let mut script = Script::server(Config::default(), Hall::new);
        script.send(&self.bytes);
        assert_eq!(script.error(), None, "the stage itself is refused");
        script
    }

    /// The server breaks the connection over these bytes, with this error and reason, and over
    /// nothing else: what follows is not read, and another connection goes on.
    pub fn refuses(&self, bytes: &[u8], error: impl Into<Error>, reason: &str) {
        let mut script = self.script();
        let bytes = [bytes.to_vec(), say("too late")].concat();
        let farewell = if self.open { farewell(reason) } else { early_farewell(reason) };
        breaks(&mut script, &bytes, error, &farewell);
        assert!(!heard(&mut script).contains(&"too late".into()));

        let mut neighbours = Neighbours::new();
        neighbours.enter(&self.bytes);
        assert!(neighbours.send(0, &bytes).ends_with(&farewell));
        assert!(neighbours.is_over(0) && !neighbours.is_over(1));
        let answer = [set_channel(2), said("still here")].concat();
        assert_eq!(neighbours.send(1, &say("still here")), answer);
    }
}

/// Sends bytes that end the connection, and holds error and farewell against what they are to be.
pub fn breaks<T: psom::DistributedObject>(
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

/// What the hall has heard, after it was joined.
pub fn heard(script: &mut Script<Hall>) -> Vec<String> {
    script.on_root(|hall, _| hall.heard.iter().skip(1).cloned().collect())
}

pub fn desk_heard(script: &mut Script<Hall>) -> Vec<i32> {
    script.on_root(|hall, cx| cx.get(hall.desk).unwrap().heard.clone())
}

/// A client whose server has said this since the beginning; what the client sent is taken.
pub fn guest(bytes: &[u8]) -> Script<Guest> {
    let mut script = Script::client(Config::default(), TOKEN, Guest::new);
    script.send(bytes);
    script
}

/// A client on whose side channel 2 is open; the server has made it current.
pub fn open_guest() -> Script<Guest> {
    guest(&[server_hello(&protocols()), set_channel(2)].concat())
}

pub fn guest_heard(script: &mut Script<Guest>) -> Vec<String> {
    script.on_root(|guest, _| guest.heard.clone())
}

/// The client breaks the connection over these bytes, after those.
pub fn guest_refuses(before: &[u8], bytes: &[u8], error: impl Into<Error>, farewell: &[u8]) {
    let mut script = guest(before);
    assert_eq!(script.error(), None, "what came before is refused");
    breaks(&mut script, bytes, error, farewell);
}
