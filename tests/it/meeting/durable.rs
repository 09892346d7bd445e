//! Durable state: a meeting restored from its saved state is equal to the original.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use psom::{
    Context, Scope, distributed_object,
    error::{CallError, Misuse},
    psom_interface,
    testing::Pair,
};
use psom_objects::{
    annotation::{Kind, Properties, Property, text::Delta},
    client::{Conference, ContentModel, Event, Upload},
    package::*,
    server::{
        ContentType, ContentTypes, Meeting, MeetingConfig, NativeFileOnlyContent, NewContent,
        OldContent, Refusal, RestoreError,
    },
    types::*,
};

use super::store::MemoryStore;

type State = BTreeMap<String, String>;

struct Room {
    pair: Pair<Meeting, Conference>,
    files: MemoryStore,
    state: State,
}

fn config(files: &MemoryStore) -> MeetingConfig {
    let started = std::time::SystemTime::UNIX_EPOCH;
    MeetingConfig::new("http://127.0.0.1/files/", Arc::new(files.clone()), started)
}

impl Room {
    fn restored(files: MemoryStore, state: State) -> Self {
        let pair = Pair::server(psom::Config::default(), |scope| {
            Meeting::restore(scope, config(&files), &state).unwrap()
        });
        Self { pair, files, state }
    }

    /// A meeting with an organizer (client 0, user 1) and two attendees.
    fn open() -> Self {
        let mut room = Self::restored(MemoryStore::default(), State::new());
        room.join(1, Role::Organizer);
        room.join(2, Role::Attendee);
        room.join(3, Role::Attendee);
        room
    }

    fn join(&mut self, user: i64, role: Role) -> usize {
        let participant = Participant { uri: format!("sip:{user}@example.com"), role };
        self.pair
            .join_as(participant.user(user, "user"), |scope| Conference::new(scope, |_: Event| ()))
    }

    fn act<R: Send + 'static>(
        &mut self,
        client: usize,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> Result<R, CallError>
        + Send
        + 'static,
    ) {
        self.pair.on_client(client, |conference, cx| drop(act(conference, cx).unwrap()));
    }

    fn upload(&mut self, parcel: Upload) {
        self.act(0, |conference, cx| conference.upload(cx, parcel));
    }

    fn pack(&mut self, manifest: impl Into<Manifest>) {
        let manifest = manifest.into();
        let names: Vec<_> = manifest.files().iter().map(|name| (*name).to_owned()).collect();
        let files = names.iter().map(|name| (name.as_str(), name.as_bytes()));
        self.upload(Upload::new(manifest, files).unwrap());
    }

    /// The contents that a newcomer sees.
    fn seen(&mut self, user: i64, role: Role) -> BTreeMap<i64, ContentModel> {
        let client = self.join(user, role);
        let model = self.pair.on_client(client, |conference, _| conference.model().clone());
        assert!(model.is_complete());
        self.pair.close_client(client);
        model.contents
    }

    /// Applies the meeting's writes to `state`, as a store does.
    fn save(&mut self) {
        self.pair.take_writes().into_iter().for_each(|write| write.apply(&mut self.state));
    }

    /// Checks that a meeting restored from the saved state shows the same contents to all roles.
    fn check(&mut self) {
        self.save();
        let mut again = Self::restored(self.files.clone(), self.state.clone());
        for (user, role) in [(90, Role::Presenter), (3, Role::Attendee), (91, Role::Attendee)] {
            assert_eq!(again.seen(user, role), self.seen(user, role), "{:#?}", self.state);
        }
        // The restored meeting has saved nothing new and lost nothing.
        again.save();
        assert_eq!(again.state, self.state);
    }
}

fn texts(pairs: &[(Property, &str)]) -> Properties {
    pairs.iter().map(|(property, value)| (*property, (*value).to_owned())).collect()
}

