//! A restored meeting shows the same contents as the original.

use bytes::Bytes;
use psom_objects::{
    annotation::{Kind, Property, text::Delta},
    client::Upload,
    package::*,
    types::*,
};

use crate::meeting::{
    conference::{ConferenceWorld, State, properties},
    store::MemoryStore,
    world::config,
};

#[test]
fn meeting_restores_equal_after_every_step() {
    let mut world = ConferenceWorld::with_users();
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    world.pack(file.with_native_file("plan.txt"));
    world.check("a file is shared");
    world.act(0, |conference, cx| conference.set_title(cx, 1, "Map.txt"));
    world.check("the title changes");
    world.act(0, |conference, cx| conference.set_visibility(cx, 1, ContentVisibility::Presenters));
    world.check("the visibility changes");
    world.act(0, |conference, cx| conference.present(cx, Some(1)));
    world.act(0, |conference, cx| conference.stop_presenting(cx, Some(1)));
    world.check("a presentation begins and ends");
    let choices = ["a", "b", "c"];
    world.upload(Upload::poll("Poll", "Which?", choices).unwrap());
    world.check("a poll is shared");
    world.act(1, |conference, cx| conference.vote(cx, 2, Some(2)));
    world.act(2, |conference, cx| conference.vote(cx, 2, Some(0)));
    world.check("two users vote");
    world.act(2, |conference, cx| conference.vote(cx, 2, Some(1)));
    world.act(0, |conference, cx| conference.show_results(cx, 2, true));
    world.check("a vote changes and the results are shown");
    let fewer = ["a", "b"].map(str::to_owned).to_vec();
    world.act(0, |conference, cx| conference.modify_poll(cx, 2, "Which now?", fewer));
    world.check("the question changes");
    world.act(0, |conference, cx| conference.set_poll_open(cx, 2, false));
    world.check("the poll is closed");
    world.act(0, |conference, cx| conference.clear_votes(cx, 2));
    world.check("the votes are cleared");
    world.upload(Upload::qna("Questions").unwrap());
    world.check("questions and answers are shared");
    world.act(1, |conference, cx| conference.ask(cx, 3, "q1", "why?", "Grace"));
    world.act(0, |conference, cx| conference.answer(cx, 3, "q1", "because", "Ada"));
    world.act(0, |conference, cx| conference.put_blob(cx, 3, "something else"));
    world.check("messages are posted");
    world.act(0, |conference, cx| conference.set_qna_open(cx, 3, false));
    world.check("the questions are suspended");
    let notes = SharedNotesDetail {
        notes_url: Some("https://example.com/page".into()),
        notes_id: Some("7".into()),
        page_title: Some("Page".into()),
        ..SharedNotesDetail::default()
    };
    world.upload(Upload::notes("Notes", notes).unwrap());
    world.check("notes are shared");
    world.act(0, |conference, cx| conference.report_notes_error(cx, 4));
    world.check("an error of the notes is reported");
    // Deleting the contents deletes all of their state.
    world.act(0, |conference, cx| conference.delete_content(cx, 2));
    world.check("the poll is deleted");
    assert!(world.state.keys().all(|key| !key.starts_with("content/2")), "{:#?}", world.state);
    world.act(0, |conference, cx| conference.delete_content(cx, 1));
    world.check("the file is deleted");
    assert!(world.files.disk().files.is_empty());
}

#[test]
fn board_restores_equal_after_every_step() {
    let mut world = ConferenceWorld::with_users();
    world.upload(Upload::whiteboard("Board").unwrap());
    world.check("a whiteboard is shared");
    let drawing = properties(&[(Property::Data, "M0 0L9 9"), (Property::Anchor, "1,2")]);
    world.act(0, move |conference, cx| {
        conference.add_annotation(cx, 1, Kind::Drawing, drawing.clone())?;
        conference.add_annotation(cx, 1, Kind::Drawing, drawing)
    });
    world.check("two drawings are added");
    let text = properties(&[(Property::Text, "héllo"), (Property::FontSize, "12")]);
    world.act(0, |conference, cx| conference.add_annotation(cx, 1, Kind::Text, text));
    world.check("a text is added");
    let deltas = vec![Delta::new(0, 1, "J"), Delta::new(5, 5, "!")];
    world.act(0, |conference, cx| conference.change_text(cx, 1, 3, deltas));
    world.check("the text is edited");
    let moved = properties(&[(Property::Anchor, "5,6")]);
    world.act(0, |conference, cx| conference.change_annotation(cx, 1, 1, moved));
    world.act(0, |conference, cx| {
        conference.change_annotations(cx, 1, vec![1, 2], Property::Stroke, "#ff0000")
    });
    world.check("drawings are moved and colored");
    let look = properties(&[(Property::Extent, "10,10")]);
    let picture = Bytes::from_static(b"picture");
    world.upload(Upload::image(1, &look, &picture).unwrap());
    world.upload(Upload::image(1, &look, &picture).unwrap());
    world.check("images are added");
    world.act(0, |conference, cx| conference.remove_annotation(cx, 1, 4));
    world.act(0, |conference, cx| conference.set_telepointer(cx, 1, "1,1", true));
    world.act(0, |conference, cx| conference.set_telepointer(cx, 1, "1,1", false));
    world.check("an image is removed");
    assert_eq!(world.files.disk().files.len(), 1);
    // The last identifier is never reused, although its annotation is gone.
    world.act(0, |conference, cx| conference.remove_annotation(cx, 1, 5));
    world.check("the last annotation is removed");
    let mut again = ConferenceWorld::restored(world.files.clone(), world.state.clone());
    again.join(1, Role::Organizer);
    let drawing = properties(&[(Property::Data, "M0 0")]);
    again.act(0, |conference, cx| conference.add_annotation(cx, 1, Kind::Drawing, drawing));
    let board = again.seen(9, Role::Presenter)[&1].board.clone().unwrap();
    assert_eq!(board.annotations.iter().map(|(id, _)| id).collect::<Vec<_>>(), [1, 2, 3, 6]);
    world.act(0, |conference, cx| conference.clear_annotations(cx, 1));
    world.check("the board is cleared");
}

