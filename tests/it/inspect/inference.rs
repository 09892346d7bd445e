//! Objects connected by the other direction, inferred from the calls on them.

use psom::{ObjectRef, session::Role};

use super::common::{Capture, inspector, texts};

const CONTENT_10: i64 = 974079596268293062;
const CONTENT_MANAGER: i64 = 3800622354142801969;
const PPT: i64 = -3775280164302319261;

fn client(capture: Capture) -> Vec<String> {
    texts(&inspector().sent_by(Role::Client).read(capture.0)).split_off(1)
}

fn server(capture: Capture) -> Vec<String> {
    texts(&inspector().sent_by(Role::Server).read(capture.0)).split_off(1)
}

#[test]
fn objects_connected_by_this_side_are_known_by_hash() {
    let capture = Capture::on_2()
        .connect(-2, "content.7", CONTENT_10)
        .connect(1, "EXTENDEDCONTENT", PPT)
        .call(1, 4, &[&"a title"])
        .call(2, 1, &[&"3"])
        .close(2);
    assert_eq!(
        client(capture),
        [
            "connect content.7@1 of contentManager@-2 (Content 10)",
            "connect EXTENDEDCONTENT@2 of content.7@1 (PptContent 2 or 11)",
            "content.7@1.sSetTitle(\"a title\")",
            "EXTENDEDCONTENT@2.sSetLocation(\"3\")",
            "close EXTENDEDCONTENT@2",
        ]
    );
}

#[test]
fn calls_of_an_unknown_hash_are_not_guessed() {
    let capture = Capture::on_2().connect(0, "toy\u{1b}", 4711).call(1, 2, &[&7i32]);
    assert_eq!(
        client(capture),
        [
            "connect toy\\u{1b}@1 of Meeting@0 (no known interface has hash 4711)",
            "8 undecodable bytes: method 2 of toy\\u{1b}@1, whose interface is unknown",
        ]
    );
}

#[test]
fn first_objects_of_a_server_are_inferred_from_calls() {
    let capture = Capture::on_2()
        .call(-3, 2, &[&100i64, &200i64, &1i32])
        .call(-4, 2, &[&vec![1u8, 2, 3], &0i32])
        .call(-5, 6, &[])
        .call(-2, 2, &[]);
    assert_eq!(
        client(capture),
        [
            "uploadManager@-3.sRequestUpload(100, 200, 1)",
            "uploadStream@-4.sWrite(<3 bytes>, 0)",
            // Of a server's objects, only these two have a sixth method without arguments.
            "annotationContainer?@-5.sClearAnnotations()",
            "contentManager@-2.sPresent()",
        ]
    );
}

#[test]
fn later_call_resolves_a_guess() {
    let doubtful = Capture::on_2().call(-5, 6, &[]);
    assert_eq!(client(doubtful), ["annotationContainer?@-5.sClearAnnotations()"]);
    let certain = Capture::on_2().call(-5, 6, &[]).call(-5, 7, &[&12i32]);
    assert_eq!(
        client(certain),
        [
            "annotationContainer@-5.sClearAnnotations()",
            "annotationContainer@-5.sRemoveAnnotation(12)"
        ]
    );
    // The same call on the second object most likely addresses the content manager.
    let second = Capture::on_2().call(-2, 6, &[]);
    assert_eq!(client(second), ["contentManager?@-2.sStopPresenting()"]);
}

#[test]
fn connect_identifies_its_parent() {
    let capture = Capture::on_2().call(-1, 1, &[]).call(-2, 1, &[]).connect(
        -2,
        "annotationContainer",
        -5714708003270970775,
    );
    let texts = server(capture);
    // Most contents have only an empty first method; Content is connected before its extended
    // content, and two definitions have annotations.
    assert_eq!(texts[0], "content?@-1.cConnectCompleted()");
    assert_eq!(texts[2], "connect annotationContainer@1 of pptContent?@-2 (AnnotationContainer 1)");
    let capture = Capture::on_2().connect(-1, "extendedContent", 6421877628186475469);
    assert_eq!(
        server(capture),
        ["connect extendedContent@1 of content@-1 (NativeFileOnlyContent 1)"]
    );
}

#[test]
fn object_after_a_content_is_its_extended_content() {
    let capture = Capture::on_2().call(-1, 6, &[&3i64]).call(-1, 1, &[]).call(-2, 1, &[]);
    assert_eq!(
        server(capture),
        [
            "content@-1.cSetOwnerId(3)",
            "content@-1.cConnectCompleted()",
            "nativeFileOnlyContent?@-2.cConnectCompleted()",
        ]
    );
}

#[test]
fn references_use_the_sender_identifiers() {
    let capture = Capture::on_2()
        .connect(0, "uploadManager", 2601804729028999169)
        .connect(1, "uploadStreams", -6716385024907738156)
        .call(1, 1, &[&9i32, &2i32])
        .call(1, 1, &[&9i32, &ObjectRef::NULL]);
    assert_eq!(
        server(capture)[2..],
        ["uploadManager@1.cAcceptUpload(9, @2)", "uploadManager@1.cAcceptUpload(9, null)"]
    );
}

#[test]
fn both_directions_leave_nothing_to_guess() {
    let other = Capture::on_2()
        .connect(0, "contentUserManager", 5320330165687787020)
        .connect(0, "contentManager", CONTENT_MANAGER)
        .connect(-1, "annotationContainer", -5714708003270970775);
    let bytes = Capture::on_2().call(-2, 6, &[]).call(-3, 6, &[]).0;
    let alone = inspector().sent_by(Role::Client).read(bytes.clone());
    assert_eq!(
        texts(&alone)[1..],
        ["contentManager?@-2.sStopPresenting()", "annotationContainer?@-3.sClearAnnotations()"]
    );
    let both = inspector().other(other.0).read(bytes);
    assert_eq!((both.sender(), both.is_certain()), (Role::Client, true));
    assert_eq!(
        texts(&both)[1..],
        ["contentManager@-2.sStopPresenting()", "annotationContainer@-3.sClearAnnotations()"]
    );
}

#[test]
fn damaged_call_does_not_change_an_inferred_type() {
    let capture = Capture::on_2()
        .call(-2, 1, &[&5i64])
        // Three bytes of a title whose length says 255.
        .bytes(&[0x16, 0, 0, 0, 5, 0xfe, 4, 0, 0xff, 1])
        .call(-2, 3, &[&5i32]);
    assert_eq!(
        client(capture),
        [
            "contentManager@-2.sDeleteContent(5)",
            "10 undecodable bytes: contentManager@-2.sReserveTitle: the message ends inside a value",
            "contentManager@-2.sReleaseTitle(5)",
        ]
    );
}

#[test]
fn conn_mgr_is_the_only_object_on_its_channel() {
    let capture = Capture::default().call(0, 6, &[]).call(1, 1, &[]).connect(0, "x", 1).close(0);
    let texts = texts(&inspector().sent_by(Role::Client).read(capture.0));
    assert_eq!(
        texts,
        [
            "ConnMgr@0.ping()",
            "7 undecodable bytes: channel 0 has no object except ConnMgr, so @1 is invalid",
            "11 undecodable bytes: ConnMgr has no children",
            "close ConnMgr@0",
        ]
    );
}
