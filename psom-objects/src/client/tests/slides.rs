#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use psom::{
    Config, Context, Handle, Lifecycle, Peers, Scope, Violation, distributed_object, testing::Pair,
};

use crate::{
    client::{Conference, ContentEvent, Event, Model, SlidesEvent, SlidesModel},
    interfaces::*,
    types::{EncryptedFile, FileSecrets, ResourceErrorCode as Code, ResourceFormat as Format},
};

/// A server that sends only the calls of a test.
#[distributed_object(serves = MeetingServer, calls = MeetingClient, connects = Contents)]
struct Server {
    contents: Handle<Contents>,
    slides: Handle<Presentation>,
}

#[distributed_object(serves = ContentManagerServer, calls = ContentManagerClient)]
struct Contents {
    content: Handle<Content>,
}

#[distributed_object(serves = ContentServer, calls = ContentClient)]
struct Content {
    #[child("extendedContent")]
    slides: Handle<Presentation>,
}

#[distributed_object(serves = PptContentServer, calls = PptContentClient)]
struct Presentation {
    requests: Arc<Mutex<Vec<String>>>,
}

impl MeetingServer for Server {
    fn s_set_info(&mut self, _: &str) -> Result<(), Violation> {
        Ok(())
    }
}

impl Lifecycle for Server {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let contents = self.contents;
        cx.caller().connect("contentManager", contents).unwrap();
    }
}

impl Lifecycle for Contents {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_content_added(1, "Content.Ppt");
    }
}

#[distributed_object]
impl Contents {
    #[child("content.{id}")]
    fn content(&mut self, _: &mut Context<Self>, id: i64) -> Option<Handle<Content>> {
        (id == 1).then_some(self.content)
    }
}

impl ContentManagerServer for Contents {
    fn s_delete_content(&mut self, _: &mut Context<Self>, _: i64) {}
    fn s_present(&mut self, _: &mut Context<Self>) {}
    fn s_release_title(&mut self, _: &mut Context<Self>, _: i32) {}
    fn s_reserve_title(&mut self, _: &mut Context<Self>, _: &str, _: i32) {}
    fn s_reserve_title_with_id(&mut self, _: &mut Context<Self>, _: &str, _: i32, _: &str) {}
    fn s_stop_presenting(&mut self, _: &mut Context<Self>) {}
}

impl ContentServer for Content {
    fn s_force_sync(&mut self) {}
    fn s_make_highest_presentation_order(&mut self, _: &mut Context<Self>) {}
    fn s_present(&mut self, _: &mut Context<Self>) {}
    fn s_set_title(&mut self, _: &mut Context<Self>, _: String) {}
    fn s_set_visibility(&mut self, _: &mut Context<Self>, _: crate::types::ContentVisibility) {}
    fn s_stop_presenting(&mut self, _: &mut Context<Self>) {}
}

impl PptContentServer for Presentation {
    fn s_set_location(&mut self, _: &mut Context<Self>, location: &str) -> Result<(), Violation> {
        self.requests.lock().unwrap().push(location.to_owned());
        Ok(())
    }

    fn s_set_resource_error_code(
        &mut self,
        _: &mut Context<Self>,
        begin: i32,
        end: i32,
        format: Format,
        code: Code,
    ) -> Result<(), Violation> {
        self.requests.lock().unwrap().push(format!("{begin}..{end} {format:?} {code:?}"));
        Ok(())
    }
}

type Calls<'a> = PptContentClientProxy<Peers<'a>>;

struct Talk {
    pair: Pair<Server, Conference>,
    requests: Arc<Mutex<Vec<String>>>,
    events: std::sync::mpsc::Receiver<Event>,
}

impl Talk {
    fn open() -> Self {
        let requests = Arc::default();
        let presentation = Presentation { requests: Arc::clone(&requests) };
        let server = |scope: &mut Scope| {
            let slides = scope.add(presentation);
            let content = scope.add(Content { slides });
            Server { contents: scope.add(Contents { content }), slides }
        };
        let mut pair = Pair::server(Config::default(), |scope| {
            scope.announce::<Content>();
            server(scope)
        });
        let (tell, events) = std::sync::mpsc::channel();
        pair.join(|scope| Conference::new(scope, move |event| drop(tell.send(event))));
        Self { pair, requests, events }
    }

