//! The mirrors of polls, notes and questions.

use std::sync::{Arc, mpsc};

use psom::{Config, error::CallError, testing::Pair};

use super::{Room, Shelf};
use crate::{
    client::{ContentEvent, Event, Model, PollEvent, Upload, UploadEvent},
    package::{ContentDetail, CreateContent, SharedNotesDetail},
    server::{ContentTypes, Meeting, MeetingConfig, NativeFileOnlyContent},
    types::Role,
};

impl Room {
    fn upload(&mut self, client: usize, parcel: Upload) {
        let cookie = self.pair.on_client(client, |conference, cx| conference.upload(cx, parcel));
        let created = Event::Upload {
            cookie: cookie.unwrap(),
            event: UploadEvent::ContentCreated { content: 1 },
        };
        assert!(self.news(client).contains(&created));
    }

    /// Asserts that the model is the result of the events.
    fn check_replay(&mut self, client: usize, events: &[Event]) {
        let mut replayed = Model::default();
        for event in events {
            replayed.apply(event);
        }
        assert_eq!(replayed, self.model(client));
    }
}

fn poll() -> Upload {
    Upload::poll("Lunch", "Eat?", ["now", "later"]).unwrap()
}

#[test]
fn poll_is_created_and_voted_on() {
    let mut room = Room::open();
    let (ada, grace) = (room.join("Ada", Role::Presenter), room.join("Grace", Role::Attendee));
    room.upload(ada, poll());
    let known = room.model(grace).contents[&1].poll.clone().unwrap();
    assert_eq!((known.question.as_str(), known.choices.join("/")), ("Eat?", "now/later".into()));
    assert_eq!((known.open, known.visible_to_all, known.vote), (true, false, None));
    assert!(room.model(grace).is_complete());

    room.pair.on_client(grace, |conference, cx| conference.vote(cx, 1, Some(1))).unwrap();
    room.pair.on_client(ada, |conference, cx| conference.vote(cx, 1, Some(0))).unwrap();
    let poll = |room: &mut Room, client| room.model(client).contents[&1].poll.clone().unwrap();
    assert_eq!(poll(&mut room, grace).vote, Some(1));
    assert_eq!(poll(&mut room, grace).results, [0, 0]);
    assert_eq!(poll(&mut room, ada).results, [1, 1]);
    room.pair.on_client(ada, |conference, cx| conference.show_results(cx, 1, true)).unwrap();
    assert_eq!((poll(&mut room, grace).votes(1), poll(&mut room, grace).votes(7)), (1, 0));
    let again = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    room.pair
        .on_client(ada, |conference, cx| conference.modify_poll(cx, 1, "Drink?", again))
        .unwrap();
    assert_eq!(poll(&mut room, grace).results, [1, 1, 0]);
    room.pair.on_client(grace, |conference, cx| conference.vote(cx, 1, None)).unwrap();
    assert_eq!(poll(&mut room, grace).vote, None);
    room.pair.on_client(ada, |conference, cx| conference.clear_votes(cx, 1)).unwrap();
    assert_eq!((poll(&mut room, ada).vote, poll(&mut room, ada).results), (None, vec![0; 3]));
    let news = room.news(grace);
    room.check_replay(grace, &news);
}

#[test]
fn closed_poll_accepts_no_votes() {
    let mut room = Room::open();
    let (ada, grace) = (room.join("Ada", Role::Presenter), room.join("Grace", Role::Attendee));
    room.upload(ada, poll());
    room.pair.on_client(ada, |conference, cx| conference.set_poll_open(cx, 1, false)).unwrap();
    room.news(grace);
    let vote = room.pair.on_client(grace, |conference, cx| conference.vote(cx, 1, Some(1)));
    assert!(matches!(vote, Err(CallError::NotNow(why)) if why.contains("closed")), "{vote:?}");
    // No call was sent, or the server would have answered.
    assert!(room.news(grace).is_empty());
    room.pair.on_client(ada, |conference, cx| conference.set_poll_open(cx, 1, true)).unwrap();
    room.pair.on_client(grace, |conference, cx| conference.vote(cx, 1, Some(1))).unwrap();
    let event = PollEvent::Vote { choice: Some(1) };
    assert!(room.news(grace).contains(&Event::Content { id: 1, event: ContentEvent::Poll(event) }));
}

