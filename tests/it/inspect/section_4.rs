//! The bytes of section 4 decode to the section's own description.

use psom::{session::Role, testing::hex};
use psom_inspect::EventKind;

use super::common::{Capture, client, inspector, lines, server, texts, vector};

#[test]
fn client_bytes_of_section_4_are_decoded() {
    let transcript = inspector().read(client());
    assert_eq!((transcript.sender(), transcript.is_certain()), (Role::Client, true));
    assert_eq!(
        lines(&transcript),
        [
            r#"0 -- authentication: signature "pw2\x00", version 0, token "30000000..." of 32 bytes"#,
            "44 -- set channel #0",
            "49 #0 ConnMgr@0.version(8322047979521208965)",
            "65 #0 ConnMgr@0.addProtocol(\"Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr\", [1], \
             [100633220832999761])",
            "134 #0 ConnMgr@0.doneProtocols()",
            r#"141 #0 open #2: lookup("TODO-ryanfa-remove", "NotUsed", -7932100958924279543)"#,
            "190 -- set channel #2",
            r#"195 #2 contentManager@-2.sReserveTitle("Hello World", 1)"#,
        ]
    );
}

#[test]
fn server_bytes_of_section_4_are_decoded() {
    let transcript = inspector().read(server());
    assert_eq!((transcript.sender(), transcript.is_certain()), (Role::Server, true));
    assert_eq!(
        lines(&transcript),
        [
            r#"0 -- authentication accepted: signature "pw2\x00""#,
            "4 #0 ConnMgr@0.version(-8221414758688209204)",
            "20 #0 ConnMgr@0.addProtocol(\"Microsoft.Rtc.Server.DataMCU.Meeting.Pod.ConnMgr\", [1], \
             [100633220832999761])",
            "89 #0 ConnMgr@0.addProtocol(\"Microsoft.Rtc.Server.DataMCU.Meeting.Meeting\", [1], \
             [-2007473133263860314])",
            "154 #0 ConnMgr@0.doneProtocols()",
            "161 -- set channel #2",
            r#"166 #2 Meeting@0.cSetUrlBase("http://example.com/conference/1015")"#,
            "209 #2 connect contentUserManager@1 of Meeting@0 (ContentUserManager 1)",
            "245 #2 Meeting@0.cMeetingReady()",
            "252 #2 contentUserManager@1.cUsersAdded([1], \
             [\"sip:ryanf0@rtcdev.nttest.microsoft.com\"], [\"Ryan0 Farm0\"])",
            "316 #2 contentManager@2.cReserveTitleCompleted(1, 1, 0, 1)",
        ]
    );
}

#[test]
fn direction_is_inferred_from_both_captures() {
    let transcript = inspector().other(server()).read(client());
    assert_eq!(transcript.sender(), Role::Client);
    assert!(
        lines(&transcript)[7].ends_with(r#"contentManager@-2.sReserveTitle("Hello World", 1)"#)
    );
    let transcript = inspector().other(client()).read(server());
    assert_eq!(transcript.sender(), Role::Server);
}

#[test]
fn single_messages_of_section_4_are_decoded() {
    let client = |what| (Role::Client, vector(what));
    let server = |what| (Role::Server, vector(what));
    for ((sender, bytes), what) in [
        (client("client to server: ConnMgr.version"), "ConnMgr@0.version(8322047979521208965)"),
        (server("server to client: ConnMgr.version"), "ConnMgr@0.version(-8221414758688209204)"),
        (client("ContentManager.sReserve"), r#"contentManager@-2.sReserveTitle("Hello World", 1)"#),
        (server("ContentManager.cReserve"), "contentManager@2.cReserveTitleCompleted(1, 1, 0, 1)"),
        (
            server("connect contentUserManager"),
            "connect contentUserManager@1 of Meeting@0 (ContentUserManager 1)",
        ),
    ] {
        let transcript = inspector().sent_by(sender).read(bytes);
        assert_eq!(texts(&transcript), [what]);
    }
    // The direction of these messages is unambiguous.
    for (sender, bytes) in [
        client("client to server: ConnMgr.version"),
        server("server to client: ConnMgr.version"),
        client("RPCOpen"),
        client("ContentManager.sReserve"),
        server("ContentUserManager.cUsersAdded"),
        (Role::Client, hex("16 00000002 00 06")),
        (Role::Server, hex("16 00000002 00 04")),
    ] {
        let transcript = inspector().read(bytes);
        assert_eq!((transcript.sender(), transcript.is_certain()), (sender, true));
    }
    // Both sides send doneProtocols, and a client could call log on channel 0.
    assert!(!inspector().read(vector("doneProtocols")).is_certain());
    assert!(!inspector().read(vector("Meeting.cSetUrlBase")).is_certain());
}

#[test]
fn break_and_close_are_decoded() {
    let capture = Capture::on_2().bytes(&hex("00")).bytes(&vector("Break")).bytes(&[4, 0, 0, 0, 0]);
    let escaped = hex("06 00000003 1b 5b 41");
    let transcript = inspector().sent_by(Role::Server).read(capture.bytes(&escaped).0);
    assert_eq!(
        lines(&transcript),
        [
            "0 -- set channel #2",
            "5 #2 close",
            "6 #2 break \"bye\"",
            "14 -- set channel #0",
            r#"19 #0 break "\x1b[A""#,
        ]
    );
}

#[test]
fn proxy_header_precedes_the_authentication() {
    let header = b"forward to 192.0.2.1\n";
    let length = u32::try_from(header.len()).unwrap().to_be_bytes();
    let bytes = [&length[..], header, &client()].concat();
    let transcript = inspector().read(bytes);
    assert_eq!(transcript.sender(), Role::Client);
    let events: Vec<_> = transcript.events().collect();
    assert!(matches!(
        &events[0].kind,
        EventKind::Authentication { proxy_header: Some(texts), token }
            if texts == header && token == "3000000000000000E36032154C544908"
    ));
    assert_eq!(
        events[0].kind.to_string(),
        "authentication: proxy header \"forward to 192.0...\" of 21 bytes, signature \"pw2\\x00\", \
         version 0, token \"30000000...\" of 32 bytes"
    );
    assert_eq!(events[1].offset, 44 + 25);
}

#[test]
fn forced_direction_is_used() {
    // A server's bytes decoded as a client's: impossible bytes are reported.
    let bytes = server().split_off(161);
    let transcript = inspector().sent_by(Role::Client).read(bytes);
    assert_eq!((transcript.sender(), transcript.is_certain()), (Role::Client, true));
    assert_eq!(
        texts(&transcript)[..3],
        [
            "set channel #2",
            "43 undecodable bytes: Meeting has no method 4, called on Meeting@0",
            // Both halves have the same hash.
            "connect contentUserManager@1 of Meeting@0 (ContentUserManager 1)",
        ]
    );
}