#[test]
fn meeting_restores_equal_after_every_step() {
    let mut room = Room::open();
    // 1: a file.
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    room.pack(file.with_native_file("plan.txt"));
    room.check();
    room.act(0, |conference, cx| conference.set_title(cx, 1, "Map.txt"));
    room.check();
    room.act(0, |conference, cx| conference.set_visibility(cx, 1, ContentVisibility::Presenters));
    room.check();
    room.act(0, |conference, cx| conference.present(cx, Some(1)));
    room.act(0, |conference, cx| conference.stop_presenting(cx, Some(1)));
    room.check();
    // 2: a poll.
    let choices = ["a", "b", "c"];
    room.upload(Upload::poll("Poll", "Which?", choices).unwrap());
    room.check();
    room.act(1, |conference, cx| conference.vote(cx, 2, Some(2)));
    room.act(2, |conference, cx| conference.vote(cx, 2, Some(0)));
    room.check();
    room.act(2, |conference, cx| conference.vote(cx, 2, Some(1)));
    room.act(0, |conference, cx| conference.show_results(cx, 2, true));
    room.check();
    let fewer = ["a", "b"].map(str::to_owned).to_vec();
    room.act(0, |conference, cx| conference.modify_poll(cx, 2, "Which now?", fewer));
    room.check();
    room.act(0, |conference, cx| conference.set_poll_open(cx, 2, false));
    room.check();
    room.act(0, |conference, cx| conference.clear_votes(cx, 2));
    room.check();
    // 3: questions and answers.
    room.upload(Upload::qna("Questions").unwrap());
    room.check();
    room.act(1, |conference, cx| conference.ask(cx, 3, "q1", "why?", "Grace"));
    room.act(0, |conference, cx| conference.answer(cx, 3, "q1", "because", "Ada"));
    room.act(0, |conference, cx| conference.put_blob(cx, 3, "something else"));
    room.check();
    room.act(0, |conference, cx| conference.set_qna_open(cx, 3, false));
    room.check();
    // 4: notes.
    let notes = SharedNotesDetail {
        notes_url: Some("https://example.com/page".into()),
        notes_id: Some("7".into()),
        page_title: Some("Page".into()),
        ..SharedNotesDetail::default()
    };
    room.upload(Upload::notes("Notes", notes).unwrap());
    room.check();
    room.act(0, |conference, cx| conference.report_notes_error(cx, 4));
    room.check();
    // Deleting the contents deletes all of their state.
    room.act(0, |conference, cx| conference.delete_content(cx, 2));
    room.check();
    assert!(room.state.keys().all(|key| !key.starts_with("content/2")), "{:#?}", room.state);
    room.act(0, |conference, cx| conference.delete_content(cx, 1));
    room.check();
    assert!(room.files.disk().files.is_empty());
}

