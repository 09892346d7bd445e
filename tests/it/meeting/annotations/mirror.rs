//! The client library against a real server: every action and every event.

use bytes::Bytes;
use psom_objects::{
    annotation::{Change, Constraint, Kind, Properties, Property, text::Delta},
    client::{BoardEvent, ContentEvent, Event, Upload},
    types::Role,
};

use crate::meeting::conference::{ConferenceWorld, Events, properties};

fn take(events: &Events) -> Vec<BoardEvent> {
    let all = std::mem::take(&mut *events.lock().unwrap());
    let boards = all.into_iter().filter_map(|event| match event {
        Event::Content { id: 1, event: ContentEvent::Board(event) } => Some(event),
        _ => None,
    });
    boards.collect()
}

/// Returns a board with a text (1) and a drawing (2), and the events of a presenter and of an
/// attendee.
fn drawn_board() -> (ConferenceWorld, Events, Events) {
    let mut world = ConferenceWorld::new();
    let ada = world.join_recording(1, Role::Presenter);
    world.upload(Upload::whiteboard("Board").unwrap());
    let grace = world.join_recording(2, Role::Attendee);
    world.act(0, |conference, cx| {
        let text = properties(&[(Property::Text, "hello")]);
        conference.add_annotation(cx, 1, Kind::Text, text)?;
        conference.add_annotation(cx, 1, Kind::Drawing, Properties::new())
    });
    (world, ada, grace)
}

#[test]
fn actions_return_as_change_events() {
    let (mut world, ada, grace) = drawn_board();
    let received = take(&ada);
    assert!(matches!(&received[0], BoardEvent::Constraints { values } if values.len() == 11
        && values[&Constraint::MaxTextLength] == 10_000));
    take(&grace);
    world.pair.on_client(0, |conference, cx| {
        conference.change_text(cx, 1, 1, vec![Delta::new(0, 1, "H")]).unwrap();
        let ids = vec![1, 2];
        conference.change_annotations(cx, 1, ids, Property::Anchor, "1,2").unwrap();
    });
    world.pair.on_client(0, |conference, cx| {
        let values = vec![(2, "3,4".to_owned())];
        conference.change_annotations_each(cx, 1, Property::Anchor, values).unwrap();
        conference.set_telepointer(cx, 1, "5,6", true).unwrap();
    });
    let board = world.content(1).board.unwrap();
    let [text, drawing] = [1, 2].map(|id| board.annotations.get(id).unwrap());
    assert_eq!((text.text(), text.text_version, text.generation), ("Hello", 1, 2));
    // The group change carried a stale generation of the text.
    assert_eq!((text.get(Property::Anchor), drawing.get(Property::Anchor)), (None, Some("3,4")));
    assert_eq!(board.telepointers[&1], "5,6");
    let refused = take(&ada);
    assert!(refused.iter().any(|event| event.code() == Some("StaleGeneration")), "{refused:?}");
    assert!(take(&grace).iter().all(|event| event.code().is_none()));
    let cookie = world.pair.on_client(0, |conference, cx| {
        conference.remove_annotation(cx, 1, 1).unwrap();
        conference.remove_annotations(cx, 1, vec![2, 9]).unwrap()
    });
    let removed = [
        BoardEvent::Changed { change: Change::Remove { ids: vec![1], remover: 1 }, cookie: None },
        BoardEvent::Changed {
            change: Change::Remove { ids: vec![2], remover: 1 },
            cookie: Some(cookie),
        },
    ];
    assert_eq!(take(&grace), removed);
}

#[test]
fn image_arrives_with_its_file() {
    let (mut world, ada, _) = drawn_board();
    take(&ada);
    world.pair.on_client(0, |conference, cx| {
        // Characters that XML normalizes arrive unchanged.
        let anchor = "1,2\n\t<\"&'>".to_owned();
        let extent = (Property::Extent, "1,1".to_owned());
        let properties = Properties::from([(Property::Anchor, anchor), extent]);
        let parcel = Upload::image(1, &properties, &Bytes::from_static(b"picture")).unwrap();
        conference.upload(cx, parcel).unwrap();
    });
    let board = world.content(1).board.unwrap();
    let image = board.annotations.get(3).unwrap();
    assert_eq!(image.kind, Kind::Image);
    assert_eq!(image.get(Property::Anchor), Some("1,2\n\t<\"&'>"));
    let file = image.file.as_ref().unwrap();
    assert!(file.url.starts_with("http://127.0.0.1/files/"), "{file:?}");
    let bad = Properties::from([(Property::Text, "\u{0}".to_owned())]);
    assert!(Upload::image(1, &bad, &Bytes::new()).is_err());
}

