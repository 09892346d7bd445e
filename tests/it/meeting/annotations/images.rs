use psom_objects::{
    package::CreateAnnotation,
    server::{MeetingLimits, Policy},
    types::{Role, UploadFinishReason},
};

use super::{ATTENDEE, ORGANIZER, PRESENTER, Room, room, room_under, room_with};
use crate::meeting::world::pack;

const PICTURE: &[(&str, &[u8])] = &[("a.png", b"a picture")];

/// Uploads a package with an image and returns the result.
fn upload(room: &mut Room, client: usize, detail: &str, files: &[(&str, &[u8])]) -> String {
    upload_for(room, client, "1", detail, files)
}

fn upload_for(
    room: &mut Room,
    client: usize,
    parent: &str,
    detail: &str,
    files: &[(&str, &[u8])],
) -> String {
    let detail = Some(detail.parse().unwrap());
    let annotation = CreateAnnotation { parent_id: parent.to_owned(), detail };
    let manifest = psom_objects::package::Manifest::CreateAnnotation(annotation);
    room.world.upload(client, &pack(&manifest, files), 5);
    // Keep the other lines in the log.
    room.world.pair.on_client(client, |client, _| {
        let mut log = client.log.lock().unwrap();
        let finished = log.iter().position(|line| line.starts_with("uploads.finished")).unwrap();
        log.remove(finished)
    })
}

/// Returns the properties of an image with this extent.
fn sized(attributes: &str) -> String {
    image(&format!("EXTENT=\"1,1\" {attributes}"))
}

fn image(attributes: &str) -> String {
    format!("<imageAnnotation xmlns=\"urn:psom:annotation\" file=\"a.png\" {attributes}/>")
}

fn finished(reason: UploadFinishReason) -> String {
    format!("uploads.finished 5 {reason:?}")
}

const ADDED: &str =
    "board.added 1:1 type 2 of 2 by 2 LOCALID=x ANCHOR=1,2 EXTENT=30,40 IMAGETYPE=png";
const ATTRIBUTES: &str = "LOCALID=\"x\" ANCHOR=\"1,2\" EXTENT=\"30,40\" IMAGETYPE=\"png\"";

#[test]
fn added_image_is_announced_with_its_file_once() {
    let mut room = room();
    let ended = upload(&mut room, PRESENTER, &image(ATTRIBUTES), PICTURE);
    assert_eq!(ended, finished(UploadFinishReason::Ok));
    let received = room.announced();
    assert_eq!(received[0], ADDED);
    let (files, open) = room.world.disk();
    assert_eq!((files.len(), open), (1, 0));
    let file = format!("board.image 1 http://127.0.0.1/files/{}", files[0]);
    assert_eq!(received[1..], [file.as_str()]);
    // A newcomer receives the file once as well.
    let late = room.join(4, Role::Attendee);
    room.open(late);
    let received = room.received(late);
    assert_eq!(received[2..], [ADDED, &file, "board.completed"]);
}

#[test]
fn image_part_name_may_be_spelled_differently() {
    let mut room = room();
    let files: [(&str, &[u8]); 1] = [("A b.PNG", b"a picture")];
    let detail = "<imageAnnotation xmlns=\"urn:psom:annotation\" file=\"a%20B.png\" \
                  EXTENT=\"1,1\"/>";
    let ended = upload(&mut room, PRESENTER, detail, &files);
    assert_eq!(ended, finished(UploadFinishReason::Ok));
}

#[test]
fn image_properties_can_change() {
    let mut room = room();
    upload(&mut room, PRESENTER, &image(ATTRIBUTES), PICTURE);
    room.forget();
    let properties = vec![vec!["EXTENT".to_owned(), "60,80".to_owned()]];
    room.call(ORGANIZER, move |server| drop(server.s_change_properties(1, 1, &properties)));
    assert_eq!(room.announced(), ["board.changed 1:2 by 1 EXTENT=60,80"]);
    for (extent, code) in [
        ("10001,1", "ImageTooLarge"),
        ("1,10001", "ImageTooLarge"),
        ("x", "NotANumber"),
        ("-1,1", "NotANumber"),
    ] {
        let properties = vec![vec!["EXTENT".to_owned(), extent.to_owned()]];
        room.call(ORGANIZER, move |server| drop(server.s_change_properties(1, 2, &properties)));
        let received = format!("board.error change 1:2 by 1 [EXTENT=60,80] {code}");
        room.assert_only_received(ORGANIZER, &[&received]);
    }
}