#[test]
fn board_restores_equal_after_every_step() {
    let mut room = Room::open();
    room.upload(Upload::whiteboard("Board").unwrap());
    room.check();
    let drawing = texts(&[(Property::Data, "M0 0L9 9"), (Property::Anchor, "1,2")]);
    room.act(0, move |conference, cx| {
        conference.add_annotation(cx, 1, Kind::Drawing, drawing.clone())?;
        conference.add_annotation(cx, 1, Kind::Drawing, drawing)
    });
    room.check();
    let text = texts(&[(Property::Text, "héllo"), (Property::FontSize, "12")]);
    room.act(0, |conference, cx| conference.add_annotation(cx, 1, Kind::Text, text));
    room.check();
    let deltas = vec![Delta::new(0, 1, "J"), Delta::new(5, 5, "!")];
    room.act(0, |conference, cx| conference.change_text(cx, 1, 3, deltas));
    room.check();
    let moved = texts(&[(Property::Anchor, "5,6")]);
    room.act(0, |conference, cx| conference.change_annotation(cx, 1, 1, moved));
    room.act(0, |conference, cx| {
        conference.change_annotations(cx, 1, vec![1, 2], Property::Stroke, "#ff0000")
    });
    room.check();
    let look = texts(&[(Property::Extent, "10,10")]);
    let picture = Bytes::from_static(b"picture");
    room.upload(Upload::image(1, &look, &picture).unwrap());
    room.upload(Upload::image(1, &look, &picture).unwrap());
    room.check();
    room.act(0, |conference, cx| conference.remove_annotation(cx, 1, 4));
    room.act(0, |conference, cx| conference.set_telepointer(cx, 1, "1,1", true));
    room.act(0, |conference, cx| conference.set_telepointer(cx, 1, "1,1", false));
    room.check();
    assert_eq!(room.files.disk().files.len(), 1);
    // The last identifier is never reused, although its annotation is gone.
    room.act(0, |conference, cx| conference.remove_annotation(cx, 1, 5));
    room.check();
    let mut again = Room::restored(room.files.clone(), room.state.clone());
    again.join(1, Role::Organizer);
    let drawing = texts(&[(Property::Data, "M0 0")]);
    again.act(0, |conference, cx| conference.add_annotation(cx, 1, Kind::Drawing, drawing));
    let board = again.seen(9, Role::Presenter)[&1].board.clone().unwrap();
    assert_eq!(board.annotations.iter().map(|(id, _)| id).collect::<Vec<_>>(), [1, 2, 3, 6]);
    room.act(0, |conference, cx| conference.clear_annotations(cx, 1));
    room.check();
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
    let mut room = Room::open();
    let ppt = ChunkedPpt {
        slides: Some(3),
        preview_thumbnail_file: Some("preview.jpg".into()),
        resources: vec![jpeg(0), jpeg(1)],
    };
    room.pack(CreateContent::new("talk", ContentDetail::Ppt(ppt)).with_native_file("talk.pdf"));
    // The uploader left slide 2 unfinished, as after a restart of the server.
    room.save();
    let mut again = Room::restored(room.files.clone(), room.state.clone());
    let slides = again.seen(9, Role::Attendee)[&1].slides.clone().unwrap();
    assert_eq!((slides.jpegs.len(), slides.errors.len()), (2, 1), "{slides:#?}");
    room.pack(add(vec![jpeg(2)]));
    room.check();
    room.act(0, |conference, cx| conference.go_to(cx, 1, 2, 5));
    room.check();
    let (format, code) = (ResourceFormat::Notes, ResourceErrorCode::ClientConversionFailed);
    room.act(0, move |conference, cx| conference.set_resource_error(cx, 1, 0..=1, format, code));
    room.check();
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
    room.pack(add(vec![markup("style.css")]));
    // The markup waits for its file. The restored meeting sends it when the file arrives.
    room.save();
    let mut again = Room::restored(room.files.clone(), room.state.clone());
    again.join(1, Role::Organizer);
    again.pack(add(vec![PptContentResource { resource_id: None, resource: shared.clone() }]));
    assert_eq!(again.seen(9, Role::Attendee)[&1].slides.clone().unwrap().markup.len(), 1);
    again.check_only();
}

impl Room {
    /// Like [`check`](Self::check), for a state whose uploader is disconnected on both sides.
    fn check_only(&mut self) {
        self.save();
        let mut again = Self::restored(self.files.clone(), self.state.clone());
        let slides = |room: &mut Self| {
            let slides = room.seen(9, Role::Attendee)[&1].slides.clone().unwrap();
            (slides.location, slides.jpegs, slides.markup, slides.shared)
        };
        assert_eq!(slides(&mut again), slides(self));
    }
}

#[test]
fn unreadable_or_missing_state_is_refused_with_its_key() {
    let mut room = Room::open();
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    room.pack(file.with_native_file("plan.txt"));
    room.save();
    let fails = |state: &State, files: &MemoryStore| {
        let (mut failed, state) = (None, state.clone());
        Pair::<Meeting, Conference>::server(
            psom::Config::default(),
            |scope| match Meeting::restore(scope, config(files), &state) {
                Ok(meeting) => meeting,
                Err(error) => {
                    failed = Some(error.to_string());
                    Meeting::new(scope, config(files))
                }
            },
        );
        failed.unwrap_or_default()
    };
    assert_eq!(fails(&room.state, &room.files), "");
    for (key, value, expected) in [
        ("content/1", "{}", "`content/1` cannot be read"),
        ("content/x", "{}", "`content/x` cannot be read"),
        ("contents", "[", "`contents` cannot be read"),
    ] {
        let mut state = room.state.clone();
        state.insert(key.into(), value.into());
        let error = fails(&state, &room.files);
        assert!(error.contains(expected), "{key}: {error}");
    }
    let error = fails(&room.state, &MemoryStore::default());
    assert!(error.contains("the file `file-1` of content 1 is missing"), "{error}");
    let _: fn(Misuse) -> RestoreError = RestoreError::from;
}

