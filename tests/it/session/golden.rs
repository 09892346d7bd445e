//! The captured exchange of sections 4.1 to 4.3, byte for byte.

use psom::{
    Config, Context, Handle, Lifecycle, distributed_object, psom_interface,
    testing::{Script, hex},
};

/// The captured meeting's interface. The sum of the hashes is the captured one.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting",
    version = 1,
    hash = -2007473133263860314
)]
trait MeetingServer {}

#[psom_interface(name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting", version = 1, hash = 0)]
trait MeetingClient {
    fn c_meeting_ready(&mut self);
    fn c_set_info(&mut self, info: String);
    fn c_set_server_time(&mut self, server_time: String);
    fn c_set_url_base(&mut self, url_base: String);
}

#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager",
    version = 1,
    hash = 5320330165687787020
)]
trait UsersServer {}

#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager",
    version = 1,
    hash = 5320330165687787020
)]
#[expect(dead_code, reason = "only its proxy is used")]
trait UsersClient {
    fn c_users_added(&mut self, ids: Vec<i64>, uris: Vec<String>, names: Vec<String>);
}

/// The methods of ContentManager that occur in the capture.
#[psom_interface(name = "Test.Contents", version = 1, hash = 1)]
trait ContentsServer {
    fn s_delete_content(&mut self, content_id: i64);
    fn s_present(&mut self);
    fn s_release_title(&mut self, cookie: i32);
    fn s_reserve_title(&mut self, cx: &mut Context<Self>, title: &str, cookie: i32);
}

#[psom_interface(name = "Test.Contents", version = 1, hash = 2)]
#[expect(dead_code, reason = "only its proxy is used")]
trait ContentsClient {
    fn c_content_added(&mut self, content_id: i64, kind: String);
    fn c_content_created(&mut self, content_id: i64, cookie: i32);
    fn c_content_creation_failed(&mut self, cookie: i32, reason: i32);
    fn c_content_removed(&mut self, content_id: i64);
    fn c_reserve_title_completed(&mut self, status: i32, cookie: i32, content: i64, owner: i64);
}

#[distributed_object(serves = MeetingServer, calls = MeetingClient)]
struct EmptyMeeting;

impl MeetingServer for EmptyMeeting {}

#[distributed_object(serves = MeetingServer, calls = MeetingClient)]
struct Meeting {
    #[child("contentUserManager")]
    users: Handle<Users>,
    #[child("contentManager")]
    contents: Handle<Contents>,
}

impl MeetingServer for Meeting {}

impl Lifecycle for Meeting {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_set_url_base("http://example.com/conference/1015");
        cx.caller().connect("contentUserManager", self.users).unwrap();
        cx.caller().c_meeting_ready();
    }
}

#[distributed_object(serves = UsersServer, calls = UsersClient)]
struct Users;

impl UsersServer for Users {}

#[distributed_object(serves = ContentsServer, calls = ContentsClient)]
struct Contents;

impl ContentsServer for Contents {
    fn s_delete_content(&mut self, _: i64) {}
    fn s_present(&mut self) {}
    fn s_release_title(&mut self, _: i32) {}
    fn s_reserve_title(&mut self, cx: &mut Context<Self>, title: &str, cookie: i32) {
        assert_eq!(title, "Hello World");
        cx.caller().c_reserve_title_completed(1, cookie, 0, 1);
    }
}

#[distributed_object(serves = MeetingClient, calls = MeetingServer)]
#[derive(Default)]
struct Screen {
    seen: Vec<String>,
}

impl MeetingClient for Screen {
    fn c_meeting_ready(&mut self) {
        self.seen.push("ready".into());
    }
    fn c_set_info(&mut self, _: String) {}
    fn c_set_server_time(&mut self, _: String) {}
    fn c_set_url_base(&mut self, url_base: String) {
        self.seen.push(url_base);
    }
}

const TOKEN: &str = "3000000000000000E36032154C544908";

// Section 4.1.1
const AUTHENTICATION: &str = "70773200 00000000 00000020
    33303030 30303030 30303030 30303030 45333630 33323135 34433534 34393038";
// Section 4.1.2
const ANSWER: &str = "70773200";
// Section 4.1.3
const SET_CHANNEL_0: &str = "04 00000000";
// Section 4.1.4.1
const CLIENT_VERSION: &str = "16 0000000b 00 01 87737dda8b971e7285";
// Sections 4.1.4.2 and 4.1.5
const ADD_CONN_MGR: &str = "16 00000040 00 02
    0030 9d8891717b5659212c4728ffff83edaa928767610a7127230934c9ce82f0abba84687c441a15390356caf5c5d280b99d
    01 01  01 8701658561945ab951";
// Section 4.1.5
const ADD_MEETING: &str = "16 0000003c 00 02
    002c 594c5535371a15ede883ecbb83df517656432325463debefcdf08d8ade4c7746402c380056c4ffcec8a4b088
    01 01  01 8f1bdbfa2dbc55325a";