#[test]
fn questions_and_answers_are_mirrored() {
    let mut room = Room::open();
    let (ada, grace) = (room.join("Ada", Role::Presenter), room.join("Grace", Role::Attendee));
    room.upload(ada, Upload::qna("Exam").unwrap());
    room.pair
        .on_client(grace, |conference, cx| conference.ask(cx, 1, "q1", "When?", "Grace"))
        .unwrap();
    room.pair
        .on_client(ada, |conference, cx| conference.answer(cx, 1, "q1", "In May.", "Ada"))
        .unwrap();
    room.pair.on_client(ada, |conference, cx| conference.put_blob(cx, 1, "<b/>")).unwrap();
    room.pair.on_client(ada, |conference, cx| conference.set_qna_open(cx, 1, false)).unwrap();
    room.pair
        .on_client(grace, |conference, cx| conference.ask(cx, 1, "q2", "Late?", "Grace"))
        .unwrap();
    let qna = room.model(grace).contents[&1].qna.clone().unwrap();
    assert_eq!((qna.is_open(), qna.count, qna.others.join("")), (false, 1, "<b/>".to_owned()));
    let question = qna.question("q1").unwrap();
    assert_eq!((question.text.as_str(), question.by.as_str()), ("When?", "Grace"));
    assert_eq!((question.answers[0].text.as_str(), question.answers.len()), ("In May.", 1));
    assert!(qna.question("q2").is_none());
    let news = room.news(grace);
    room.check_replay(grace, &news);
    // A newcomer has the same model.
    let late = room.join("Late", Role::Attendee);
    assert_eq!(room.model(late).contents[&1].qna.as_ref(), Some(&qna));
}

#[test]
fn notes_are_mirrored() {
    let mut room = Room::open();
    let (ada, grace) = (room.join("Ada", Role::Presenter), room.join("Grace", Role::Attendee));
    let text = |text: &str| Some(text.to_owned());
    let notes = SharedNotesDetail {
        notes_url: text("https://notes.example.com/7"),
        notes_id: text("{7}"),
        page_title: text("Minutes"),
        ..SharedNotesDetail::default()
    };
    room.upload(ada, Upload::notes("Notes", notes).unwrap());
    let content = room.model(grace).contents[&1].clone();
    assert_eq!(content.viewing_url.as_deref(), Some("https://notes.example.com/7"));
    assert_eq!(content.original_file_url, content.viewing_url);
    let notes = content.notes.unwrap();
    assert_eq!((notes.id.as_str(), notes.page.as_str(), notes.error), ("{7}", "Minutes", None));
    room.pair.on_client(ada, |conference, cx| conference.report_notes_error(cx, 1)).unwrap();
    assert_eq!(room.model(grace).contents[&1].notes.as_ref().unwrap().error, Some(1));
    let news = room.news(grace);
    room.check_replay(grace, &news);
}

#[test]
fn uploads_need_a_negotiated_interface() {
    let mut config =
        MeetingConfig::new("http://127.0.0.1/", Arc::new(Shelf), std::time::SystemTime::UNIX_EPOCH);
    config.content_types = ContentTypes::none().with::<NativeFileOnlyContent>();
    let pair = Pair::server(Config::default(), |scope| Meeting::new(scope, config));
    let mut room = Room { pair, events: Vec::<mpsc::Receiver<Event>>::new() };
    let ada = room.join("Ada", Role::Presenter);
    room.news(ada);
    for (parcel, interface) in [
        (Upload::qna("Exam").unwrap(), "QnaContent"),
        (Upload::notes("Notes", SharedNotesDetail::default()).unwrap(), "SharedNotesContent"),
        (poll(), "PollContent"),
    ] {
        let upload = room.pair.on_client(ada, |conference, cx| conference.upload(cx, parcel));
        let error = upload.unwrap_err();
        assert!(matches!(error, CallError::NotNegotiated(name) if name.ends_with(interface)));
        // No title was reserved.
        assert!(room.news(ada).is_empty());
    }
    // An upload through a browser is refused in the same way.
    let manifest = CreateContent::new("Exam", ContentDetail::Qna).into();
    let upload = room
        .pair
        .on_client(ada, move |conference, cx| conference.request_web_upload(cx, &manifest));
    assert!(matches!(upload, Err(CallError::NotNegotiated(_))) && room.news(ada).is_empty());
    room.share(ada, "Plan.txt");
    assert_eq!(room.model(ada).contents.len(), 1);
}