#[test]
fn file_of_a_removed_image_is_deleted() {
    for way in 0..3 {
        let mut room = room();
        upload(&mut room, PRESENTER, &image(ATTRIBUTES), PICTURE);
        upload(&mut room, PRESENTER, &sized(""), PICTURE);
        assert_eq!(room.world.disk().0.len(), 2);
        room.call(PRESENTER, move |server| match way {
            0 => drop(server.s_remove_annotation(1)),
            1 => drop(server.s_remove_annotations(&[1], 0)),
            _ => drop(server.s_clear_annotations()),
        });
        assert_eq!(room.world.disk().0.len(), if way == 2 { 0 } else { 1 });
        // The other files are deleted with the board.
        room.world.contents(ORGANIZER, |contents| drop(contents.s_delete_content(1)));
        assert!(room.world.disk().0.is_empty());
    }
}

/// Checks that an upload ends for this reason and leaves nothing.
fn refused(
    mut room: Room,
    client: usize,
    detail: &str,
    files: &[(&str, &[u8])],
    why: UploadFinishReason,
) {
    let before = room.world.disk();
    assert_eq!(upload(&mut room, client, detail, files), finished(why), "{detail}");
    assert_eq!(room.world.disk(), before);
    // The uploader gets no error either, because it did not call sAddAnnotation.
    assert!(room.announced().is_empty());
}

#[test]
fn malformed_image_is_refused() {
    for detail in [
        "<imageAnnotation xmlns=\"urn:psom:annotation\" ANCHOR=\"a.png\" EXTENT=\"1,1\"/>",
        "<imageAnnotation xmlns=\"urn:example:other\" file=\"a.png\" EXTENT=\"1,1\"/>",
        "<picture xmlns=\"urn:psom:annotation\" file=\"a.png\" EXTENT=\"1,1\"/>",
        "<imageAnnotation xmlns=\"urn:psom:annotation\" file=\"b.png\" ANCHOR=\"a.png\" EXTENT=\"1,1\"/>",
    ] {
        refused(room(), PRESENTER, detail, PICTURE, UploadFinishReason::VerifyFailed);
    }
    let colour = sized("COLOUR=\"red\"");
    refused(room(), PRESENTER, &colour, PICTURE, UploadFinishReason::VerifyFailed);
    for attributes in
        ["", "EXTENT=\"x\"", "EXTENT=\"10001,1\"", "EXTENT=\"1,10001\"", "EXTENT=\"1\""]
    {
        let detail = image(attributes);
        refused(room(), PRESENTER, &detail, PICTURE, UploadFinishReason::VerifyFailed);
    }
    let two = "<imageAnnotation xmlns=\"urn:psom:annotation\" file=\"a.png\" ANCHOR=\"b.png\" EXTENT=\"1,1\"/>";
    let files: [(&str, &[u8]); 2] = [("a.png", b"a"), ("b.png", b"b")];
    refused(room(), PRESENTER, two, &files, UploadFinishReason::VerifyFailed);
}

#[test]
fn image_at_the_constraints_is_accepted() {
    let mut room = room();
    let ended = upload(&mut room, PRESENTER, &image("EXTENT=\"10000,10000\""), PICTURE);
    assert_eq!(ended, finished(UploadFinishReason::Ok));
}

#[test]
fn too_large_image_file_is_refused() {
    let mut limits = MeetingLimits::default();
    limits.annotations.image_file_size = 8;
    let reason = UploadFinishReason::MaxPackageSizeExceeded;
    refused(room_with(limits.clone()), PRESENTER, &sized(""), PICTURE, reason);
    limits.annotations.image_file_size = 9;
    let mut room = room_with(limits);
    let ended = upload(&mut room, PRESENTER, &sized(""), PICTURE);
    assert_eq!(ended, finished(UploadFinishReason::Ok));
}

#[test]
fn number_of_images_is_limited() {
    let mut limits = MeetingLimits::default();
    limits.annotations.images = 1;
    let mut room = room_with(limits);
    upload(&mut room, PRESENTER, &sized(""), PICTURE);
    room.forget();
    refused(room, PRESENTER, &sized(""), PICTURE, UploadFinishReason::CapacityExceeded);
}

/// Checks that the policy decides about uploads and annotations separately.
#[test]
fn image_needs_the_permission_to_annotate() {
    struct Drafts;
    impl Policy for Drafts {
        fn may_upload(&self, _: Role) -> bool {
            true
        }
    }
    let reason = UploadFinishReason::UnknownFailure;
    refused(room_under(Drafts), ATTENDEE, &sized(""), PICTURE, reason);
}

#[test]
fn image_without_a_content_is_refused() {
    let mut room = room();
    for parent in ["2", "", "board"] {
        let ended = upload_for(&mut room, PRESENTER, parent, &sized(""), PICTURE);
        assert_eq!(ended, finished(UploadFinishReason::VerifyFailed));
    }
    assert!(room.announced().is_empty() && room.world.disk().0.is_empty());
}