impl Room {
    /// Restores a meeting with these types, and returns the reasons for the contents set aside.
    fn restored_with(&mut self, types: ContentTypes) -> (Self, Vec<String>) {
        self.save();
        let (files, state) = (self.files.clone(), self.state.clone());
        let config = MeetingConfig { content_types: types, ..config(&files) };
        let mut pair = Pair::server(psom::Config::default(), |scope| {
            Meeting::restore(scope, config, &state).unwrap()
        });
        let aside = pair
            .on_server(|meeting, _| meeting.set_aside().iter().map(ToString::to_string).collect());
        (Self { pair, files, state }, aside)
    }
}

#[test]
fn unrestorable_content_is_set_aside_alone() {
    for (key, value, expected) in [
        ("content/1/poll", Some("{}"), "`content/1/poll` cannot be read"),
        ("content/1/vote/x", Some("0"), "the key of a vote has no user"),
        ("content/1/poll", None, "`content/1/poll` is missing"),
    ] {
        let mut room = Room::open();
        room.upload(Upload::poll("Poll", "Which?", ["a", "b"]).unwrap());
        room.upload(Upload::qna("Questions").unwrap());
        room.save();
        match value {
            Some(value) => drop(room.state.insert(key.into(), value.into())),
            None => drop(room.state.remove(key)),
        }
        let (mut again, aside) = room.restored_with(ContentTypes::standard());
        assert!(aside.len() == 1 && aside[0].contains("content 1"), "{aside:?}");
        assert!(aside[0].contains(expected), "{key}: {aside:?}");
        assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&2]);
        again.save();
        assert_eq!(again.state, room.state);
    }
}

#[test]
fn content_of_an_unregistered_type_is_kept() {
    let mut room = Room::open();
    room.pack(CreateContent::new("Plan", ContentDetail::NativeFileOnly).with_native_file("plan"));
    room.upload(Upload::qna("Questions").unwrap());
    let file =
        CreateContent::new("Notes", ContentDetail::SharedNotes(SharedNotesDetail::default()));
    room.pack(file.with_native_file("notes"));
    // The next server lacks two of the types.
    let fewer = || ContentTypes::none().with::<NativeFileOnlyContent>();
    // A repair can lose the key with the last number.
    room.save();
    room.state.remove("contents");
    let (mut again, aside) = room.restored_with(fewer());
    let expected = |id, kind| {
        format!(
            "content {id} has the type {kind}, which this server does not know; start a server that \
             knows it"
        )
    };
    assert_eq!(aside, [expected(2, "Content.Qna"), expected(3, "Content.SharedNotes")]);
    again.join(1, Role::Organizer);
    assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&1]);
    // Their files are kept; otherwise a server would delete them as unreferenced.
    let lost = again.files.disk().files.remove("file-2").unwrap();
    let config = MeetingConfig { content_types: fewer(), ..config(&again.files) };
    Pair::<Meeting, Conference>::server(psom::Config::default(), |scope| {
        let error = Meeting::restore(scope, config.clone(), &room.state).err().unwrap().to_string();
        assert!(error.contains("`file-2` of content 3 is missing"), "{error}");
        Meeting::new(scope, config)
    });
    again.files.disk().files.insert("file-2".into(), lost);
    // Their numbers are not reused.
    again.pack(CreateContent::new("More", ContentDetail::NativeFileOnly).with_native_file("more"));
    assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&1, &4]);
    // A server with these types restores all of it.
    let (mut all, aside) = again.restored_with(ContentTypes::standard());
    assert!(aside.is_empty(), "{aside:?}");
    assert_eq!(all.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&1, &2, &3, &4]);
}