#[test]
fn every_refusal_is_an_event_for_its_sender() {
    let (mut world, ada, grace) = drawn_board();
    take(&ada);
    take(&grace);
    world.pair.on_client(1, |conference, cx| {
        let fill = Properties::from([(Property::Fill, "none".to_owned())]);
        conference.add_annotation(cx, 1, Kind::Drawing, fill.clone()).unwrap();
        conference.change_annotation(cx, 1, 1, fill).unwrap();
        conference.change_annotations(cx, 1, vec![1, 2], Property::Fill, "none").unwrap();
        conference.change_text(cx, 1, 1, vec![Delta::new(0, 0, "x")]).unwrap();
        conference.remove_annotation(cx, 1, 1).unwrap();
        conference.remove_annotations(cx, 1, vec![1, 2]).unwrap();
        conference.clear_annotations(cx, 1).unwrap();
        conference.set_telepointer(cx, 1, "1,2", true).unwrap();
    });
    let refused = take(&grace);
    assert!(refused.iter().all(|event| event.code() == Some("NotAuthorized")), "{refused:?}");
    let names = refused.iter().map(|event| {
        let event = Event::Content { id: 1, event: ContentEvent::Board(event.clone()) };
        let json: serde_json::Value = serde_json::to_value(&event).unwrap();
        assert_eq!(json["code"], "NotAuthorized");
        json["event"].as_str().unwrap().to_owned()
    });
    let names: Vec<_> = names.collect();
    let expected = [
        "annotationRefused",
        "annotationChangeRefused",
        "annotationGroupChangeRefused",
        "annotationTextChangeRefused",
        "annotationRemovalRefused",
        "annotationRemovalRefused",
        "annotationClearRefused",
        "telepointerRefused",
    ];
    assert_eq!(names, expected);
    assert!(take(&ada).is_empty());
}

#[test]
fn action_on_a_missing_annotation_is_an_error() {
    let (mut world, ..) = drawn_board();
    let errors = world.pair.on_client(0, |conference, cx| {
        let fill = Properties::from([(Property::Fill, "none".to_owned())]);
        [
            conference.clear_annotations(cx, 7).is_err(),
            conference.change_annotation(cx, 1, 9, fill).is_err(),
            conference.change_text(cx, 1, 9, Vec::new()).is_err(),
            conference.change_annotations(cx, 1, vec![1, 9], Property::Fill, "x").is_err(),
        ]
    });
    assert_eq!(errors, [true; 4]);
}

#[test]
fn board_events_have_json() {
    let (mut world, ada, _) = drawn_board();
    world.pair.on_client(0, |conference, cx| {
        conference.change_text(cx, 1, 1, vec![Delta::new(0, 1, "H")]).unwrap();
        conference.set_telepointer(cx, 1, "5,6", true).unwrap();
        conference.set_telepointer(cx, 1, "5,6", false).unwrap();
        let fill = Properties::from([(Property::Fill, "none".to_owned())]);
        conference.change_annotation(cx, 1, 2, fill).unwrap();
        conference.remove_annotation(cx, 1, 2).unwrap();
        conference.clear_annotations(cx, 1).unwrap();
    });
    let names = take(&ada).into_iter().map(|event| {
        let event = Event::Content { id: 1, event: ContentEvent::Board(event) };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["content"], 1, "{json}");
        json["event"].as_str().unwrap().to_owned()
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    let expected = [
        "annotationAdded",
        "annotationAdded",
        "annotationChanged",
        "annotationConstraints",
        "annotationTextChanged",
        "annotationsCleared",
        "annotationsRemoved",
        "telepointer",
        "telepointer",
    ];
    assert_eq!(names, expected);
}
