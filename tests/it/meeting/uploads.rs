//! Uploads, with every reason for their end.

use std::time::Duration;

use bytes::Bytes;
use psom_objects::{
    package::{ContentDetail, CreateContent, Manifest, OtherContent},
    server::MeetingLimits,
    store::StoreError,
    types::Role,
};

use super::world::{ATTENDEE, ORGANIZER, PRESENTER, World, empty, pack, package, world};

fn request(
    world: &mut World,
    client: usize,
    packed: i64,
    unpacked: i64,
    cookie: i32,
) -> Vec<String> {
    world.uploads(client, move |uploads| {
        drop(uploads.s_request_upload(packed, unpacked, cookie));
    });
    world.received_of(client, "uploads.")
}

#[test]
fn uploaded_file_appears_for_all_clients() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 7);
    let received = world.received(PRESENTER);
    assert_eq!(
        received[..2],
        ["contents.reserved ReservedForCreation 7 content 0 owner 2", "uploads.accepted 7",]
    );
    assert!(
        received[2..].iter().any(|line| line == "stream.complete 100"),
        "writes are acknowledged"
    );
    assert_eq!(
        received[received.len() - 4..],
        [
            "contents.added 1 Content.NativeFileOnly",
            "contents.created 1 for 7",
            "uploads.finished 7 Ok",
            "stream.disconnect",
        ]
    );
    assert_eq!(world.received(ATTENDEE), ["contents.added 1 Content.NativeFileOnly"]);
    assert_eq!(world.disk(), (vec!["file-1".to_owned()], 0));
}

#[test]
fn title_of_a_content_cannot_be_reserved() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 1);
    world.contents(PRESENTER, |contents| drop(contents.s_release_title(1)));
    assert!(world.received_of(PRESENTER, "contents.released").is_empty());
}

