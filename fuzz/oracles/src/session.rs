//! Whole sessions of a meeting: a server with an arbitrary client, and a client with an arbitrary
//! server.

use std::{
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use bytes::Bytes;
use psom::{
    Config, DistributedObject, User,
    testing::{Pair, Script},
    wire::{Encode as _, Encoder, auth::Credentials, record::Batch},
};
use psom_objects::{
    client::{Conference, Event, Upload},
    package::{ChunkedPpt, ContentDetail, CreateContent, SharedNotesDetail},
    server::{Meeting, MeetingConfig},
    testing::MemoryStore,
    types::{Participant, Role},
};

fn meeting(scope: &mut psom::Scope) -> Meeting {
    let files = Arc::new(MemoryStore::default());
    Meeting::new(scope, MeetingConfig::new("http://files/", files, SystemTime::UNIX_EPOCH))
}

fn conference(scope: &mut psom::Scope) -> Conference {
    Conference::new(scope, |_: Event| ())
}

/// Sends bytes in pieces whose lengths depend on the bytes, so that every split occurs.
fn send_in_pieces<T: DistributedObject>(script: &mut Script<T>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        let length = (usize::from(*first) * 7 + 1).min(rest.len());
        script.send(&rest[..length]);
        rest = &rest[length..];
    }
}

/// Returns the bytes of a real client up to the open channel of a meeting.
pub(crate) fn client_hello() -> &'static [u8] {
    &hellos().0
}

/// Returns the bytes of a real server up to the end of the meeting's first calls.
pub(crate) fn server_hello() -> &'static [u8] {
    &hellos().1
}

fn hellos() -> &'static (Vec<u8>, Vec<u8>) {
    static BYTES: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    BYTES.get_or_init(|| {
        let mut client = Script::client(Config::default(), "token", conference);
        let (up, down) = exchange(&mut client, &mut Script::server(Config::default(), meeting));
        (up.concat(), down.concat())
    })
}

/// The pieces of a stream in the order in which a side has sent them.
type Pieces = Vec<Vec<u8>>;

/// Lets a real client and a real server exchange bytes until both are idle. Returns the pieces that the
/// client and the server have sent.
fn exchange(client: &mut Script<Conference>, server: &mut Script<Meeting>) -> (Pieces, Pieces) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut sent = client.take();
    while !sent.is_empty() {
        let answer = server.send(&sent);
        up.push(sent);
        sent = client.send(&answer);
        down.push(answer);
    }
    (up, down)
}

/// Sends a server arbitrary bytes before its channel is open.
pub fn negotiation(bytes: &[u8]) {
    let mut server = Script::server(Config::default(), meeting);
    let mut batch = Batch::new(Bytes::from_static(client_hello()));
    let authentication = Credentials::read(&mut batch, false);
    assert!(matches!(authentication, Ok(Some(_))));
    server.send(&client_hello()[..client_hello().len() - batch.rest().len()]);
    send_in_pieces(&mut server, bytes);
}

/// Sends a server of a meeting arbitrary bytes, first from the beginning and then on an open
/// channel. Checks that it still serves other clients afterwards.
pub fn server(bytes: &[u8]) {
    let mut server = Script::server(Config::default(), meeting);
    send_in_pieces(&mut server, bytes);
    let mut server = Script::server(Config::default(), meeting);
    server.send(client_hello());
    assert_eq!(server.error(), None);
    send_in_pieces(&mut server, bytes);
    server.hang_up();
    assert_eq!(server.stats().connections, 0);
}

/// Sends a client arbitrary bytes, first from the beginning and then after a meeting's first calls.
pub fn client(bytes: &[u8]) {
    let mut client = Script::client(Config::default(), "token", conference);
    send_in_pieces(&mut client, bytes);
    let mut client = Script::client(Config::default(), "token", conference);
    client.send(server_hello());
    send_in_pieces(&mut client, bytes);
}