#[psom_interface(name = "Test.Fleeting", version = 1, hash = 1)]
trait FleetingServer {}

#[psom_interface(name = "Test.Fleeting", version = 1, hash = 2)]
#[expect(dead_code, reason = "nobody connects to it")]
trait FleetingClient {}

/// A content that cannot be restored. It saves the keys named by its detail.
#[distributed_object(serves = FleetingServer, calls = FleetingClient)]
struct Fleeting;

impl FleetingServer for Fleeting {}

impl ContentType for Fleeting {
    const NAME: &'static str = "Test.Fleeting";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let ContentDetail::Other(OtherContent { xml, .. }) = &new.detail else {
            return Err(Refusal::malformed("it is something else"));
        };
        if let Some(key) = xml.as_ref().and_then(|xml| xml.attribute("key")) {
            let value = if key == "nan" { f64::NAN } else { 1.0 };
            new.memory.save(scope, &key, &value)?;
        }
        match new.native_file {
            Some(_) => Ok(Self),
            None => Err(Refusal::malformed("it needs a file")),
        }
    }
}

/// The same type in a later build that can restore it.
#[distributed_object(serves = FleetingServer, calls = FleetingClient)]
struct Forgotten;

impl FleetingServer for Forgotten {}

impl ContentType for Forgotten {
    const NAME: &'static str = Fleeting::NAME;

