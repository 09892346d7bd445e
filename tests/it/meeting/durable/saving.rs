//! A turn saves only the values that it changes.

use psom_objects::{
    annotation::{Kind, Properties, Property, text::Delta},
    package::*,
    types::*,
};

use crate::meeting::conference::{ConferenceWorld, properties};

/// Returns the keys that a turn saves for content 1, and the size of their values in bytes.
fn saved(world: &mut ConferenceWorld) -> (Vec<String>, usize) {
    let writes = world.pair.take_writes();
    let size = writes.iter().map(|write| write.value.as_ref().map_or(0, String::len)).sum();
    let keys = writes.iter().map(|write| write.key.trim_start_matches("content/1/").to_owned());
    let saved = (keys.collect(), size);
    writes.into_iter().for_each(|write| write.apply(&mut world.state));
    saved
}

#[test]
fn presentation_saves_only_what_changed() {
    let mut world = ConferenceWorld::with_users();
    let jpeg = |slide| JpegSlide { slide: Some(slide), file: Some(format!("{slide}.jpg")) };
    let jpegs = PptResource::Jpegs((0..200).map(jpeg).collect());
    let resources = vec![PptContentResource { resource_id: None, resource: jpegs }];
    let ppt = ChunkedPpt { slides: Some(200), preview_thumbnail_file: None, resources };
    world.pack(CreateContent::new("Talk", ContentDetail::Ppt(ppt)));
    assert!(saved(&mut world).0.len() > 200);
    let (form, code) = (ResourceFormat::Dhtml, ResourceErrorCode::ClientUploadFailed);
    // Several changes of one turn are saved once.
    world.act(0, move |conference, cx| {
        for slide in (0..200).step_by(4) {
            conference.set_resource_error(cx, 1, slide..=slide, form, code)?;
        }
        Ok(())
    });
    assert_eq!(saved(&mut world).0, [format!("errors/{}", i32::from(form))]);
    let form = ResourceFormat::Notes;
    world.act(0, move |conference, cx| conference.set_resource_error(cx, 1, 0..=199, form, code));
    let (keys, size) = saved(&mut world);
    assert!(keys == [format!("errors/{}", i32::from(form))] && size < 20, "{keys:?} {size}");
    world.check("the errors are saved");
}

#[test]
fn annotations_save_only_what_changed() {
    let mut world = ConferenceWorld::with_users();
    world.pack(CreateContent::new("Board", ContentDetail::Whiteboard));
    let (path, text) = ("M".repeat(5000), "a".repeat(5000));
    let adds = [(Kind::Drawing, Property::Data, path.clone()), (Kind::Text, Property::Text, text)];
    for (kind, property, value) in adds {
        let properties = Properties::from([(property, value)]);
        world.act(0, move |conference, cx| conference.add_annotation(cx, 1, kind, properties));
    }
    assert!(saved(&mut world).1 > 10_000);
    let fill = properties(&[(Property::Fill, "none")]);
    world.act(0, move |conference, cx| conference.change_annotation(cx, 1, 1, fill));
    let (keys, size) = saved(&mut world);
    assert!(keys == ["annotation/0000000001"] && size < 200, "{keys:?} {size}");
    world.act(0, |conference, cx| {
        conference.change_text(cx, 1, 2, vec![Delta::new(0, 5000, "short")])
    });
    let (keys, size) = saved(&mut world);
    assert_eq!(keys, ["annotation/0000000002", "annotationValue/0000000002/TEXT"]);
    assert!(size < 200, "{size}");
    world.check("an edit is saved");
    // The path becomes a short value and a long one again, and then the annotation is removed.
    for value in ["M0 0", &path] {
        let data = properties(&[(Property::Data, value)]);
        world.act(0, |conference, cx| conference.change_annotation(cx, 1, 1, data));
        world.check("a value of another length is saved");
    }
    world.act(0, |conference, cx| conference.remove_annotations(cx, 1, vec![1]));
    world.check("the annotation is removed");
    assert!(!world.state.keys().any(|key| key.contains("annotationValue")));
}