/// Calls every method of every object with arbitrary arguments, in a meeting with a content of each
/// type. Each piece of the input is one call. The first bytes name the object and the method, and the
/// third the length of the arguments.
pub fn dispatch(bytes: &[u8]) {
    let mut server = Script::server_for(presenter(), Config::default(), meeting);
    // The client answers objects that the server has created, so it cannot send its pieces earlier.
    for piece in contents_created() {
        server.send(piece);
    }
    assert_eq!(server.error(), None);
    let mut rest = bytes;
    while let [proxy, method, length, ..] = *rest {
        rest = &rest[3..];
        let (arguments, left) = rest.split_at(usize::from(length).min(rest.len()));
        rest = left;
        // Small numbers of both signs: objects that either side has connected.
        let proxy = i32::from(proxy % 128) - 64;
        server.send(&call(proxy, method % 40, arguments));
        if server.is_closed() {
            return;
        }
    }
}

fn presenter() -> User {
    let uri = "sip:presenter@example.com".to_owned();
    Participant { uri, role: Role::Presenter }.user(1, "presenter")
}

/// Returns the pieces of a real client that creates a content of each type without files, and one with
/// a file. The client connects the objects of each of them.
fn contents_created() -> &'static [Vec<u8>] {
    static PIECES: OnceLock<Pieces> = OnceLock::new();
    PIECES.get_or_init(|| {
        let mut client = Script::client(Config::default(), "token", conference);
        let mut server = Script::server_for(presenter(), Config::default(), meeting);
        let mut sent = exchange(&mut client, &mut server).0;
        let uploads = [
            Upload::whiteboard("board"),
            Upload::poll("poll", "Tea or coffee?", ["tea", "coffee"]),
            Upload::qna("questions"),
            Upload::notes("notes", SharedNotesDetail::default()),
            Upload::new(slides(), []),
            Upload::new(file(), [("plan.txt", &b"plan"[..])]),
        ];
        for upload in uploads {
            let upload = upload.expect("texts without characters that XML forbids");
            let started = client.on_root(|conference, cx| conference.upload(cx, upload));
            started.expect("a presenter uploads");
            sent.extend(exchange(&mut client, &mut server).0);
        }
        let count = client.on_root(|conference, _| conference.model().contents.len());
        assert_eq!(count, 6, "the meeting has a content of each type");
        sent
    })
}

fn slides() -> CreateContent {
    let ppt = ChunkedPpt { slides: Some(2), preview_thumbnail_file: None, resources: Vec::new() };
    CreateContent::new("slides", ContentDetail::Ppt(ppt))
}

fn file() -> CreateContent {
    CreateContent::new("plan", ContentDetail::NativeFileOnly).with_native_file("plan.txt")
}

fn call(proxy: i32, method: u8, arguments: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut out = Encoder::new(&mut body);
    proxy.encode(&mut out);
    method.encode(&mut out);
    body.extend(arguments);
    let mut record = Vec::new();
    psom::wire::record::write_message(&mut record, |out| out.extend(body));
    record
}

/// Lets a real server and a real client of a meeting act on each other, while a second client
/// watches. The input selects the actions. Checks that all of them show the same contents.
pub fn responding_peer(bytes: &[u8]) {
    let mut pair = Pair::server(Config::default(), meeting);
    let user = |number: i64, role| {
        let uri = format!("sip:{number}@example.com");
        Participant { uri, role }.user(number, &format!("user {number}"))
    };
    let users: [User; 2] = [user(1, Role::Presenter), user(2, Role::Attendee)];
    let [presenter, watcher] = users.map(|user| pair.join_as(user, conference));
    pair.set_max_piece_bytes(usize::from(bytes.first().copied().unwrap_or(255)) + 1);
    for (number, action) in bytes.iter().take(64).enumerate() {
        let who = if action & 0x80 == 0 { presenter } else { watcher };
        let title = format!("{} {}", action % 7, number % 3);
        match action % 4 {
            0 => {
                if let Ok(board) = Upload::whiteboard(&title) {
                    let _ = pair.on_client(who, |conference, cx| conference.upload(cx, board));
                }
            }
            1 => pair.advance(std::time::Duration::from_secs(u64::from(*action))),
            2 => pair.close_client(watcher),
            _ => pair.drive(),
        }
        if pair.client_error(presenter).is_some() {
            return;
        }
    }
    let titles = |pair: &mut Pair<Meeting, Conference>, client| {
        pair.on_client(client, |conference, _| {
            let contents = conference.model().contents.values();
            contents.filter_map(|content| content.title.clone()).collect::<Vec<_>>()
        })
    };
    if pair.client_error(watcher).is_none() {
        assert_eq!(titles(&mut pair, presenter), titles(&mut pair, watcher));
    }
}
