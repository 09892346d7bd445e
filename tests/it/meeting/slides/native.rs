//! The native file of a presentation.

use psom_objects::package::{ContentDetail, CreateContent, PptResource};

use super::common::*;
use crate::meeting::world::{ATTENDEE, PRESENTER, World};

/// Returns the native file that a client has received, with its data.
fn file(world: &mut World, client: usize) -> Vec<String> {
    let received = world.received_of(client, "content 1.file");
    let disk = world.store.disk();
    let name = |line: &String| line.split(' ').nth(2).unwrap().to_owned();
    let bytes = |line| String::from_utf8(disk.files[&name(line)].clone()).unwrap();
    received.iter().map(bytes).collect()
}

#[test]
fn resource_can_be_the_native_file() {
    let mut world = room();
    let native = PptResource::NativeFile("talk.pptx".into());
    let id = share(&mut world, PRESENTER, "talk", deck(1, [native]));
    open(&mut world, ATTENDEE, id);
    assert_eq!(file(&mut world, ATTENDEE), ["talk.pptx"]);
    add(&mut world, PRESENTER, id, [PptResource::NativeFile("newer.pptx".into())]);
    assert_eq!(file(&mut world, ATTENDEE), ["newer.pptx"]);
    assert_eq!(stored(&world), ["newer.pptx"]);
}

#[test]
fn full_ppt_can_be_the_native_file() {
    let mut world = room();
    let content = CreateContent::new("talk", ContentDetail::Ppt(deck(1, [])));
    create(&mut world, PRESENTER, content.with_native_file("first.pptx"));
    open(&mut world, ATTENDEE, 1);
    assert_eq!(file(&mut world, ATTENDEE), ["first.pptx"]);
    add(&mut world, PRESENTER, 1, [full("second.ppt", Some(true))]);
    assert_eq!(file(&mut world, ATTENDEE), ["second.ppt"]);
    assert_eq!(stored(&world), ["second.ppt"]);
    // The native file is replaced; the full presentation keeps the old file.
    add(&mut world, PRESENTER, 1, [full("third.ppt", Some(false))]);
    assert_eq!(file(&mut world, ATTENDEE), [""; 0]);
    assert_eq!(stored(&world), ["second.ppt", "third.ppt"]);
    world.contents(PRESENTER, |contents| drop(contents.s_delete_content(1)));
    assert_eq!(stored(&world), [""; 0]);
}