    /// Has the server call the client.
    fn say<R>(&mut self, call: impl FnOnce(&mut Calls<'_>) -> R + Send + 'static) {
        self.pair.on_server(move |server, cx| {
            cx.try_tell(server.slides, move |_, cx| {
                call(&mut cx.peers());
            })
            .unwrap();
        });
    }

    fn with_slides(count: i32) -> Self {
        let mut talk = Self::open();
        talk.say(move |to| to.c_set_slide_count(count));
        talk
    }

    fn model(&mut self) -> SlidesModel {
        let model = self.pair.on_client(0, |conference, _| conference.model().clone());
        // The model is the result of the events.
        let mut own = Model::default();
        for event in self.events.try_iter() {
            own.apply(&event);
        }
        assert_eq!(own, model);
        model.contents[&1].slides.clone().unwrap()
    }

    fn requests(&mut self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

fn bytes(length: usize) -> Bytes {
    vec![7; length].into()
}

/// Returns secrets with a valid key, initialization vector and hash.
fn secrets() -> FileSecrets {
    FileSecrets { key: bytes(32), iv: bytes(16), hash: bytes(20) }
}

/// Returns a file with valid secrets.
fn file(url: &str) -> EncryptedFile {
    secrets().with_url(url.to_owned())
}

/// Returns a file whose key, initialization vector and hash have these lengths.
fn file_with_lengths(key: usize, iv: usize, hash: usize) -> EncryptedFile {
    EncryptedFile { url: "u".to_owned(), key: bytes(key), iv: bytes(iv), hash: bytes(hash) }
}

#[test]
fn slides_are_mirrored() {
    let mut talk = Talk::with_slides(3);
    talk.say(|to| {
        let location = crate::package::Location::new(2, 1).to_xml().unwrap();
        to.c_set_location(&location);
        to.c_set_preview_thumbnail_file_info(file("preview"));
        to.c_set_thumbnail_file_info(["a", "b"], file("thumbs"));
        to.c_set_notes_info("notes", &[0, 1], secrets());
        to.c_set_notes_info("more notes", &[1, 2], secrets());
        to.c_set_partial_ppt_file_info("partial", &[2], secrets());
        to.c_set_full_ppt_file_info(file("full"));
        to.c_set_slide_dhtml_resource_info("a.png", file("shared"));
        to.c_set_slide_dhtml_markup_info(1, 4, "markup", ["a.png"], secrets());
        for slide in 0..3 {
            to.c_set_slide_jpeg_info(slide, file("jpeg"));
        }
        to.c_connect_completed();
    });
    let slides = talk.model();
    assert_eq!((slides.count, slides.has_all_jpegs()), (Some(3), true));
    let location = slides.location.unwrap();
    assert_eq!((location.slide, location.click), (2, 1));
    assert_eq!(slides.preview.unwrap().url, "preview");
    assert_eq!(slides.thumbnails.unwrap().names, ["a", "b"]);
    let notes: Vec<_> =
        slides.notes.iter().map(|notes| (notes.file.url.as_str(), &notes.slides)).collect();
    assert_eq!(notes, [("notes", &[0].into()), ("more notes", &[1, 2].into())]);
    assert_eq!(slides.partial[0].slides, [2].into());
    assert_eq!(slides.full.unwrap().url, "full");
    assert_eq!(slides.shared["a.png"].url, "shared");
    assert_eq!((slides.markup[&1].clicks, &slides.markup[&1].needs[0][..]), (4, "a.png"));
    let model = talk.pair.on_client(0, |conference, _| conference.model().clone());
    assert!(model.contents[&1].extended_ready);
}

#[test]
fn late_resources_clear_their_errors() {
    let mut talk = Talk::with_slides(3);
    talk.say(|to| {
        for format in [Format::None, Format::FullJpeg, Format::PartialJpeg, Format::Notes] {
            to.c_set_resource_error_code(0, 2, format, Code::UploaderClientDemoted);
        }
        to.c_set_slide_jpeg_info(1, file("jpeg"));
    });
    let slides = talk.model();
    assert_eq!(slides.errors.len(), 9);
    assert!(slides.errors.keys().all(|(form, slide)| *slide != 1 || *form == Format::Notes));
}

#[test]
fn refused_resources_are_only_events() {
    let mut talk = Talk::with_slides(1);
    let before = talk.model();
    talk.say(|to| to.c_error_adding_resource(7, Code::ClientUploadFailed));
    let event = talk.events.try_iter().last().unwrap();
    let refused = SlidesEvent::Refused { resource: 7, code: Code::ClientUploadFailed };
    assert_eq!(event, Event::Content { id: 1, event: ContentEvent::Slides(refused) });
    assert!(!Model::default().apply(&event));
    let model = talk.pair.on_client(0, |conference, _| conference.model().clone());
    assert_eq!(model.contents[&1].slides.as_ref(), Some(&before));
}

#[test]
fn client_sets_locations_and_resource_errors() {
    let mut talk = Talk::with_slides(3);
    talk.pair.on_client(0, |conference, cx| {
        conference.go_to(cx, 1, 2, 5).unwrap();
        conference.go_to_start(cx, 1).unwrap();
        let (format, code) = (Format::FullJpeg, Code::ClientConversionFailed);
        conference.set_resource_error(cx, 1, 1..=2, format, code).unwrap();
        assert!(conference.go_to(cx, 2, 0, 0).is_err());
    });
    let requests = talk.requests();
    let place = crate::package::Location::parse(&requests[0]).unwrap();
    assert_eq!((place.slide, place.click), (2, 5));
    assert_eq!(requests[1..], ["INITIAL_LOCATION", "1..2 FullJpeg ClientConversionFailed"]);
}

#[test]
fn locations_are_clamped_to_the_largest_number() {
    let mut talk = Talk::with_slides(3);
    talk.pair.on_client(0, |conference, cx| conference.go_to(cx, 1, u32::MAX, 0).unwrap());
    let place = crate::package::Location::parse(&talk.requests()[0]).unwrap();
    assert_eq!(place.slide, i32::MAX.unsigned_abs());
}

type Call = fn(&mut Calls<'_>) -> psom::Sent;

/// Calls that are impossible for a presentation of three slides.
const IMPOSSIBLE: [(&str, Call); 22] = [
    ("slide count", |to| to.c_set_slide_count(-1)),
    ("slide count", |to| to.c_set_slide_count(10_001)),
    ("slide count", |to| to.c_set_slide_count(i32::MAX)),
    ("location", |to| to.c_set_location("initial_location")),
    ("location", |to| to.c_set_location("")),
    ("location", |to| to.c_set_location("<PptLocation/>")),
    ("slide", |to| to.c_set_slide_jpeg_info(3, file("u"))),
    ("slide", |to| to.c_set_slide_jpeg_info(-1, file("u"))),
    ("key", |to| to.c_set_slide_jpeg_info(0, file_with_lengths(31, 16, 20))),
    ("key", |to| to.c_set_full_ppt_file_info(file_with_lengths(32, 0, 20))),
    ("key", |to| to.c_set_preview_thumbnail_file_info(file_with_lengths(32, 16, 32))),
    ("URL", |to| to.c_set_full_ppt_file_info(file(&"u".repeat(4097)))),
    ("slide", |to| to.c_set_notes_info("u", &[0, 3], secrets())),
    ("slide", |to| to.c_set_partial_ppt_file_info("u", &[-1], secrets())),
    ("thumbnails", |to| {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        to.c_set_thumbnail_file_info(&names, file("u"))
    }),
    ("too many files", |to| {
        let needs = vec!["a".to_owned(); 1001];
        to.c_set_slide_dhtml_markup_info(0, 0, "u", &needs, secrets())
    }),
    ("clicks", |to| to.c_set_slide_dhtml_markup_info(0, -1, "u", [""; 0], secrets())),
    ("range of slides", |to| to.c_set_resource_error_code(2, 1, Format::Notes, Code::Other(1))),
    ("slide", |to| to.c_set_resource_error_code(0, 3, Format::Notes, Code::ClientUploadFailed)),
    ("format", |to| {
        to.c_set_resource_error_code(0, 1, Format::Other(12), Code::ClientUploadFailed)
    }),
    ("code", |to| to.c_set_resource_error_code(0, 1, Format::Notes, Code::Other(4))),
    ("code", |to| to.c_error_adding_resource(1, Code::Other(4))),
];

#[test]
fn impossible_slide_calls_end_the_connection() {
    for (number, (why, call)) in IMPOSSIBLE.into_iter().enumerate() {
        let mut talk = Talk::with_slides(3);
        talk.say(call);
        let error = talk.pair.client_error(0).unwrap_or_else(|| panic!("call {number} passes"));
        assert!(error.to_string().contains(why), "call {number}: {error}");
    }
}

#[test]
fn ruling_19_markup_may_precede_the_files_that_it_uses() {
    let mut talk = Talk::with_slides(2);
    let needs = ["a".to_owned(), "b".to_owned()];
    talk.say(move |to| to.c_set_slide_dhtml_markup_info(1, 3, "u", &needs, secrets()));
    talk.say(|to| to.c_set_slide_dhtml_resource_info("b", file("b")));
    let slides = talk.model();
    assert_eq!(slides.markup[&1].needs, ["a", "b"]);
    assert!(slides.shared.keys().eq(["b"]));
    assert_eq!(talk.pair.client_error(0), None);
}

#[test]
fn ruling_20_the_initial_location_is_the_first_slide() {
    let mut talk = Talk::with_slides(3);
    let second = crate::package::Location::new(1, 2).to_xml().unwrap();
    talk.say(move |to| to.c_set_location(&second));
    talk.say(|to| to.c_set_location("INITIAL_LOCATION"));
    assert_eq!(talk.model().location, Some(crate::package::Location::new(0, 0)));
    assert_eq!(talk.pair.client_error(0), None);
}

#[test]
fn shared_files_of_markup_are_bounded() {
    let mut talk = Talk::with_slides(1);
    for thousand in 0..10 {
        talk.say(move |to| {
            for number in 0..1000 {
                let name = format!("{thousand}.{number}");
                to.c_set_slide_dhtml_resource_info(&name, file("u"));
            }
        });
    }
    // The same file again is not counted twice.
    talk.say(|to| {
        to.c_set_slide_dhtml_resource_info("3.3", file("again"));
    });
    assert_eq!(talk.model().shared.len(), 10_000);
    talk.say(|to| {
        to.c_set_slide_dhtml_resource_info("one more", file("u"));
    });
    assert!(talk.pair.client_error(0).unwrap().to_string().contains("too many files"));
}