    fn create(_: &mut Scope, _: NewContent<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn restore(_: &mut Scope, _: OldContent<'_>) -> Result<Self, Refusal> {
        Err(Refusal::forget())
    }
}

fn fleeting(title: &str, key: Option<&str>) -> CreateContent {
    let content_type = Fleeting::NAME.to_owned();
    let xml = key.map(|key| format!("<a xmlns='urn:test' key='{key}'/>").parse().unwrap());
    CreateContent::new(title, ContentDetail::Other(OtherContent { content_type, xml }))
}

#[test]
fn unrestorable_type_without_saved_state_is_dropped() {
    let types = || ContentTypes::standard().with::<Fleeting>();
    let room = Room { state: State::new(), ..Room::open() }.restored_with(types());
    let mut room = room.0;
    room.join(1, Role::Organizer);
    // A refused content and a failed save leave nothing for the next content with the number.
    room.pack(fleeting("refused", Some("something")));
    for key in ["", "a//b", "a/", "nan"] {
        room.pack(fleeting("refused too", Some(key)).with_native_file("file"));
    }
    room.save();
    assert!(room.state.keys().all(|key| !key.starts_with("content/")), "{:#?}", room.state);
    room.pack(fleeting("nothing", None).with_native_file("file"));
    room.pack(fleeting("something", Some("here")).with_native_file("file"));
    room.pack(CreateContent::new("Plan", ContentDetail::NativeFileOnly).with_native_file("plan"));
    let (mut again, aside) = room.restored_with(types());
    assert_eq!(again.seen(9, Role::Presenter).keys().collect::<Vec<_>>(), [&3]);
    assert!(
        aside.len() == 1 && aside[0].contains("the type cannot restore saved state"),
        "{aside:?}"
    );
    again.save();
    assert!(!again.state.contains_key("content/1"));
    assert_eq!(again.state["content/2/here"], "1.0");
    // A restored type can ask to be dropped.
    let (mut again, aside) = again.restored_with(ContentTypes::standard().with::<Forgotten>());
    assert!(aside.is_empty(), "{aside:?}");
    again.save();
    assert!(again.state.keys().all(|key| !key.starts_with("content/2")), "{:#?}", again.state);
}

/// The keys that a turn saves for content 1, and the size of their values in bytes.
fn saved(room: &mut Room) -> (Vec<String>, usize) {
    let writes = room.pair.take_writes();
    let size = writes.iter().map(|write| write.value.as_ref().map_or(0, String::len)).sum();
    let keys = writes.iter().map(|write| write.key.trim_start_matches("content/1/").to_owned());
    let saved = (keys.collect(), size);
    writes.into_iter().for_each(|write| write.apply(&mut room.state));
    saved
}

#[test]
fn presentation_saves_only_what_changed() {
    let mut room = Room::open();
    let jpeg = |slide| JpegSlide { slide: Some(slide), file: Some(format!("{slide}.jpg")) };
    let jpegs = PptResource::Jpegs((0..200).map(jpeg).collect());
    let resources = vec![PptContentResource { resource_id: None, resource: jpegs }];
    let ppt = ChunkedPpt { slides: Some(200), preview_thumbnail_file: None, resources };
    room.pack(CreateContent::new("Talk", ContentDetail::Ppt(ppt)));
    assert!(saved(&mut room).0.len() > 200);
    let (form, code) = (ResourceFormat::Dhtml, ResourceErrorCode::ClientUploadFailed);
    // Several changes of one turn are saved once.
    room.act(0, move |conference, cx| {
        for slide in (0..200).step_by(2) {
            conference.set_resource_error(cx, 1, slide..=slide, form, code)?;
        }
        Ok(())
    });
    assert_eq!(saved(&mut room).0, [format!("errors/{}", i32::from(form))]);
    let form = ResourceFormat::Notes;
    room.act(0, move |conference, cx| conference.set_resource_error(cx, 1, 0..=199, form, code));
    let (keys, size) = saved(&mut room);
    assert!(keys == [format!("errors/{}", i32::from(form))] && size < 20, "{keys:?} {size}");
    room.check();
}

#[test]
fn annotations_save_only_what_changed() {
    let mut room = Room::open();
    room.pack(CreateContent::new("Board", ContentDetail::Whiteboard));
    let (path, text) = ("M".repeat(5000), "a".repeat(5000));
    let adds = [(Kind::Drawing, Property::Data, path.clone()), (Kind::Text, Property::Text, text)];
    for (kind, property, value) in adds {
        let properties = Properties::from([(property, value)]);
        room.act(0, move |conference, cx| conference.add_annotation(cx, 1, kind, properties));
    }
    assert!(saved(&mut room).1 > 10_000);
    let fill = texts(&[(Property::Fill, "none")]);
    room.act(0, move |conference, cx| conference.change_annotation(cx, 1, 1, fill));
    let (keys, size) = saved(&mut room);
    assert!(keys == ["annotation/0000000001"] && size < 200, "{keys:?} {size}");
    room.act(0, |conference, cx| {
        conference.change_text(cx, 1, 2, vec![Delta::new(0, 5000, "short")])
    });
    let (keys, size) = saved(&mut room);
    assert_eq!(keys, ["annotation/0000000002", "annotationValue/0000000002/TEXT"]);
    assert!(size < 200, "{size}");
    room.check();
    // A long value again, and its removal.
    for value in ["M0 0", &path] {
        let data = texts(&[(Property::Data, value)]);
        room.act(0, |conference, cx| conference.change_annotation(cx, 1, 1, data));
        room.check();
    }
    room.act(0, |conference, cx| conference.remove_annotations(cx, 1, vec![1]));
    room.check();
    assert!(!room.state.keys().any(|key| key.contains("annotationValue")));
}

#[test]
fn question_quota_of_attendees_is_restored() {
    let with = |files: MemoryStore, state: State| {
        let mut config = config(&files);
        config.limits.blobs = 4;
        let pair = Pair::server(psom::Config::default(), |scope| {
            Meeting::restore(scope, config, &state).unwrap()
        });
        let mut room = Room { pair, files, state };
        for (user, role) in (1..).zip([Role::Organizer, Role::Attendee, Role::Attendee]) {
            room.join(user, role);
        }
        room
    };
    let mut room = with(MemoryStore::default(), State::new());
    room.upload(Upload::qna("Questions").unwrap());
    for client in [0, 1] {
        room.act(client, move |root, cx| root.ask(cx, 1, client.to_string(), "why?", ""));
    }
    room.save();
    let mut again = with(room.files, room.state);
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