fn jpeg(slide: u32) -> PptContentResource {
    let slides = vec![JpegSlide { slide: Some(slide), file: Some(format!("{slide}.jpg")) }];
    PptContentResource { resource_id: Some(slide.into()), resource: PptResource::Jpegs(slides) }
}

fn add(resources: Vec<PptContentResource>) -> Manifest {
    let detail = Some(ResourceDetail::Resources(resources));
    Manifest::CreatePptContentResource(CreatePptContentResource { content_id: 1, detail })
}

#[test]
fn presentation_restores_equal_after_every_step() {
    let mut world = ConferenceWorld::with_users();
    let ppt = ChunkedPpt {
        slides: Some(3),
        preview_thumbnail_file: Some("preview.jpg".into()),
        resources: vec![jpeg(0), jpeg(1)],
    };
    world.pack(CreateContent::new("talk", ContentDetail::Ppt(ppt)).with_native_file("talk.pdf"));
    // The uploader left slide 2 unfinished, as after a restart of the server.
    world.save();
    let mut again = ConferenceWorld::restored(world.files.clone(), world.state.clone());
    let slides = again.seen(9, Role::Attendee)[&1].slides.clone().unwrap();
    assert_eq!((slides.jpegs.len(), slides.errors.len()), (2, 1), "{slides:#?}");
    world.pack(add(vec![jpeg(2)]));
    world.check("the third slide is added");
    world.act(0, |conference, cx| conference.go_to(cx, 1, 2, 5));
    world.check("the location changes");
    let (format, code) = (ResourceFormat::Notes, ResourceErrorCode::ClientConversionFailed);
    world.act(0, move |conference, cx| conference.set_resource_error(cx, 1, 0..=1, format, code));
    world.check("an error is reported");
    let markup = |needs: &str| {
        let slide = MarkupSlide {
            slide: Some(1),
            clicks: Some(2),
            file: Some("markup".into()),
            resources: vec![Some(needs.to_owned())],
        };
        PptContentResource { resource_id: None, resource: PptResource::DhtmlMarkup(vec![slide]) }
    };
    let shared = PptResource::DhtmlResources(vec![Some("style.css".into())]);
    world.pack(add(vec![markup("style.css")]));
    // The markup waits for its file. The restored meeting sends it when the file arrives.
    world.save();
    let mut again = ConferenceWorld::restored(world.files.clone(), world.state.clone());
    again.join(1, Role::Organizer);
    again.pack(add(vec![PptContentResource { resource_id: None, resource: shared }]));
    assert_eq!(again.seen(9, Role::Attendee)[&1].slides.clone().unwrap().markup.len(), 1);
    check_slides(&mut again);
}

/// Checks that a restored meeting shows the same slides. The uploader is disconnected on both sides.
fn check_slides(world: &mut ConferenceWorld) {
    let slides = |world: &mut ConferenceWorld| {
        let slides = world.seen(9, Role::Attendee)[&1].slides.clone().unwrap();
        (slides.location, slides.jpegs, slides.markup, slides.shared)
    };
    assert_eq!(slides(&mut world.restart()), slides(world));
}

#[test]
fn question_quota_of_attendees_is_restored() {
    let with = |files: MemoryStore, state: State| {
        let mut config = config(files.clone());
        config.limits.blobs = 4;
        let mut world = ConferenceWorld::restored_with(config, files, state);
        world.join_users();
        world
    };
    let mut world = with(MemoryStore::default(), State::new());
    world.upload(Upload::qna("Questions").unwrap());
    for client in [0, 1] {
        world.act(client, move |root, cx| root.ask(cx, 1, client.to_string(), "why?", ""));
    }
    world.save();
    let mut again = with(world.files, world.state);
    // Half of the limit is for attendees, and a tenth is for one of them.
    for (client, id) in [(1, "more"), (2, "other"), (0, "last")] {
        again.act(client, move |root, cx| root.ask(cx, 1, id, "why?", ""));
    }
    let user = again.join(9, Role::Attendee);
    again.act(user, move |root, cx| root.ask(cx, 1, "beyond", "why?", ""));
    let questions = again.seen(8, Role::Presenter)[&1].qna.clone().unwrap().questions;
    let ids: Vec<_> = questions.iter().map(|question| question.id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "other", "last"]);
}