#[test]
fn cancelled_upload_leaves_no_trace() {
    let mut world = world();
    request(&mut world, PRESENTER, 1000, 1000, 1);
    world.stream(PRESENTER, |stream| drop(stream.s_write(Bytes::from_static(b"abc"), 1)));
    world.uploads(PRESENTER, |uploads| drop(uploads.s_upload_finished(1, true)));
    assert_eq!(
        world.received(PRESENTER),
        ["stream.complete 3", "uploads.finished 1 UserCancel", "stream.disconnect"]
    );
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn disconnecting_the_stream_cancels_the_upload() {
    let mut world = world();
    request(&mut world, PRESENTER, 1000, 1000, 1);
    world.stream(PRESENTER, |stream| drop(stream.s_disconnect()));
    assert_eq!(world.received(PRESENTER)[0], "uploads.finished 1 UserCancel");
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn too_large_package_is_refused_or_ended() {
    let mut world = world();
    for (packed, unpacked) in [(1 << 50, 1), (1, 1 << 50)] {
        let received = request(&mut world, PRESENTER, packed, unpacked, 1);
        assert_eq!(received, ["uploads.rejected 1 MaxPackageSizeExceeded"]);
    }
    assert_eq!(request(&mut world, PRESENTER, 5, 5, 1), ["uploads.accepted 1"]);
    world.stream(PRESENTER, |stream| drop(stream.s_write(Bytes::from_static(b"abcdef"), 1)));
    assert_eq!(world.received(PRESENTER)[0], "uploads.finished 1 MaxPackageSizeExceeded");
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn full_store_refuses_and_ends_uploads() {
    let mut world = world();
    world.store.disk().fails = Some(StoreError::Full);
    assert_eq!(request(&mut world, PRESENTER, 5, 5, 1), ["uploads.rejected 1 CapacityExceeded"]);
    request(&mut world, PRESENTER, 5, 5, 1);
    world.store.disk().fails = Some(StoreError::Full);
    world.stream(PRESENTER, |stream| drop(stream.s_write(Bytes::from_static(b"abc"), 1)));
    assert_eq!(world.received(PRESENTER)[0], "uploads.finished 1 CapacityExceeded");
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn failing_store_ends_uploads_as_archive_failures() {
    let mut world = world();
    world.store.disk().fails = Some(StoreError::failed("broken"));
    assert_eq!(request(&mut world, PRESENTER, 5, 5, 1), ["uploads.rejected 1 ArchiveFailed"]);
}

#[test]
fn upload_without_permission_is_refused() {
    let mut world = world();
    assert_eq!(request(&mut world, ATTENDEE, 5, 5, 1), ["uploads.rejected 1 UnknownFailure"]);
}

#[test]
fn uploads_between_servers_are_refused() {
    let mut world = world();
    world.uploads(PRESENTER, |uploads| drop(uploads.s_request_upload_of_manifest(5, 1, "<ocp/>")));
    assert_eq!(world.received(PRESENTER), ["uploads.rejected 1 UnknownFailure"]);
}

#[test]
fn cookie_has_one_upload_at_a_time() {
    let mut world = world();
    request(&mut world, PRESENTER, 5, 5, 1);
    assert_eq!(request(&mut world, PRESENTER, 5, 5, 1), ["uploads.rejected 1 AlreadyUploading"]);
    assert_eq!(request(&mut world, ORGANIZER, 5, 5, 1), ["uploads.accepted 1"]);
}

#[test]
fn malformed_package_leaves_no_trace() {
    let mut world = world();
    world.reserve(PRESENTER, "plan.txt", 1);
    world.forget();
    world.upload(PRESENTER, &[0; 150], 1);
    assert_eq!(
        world.received_of(PRESENTER, "uploads."),
        ["uploads.accepted 1", "uploads.finished 1 VerifyFailed",]
    );
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn unreserved_title_leaves_no_trace() {
    let mut world = world();
    world.reserve(ORGANIZER, "plan.txt", 1);
    world.upload(PRESENTER, &package("plan.txt", b"hello"), 1);
    assert!(world.received(PRESENTER).contains(&"uploads.finished 1 VerifyFailed".into()));
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn upgrade_and_unknown_type_leave_no_trace() {
    let mut upgrade = CreateContent::new("plan.txt", ContentDetail::NativeFileOnly);
    upgrade = upgrade.with_native_file("native.file");
    upgrade.upgrade = Some(Default::default());
    let unknown = OtherContent { content_type: "Contoso.Unknown".into(), xml: None };
    let unknown = CreateContent::new("plan.txt", ContentDetail::Other(unknown));
    let unknown = unknown.with_native_file("native.file");
    for content in [upgrade, unknown] {
        let mut world = world();
        world.reserve(PRESENTER, "plan.txt", 1);
        let manifest = Manifest::CreateContent(content);
        world.upload(PRESENTER, &pack(&manifest, &[("native.file", b"hello")]), 1);
        assert!(world.received(PRESENTER).contains(&"uploads.finished 1 VerifyFailed".into()));
        assert_eq!(world.disk(), (vec![], 0));
    }
}

#[test]
fn incomplete_package_leaves_no_trace() {
    let mut world = world();
    request(&mut world, PRESENTER, 1000, 1000, 1);
    world.uploads(PRESENTER, |uploads| drop(uploads.s_upload_finished(1, false)));
    assert_eq!(world.received(PRESENTER)[0], "uploads.finished 1 VerifyFailed");
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn negative_size_is_refused() {
    let mut world = world();
    for (packed, unpacked) in [(-5, 5), (5, -5), (i64::MIN, i64::MIN)] {
        let received = request(&mut world, PRESENTER, packed, unpacked, 1);
        assert_eq!(received, ["uploads.rejected 1 VerifyFailed"]);
    }
}

#[test]
fn finishing_an_unknown_upload_is_answered_with_no_upload() {
    let mut world = world();
    world.uploads(PRESENTER, |uploads| drop(uploads.s_upload_finished(1, false)));
    assert_eq!(world.received(PRESENTER), ["uploads.finished 1 NotUploading"]);
}

#[test]
fn user_has_at_most_five_uploads() {
    let mut world = world();
    for cookie in 0..5 {
        assert_eq!(request(&mut world, PRESENTER, 5, 5, cookie).len(), 1);
    }
    assert_eq!(request(&mut world, PRESENTER, 5, 5, 5), ["uploads.rejected 5 TooManyUploads"]);
    // The user's other connections count as well.
    let again = world.join(2, Role::Presenter);
    assert_eq!(request(&mut world, again, 5, 5, 1), ["uploads.rejected 1 TooManyUploads"]);
    assert_eq!(request(&mut world, ORGANIZER, 5, 5, 1), ["uploads.accepted 1"]);
}

#[test]
fn number_of_contents_is_limited() {
    let mut limits = MeetingLimits::default();
    limits.contents = 1;
    let mut world = empty(limits);
    world.join(1, Role::Organizer);
    // Two uploads start while there is space for one more content.
    world.reserve(0, "a.txt", 1);
    world.reserve(0, "b.txt", 2);
    let (first, second) = (package("a.txt", b"a"), package("b.txt", b"b"));
    request(&mut world, 0, second.len() as i64, 1000, 2);
    world.stream(0, move |stream| drop(stream.s_write(second.into(), 1)));
    world.upload(0, &first, 1);
    world.uploads(0, |uploads| drop(uploads.s_upload_finished(2, false)));
    assert_eq!(
        world.received_of(0, "uploads.finished"),
        ["uploads.finished 1 Ok", "uploads.finished 2 TooManyContents",]
    );
    world.reserve(0, "c.txt", 3);
    world.received(0);
    assert_eq!(request(&mut world, 0, 5, 5, 3), ["uploads.rejected 3 TooManyContents"]);
    assert_eq!(world.disk(), (vec!["file-1".to_owned()], 0));
}

#[test]
fn packet_numbers_have_to_increase() {
    for number in [1, 0, -7] {
        let mut world = world();
        request(&mut world, PRESENTER, 1000, 1000, 1);
        world.stream(PRESENTER, |stream| drop(stream.s_write(Bytes::from_static(b"a"), 1)));
        world.stream(PRESENTER, move |stream| {
            drop(stream.s_write(Bytes::from_static(b"b"), number))
        });
        let error = world.pair.client_error(PRESENTER).unwrap().to_string();
        assert!(error.ends_with("packet numbers must increase"), "{error}");
        assert!(world.pair.client_error(ORGANIZER).is_none());
        assert_eq!(world.disk(), (vec![], 0));
    }
}

#[test]
fn client_lost_during_an_upload_leaves_no_trace() {
    let mut world = world();
    request(&mut world, PRESENTER, 1000, 1000, 1);
    world.stream(PRESENTER, |stream| drop(stream.s_write(Bytes::from_static(b"abc"), 1)));
    assert_eq!(world.disk().1, 1);
    let objects = world.pair.server_stats().objects;
    world.pair.drop_client(PRESENTER);
    assert_eq!(world.disk(), (vec![], 0));
    assert_eq!(world.pair.server_stats().objects, objects - 1, "the stream is gone");
    world.share(ORGANIZER, "still here.txt", 1);
    assert!(world.received(ATTENDEE).contains(&"contents.added 1 Content.NativeFileOnly".into()));
}

#[test]
fn uploads_of_a_demoted_user_end() {
    let mut world = world();
    request(&mut world, PRESENTER, 1000, 1000, 1);
    world.set_role(2, Role::Attendee);
    assert_eq!(
        world.received(PRESENTER),
        ["uploads.finished 1 UnknownFailure", "stream.disconnect"]
    );
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn idle_upload_ends_and_releases_its_quota() {
    let mut world = world();
    let silence = |world: &mut World, seconds| {
        world.pair.advance(Duration::from_secs(seconds));
        world.received_of(PRESENTER, "uploads.")
    };
    request(&mut world, PRESENTER, 3, 1000, 1);
    assert!(silence(&mut world, 119).is_empty());
    assert_eq!(silence(&mut world, 1), ["uploads.finished 1 UnknownFailure"]);
    assert_eq!(world.disk(), (vec![], 0));
    // Progress is checked every two minutes, and any progress is enough.
    request(&mut world, PRESENTER, 3, 1000, 2);
    for (number, data) in [(1, "a"), (2, "b"), (3, "c"), (4, "")] {
        world.stream(PRESENTER, move |stream| drop(stream.s_write(data.into(), number)));
        assert!(silence(&mut world, if data.is_empty() { 119 } else { 120 }).is_empty());
    }
    // A completely received upload that is not finished ends as well.
    assert_eq!(silence(&mut world, 1), ["uploads.finished 2 UnknownFailure"]);
    assert_eq!(world.disk(), (vec![], 0));
    // An ended upload and a new one with the same cookie are left alone.
    world.share(PRESENTER, "plan.txt", 2);
    assert!(
        world.received_of(PRESENTER, "uploads.finished").contains(&"uploads.finished 2 Ok".into())
    );
    assert!(silence(&mut world, 600).is_empty());
    assert!(world.pair.client_error(PRESENTER).is_none());
}

#[test]
fn reused_cookie_names_a_new_upload() {
    let mut world = world();
    world.reserve(PRESENTER, "plan.txt", 7);
    let package = package("plan.txt", b"hello");
    let length = package.len() as i64;
    request(&mut world, PRESENTER, length, 1000, 7);
    world.stream(PRESENTER, move |stream| drop(stream.s_write(package.into(), 1)));
    world.received(PRESENTER);
    // Finished, cancelled and started again before the verification completes.
    world.uploads(PRESENTER, move |uploads| {
        uploads.s_upload_finished(7, false);
        uploads.s_upload_finished(7, true);
        uploads.s_request_upload(length, 1000, 7);
    });
    let received = world.received(PRESENTER);
    let of_uploads: Vec<_> = received.iter().filter(|line| line.starts_with("uploads.")).collect();
    assert_eq!(of_uploads, ["uploads.finished 7 UserCancel", "uploads.accepted 7"]);
    assert!(!received.iter().any(|line| line.starts_with("contents.")), "{received:?}");
    assert_eq!(world.disk(), (vec![], 1), "the new upload is open, nothing is stored");
}

#[test]
fn disconnecting_a_finished_stream_cancels_nothing() {
    let mut world = world();
    world.reserve(PRESENTER, "plan.txt", 7);
    let package = package("plan.txt", b"hello");
    request(&mut world, PRESENTER, package.len() as i64, 1000, 7);
    world.stream(PRESENTER, move |stream| {
        stream.s_write(package.into(), 1);
        stream.s_disconnect();
    });
    world.uploads(PRESENTER, |uploads| drop(uploads.s_upload_finished(7, false)));
    assert_eq!(world.received_of(PRESENTER, "uploads.finished"), ["uploads.finished 7 Ok"]);
}

#[test]
fn uploads_end_with_their_manager_connection() {
    let mut world = world();
    request(&mut world, PRESENTER, 1000, 1000, 1);
    assert_eq!(world.disk().1, 1);
    world.uploads(PRESENTER, |uploads| assert_eq!(uploads.close(), 1));
    assert_eq!(world.disk(), (vec![], 0));
}

#[test]
fn too_long_original_url_is_refused() {
    let x = |length| "x".repeat(length);
    for (url, finished) in [
        (x(65_535), "Ok"),
        (x(65_536), "VerifyFailed"),
        ("http://two\nlines".to_owned(), "VerifyFailed"),
    ] {
        let mut world = world();
        world.reserve(PRESENTER, "plan.txt", 7);
        let content = CreateContent::new("plan.txt", ContentDetail::NativeFileOnly);
        let mut content = content.with_native_file("native.file");
        content.common.original_file_url = Some(url);
        world.upload(PRESENTER, &pack(&content.into(), &[("native.file", b"hello")]), 7);
        let received = world.received_of(PRESENTER, "uploads.finished");
        assert_eq!(received, [format!("uploads.finished 7 {finished}")]);
    }
}