// Sections 4.1.4.3 and 4.1.5
const DONE: &str = "16 00000002 00 03";
// Section 4.1.5
const SERVER_VERSION: &str = "16 0000000b 00 01 8f7218552a02c3b934";
// Section 4.2
const OPEN: &str = "37 00000002 00000028 00 05
    0012 9a90b44e3f514d24380119a4e8ced1a2a88a  0007 c7f5dfe9bebb8b  8f6e147bcbcb378ef7";
// Section 4.3
const SET_CHANNEL_2: &str = "04 00000002";
const SET_URL_BASE: &str = "16 00000026 00 04
    0022 d6bb9481383c0b503e360509e6fe82dea1b2df627d4d5220240216eaff848dfdefda";
const CONNECT_USERS: &str = "16 0000001f 84 00
    0012 adb09e75774d401025020ac4fbc5ddaabb9d  8749d59c18ed9d9e0c";
const MEETING_READY: &str = "16 00000002 00 01";
const RESERVE_TITLE: &str = "16 00000010 fe 04 000b 0d330b14e6bafcd3bfb28b 01";
const USERS_ADDED: &str = "16 0000003b 01 01 01 01
    01 0026 09e2ec97ccb6819f6423644732340c1cfcb5c2c9baba83753c4e5d2624080be6fcdf92aeb182
    01 000b 172f0616b9baedddbfb3df";
const TITLE_RESERVED: &str = "16 00000006 02 05 01 01 00 01";

fn bytes(parts: &[&str]) -> Vec<u8> {
    hex(&parts.concat())
}

#[test]
fn client_sends_the_captured_bytes() {
    let mut client = Script::client(Config::default(), TOKEN, |_| Screen::default());
    assert_eq!(client.take(), bytes(&[AUTHENTICATION]));
    let versioning = [SET_CHANNEL_0, CLIENT_VERSION, ADD_CONN_MGR, ADD_MEETING, DONE];
    assert_eq!(client.send(&bytes(&[ANSWER])), bytes(&versioning));
    assert_eq!(client.send(&bytes(&[SERVER_VERSION, ADD_CONN_MGR, ADD_MEETING])), [0; 0]);
    assert_eq!(client.send(&bytes(&[DONE])), bytes(&[OPEN, SET_CHANNEL_2]));
    assert_eq!(client.error(), None);

    assert_eq!(client.send(&bytes(&[SET_CHANNEL_2, SET_URL_BASE, MEETING_READY])), [0; 0]);
    let seen = client.on_root(|screen, _| screen.seen.clone());
    assert_eq!(seen, ["http://example.com/conference/1015", "ready"]);
}

#[test]
fn server_sends_the_captured_bytes() {
    let mut server = Script::server(Config::default(), |_| EmptyMeeting);
    assert_eq!(server.send(&bytes(&[AUTHENTICATION])), bytes(&[ANSWER]));
    let announced = [SET_CHANNEL_0, CLIENT_VERSION, ADD_CONN_MGR, ADD_MEETING];
    assert_eq!(server.send(&bytes(&announced)), [0; 0]);
    let versioning = [SERVER_VERSION, ADD_CONN_MGR, ADD_MEETING, DONE];
    assert_eq!(server.send(&bytes(&[DONE])), bytes(&versioning));
    assert_eq!(server.send(&bytes(&[OPEN, SET_CHANNEL_2])), [0; 0]);
    assert_eq!((server.error(), server.stats().peers), (None, 1));
}

#[test]
fn meeting_starts_with_the_captured_bytes() {
    let mut server = Script::server(Config::default(), |scope| Meeting {
        users: scope.add(Users),
        contents: scope.add(Contents),
    });
    let users = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager";
    let announced = [
        bytes(&[AUTHENTICATION, SET_CHANNEL_0, CLIENT_VERSION, ADD_CONN_MGR, ADD_MEETING]),
        super::common::add_protocol(users, &[(1, 5320330165687787020i64.wrapping_mul(2))]),
        super::common::add_protocol("Test.Contents", &[(1, 3)]),
    ];
    server.send(&[announced.concat(), bytes(&[DONE])].concat());
    let beginning = [SET_CHANNEL_2, SET_URL_BASE, CONNECT_USERS, MEETING_READY];
    assert_eq!(server.send(&bytes(&[OPEN, SET_CHANNEL_2])), bytes(&beginning));

    // The rest of section 4.3: 1 is the content user manager, 2 the content manager.
    server.on_root(|meeting, cx| {
        assert_eq!(cx.peers().connect("contentManager", meeting.contents), 1);
        let added = |_: &mut Users, cx: &mut Context<Users>| {
            let (ids, uris, names) =
                ([1], ["sip:ryanf0@rtcdev.nttest.microsoft.com"], ["Ryan0 Farm0"]);
            cx.peers().c_users_added(&ids, uris.map(String::from), names.map(String::from));
        };
        cx.try_tell(meeting.users, added).unwrap();
    });
    assert!(server.take().ends_with(&bytes(&[USERS_ADDED])));
    assert_eq!(server.send(&bytes(&[RESERVE_TITLE])), bytes(&[TITLE_RESERVED]));
}
