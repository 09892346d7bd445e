//! A server that violates the protocol or the upper bounds. The client ends the connection.

mod telepointers;

use psom::{Context, Handle, Lifecycle, Scope, Violation, distributed_object};

use super::*;
use crate::{interfaces::*, types::EncryptedFile};

/// A server that sends only the calls of a test.
#[distributed_object(serves = MeetingServer, calls = MeetingClient, connects = Contents)]
pub(super) struct Server {
    users: Handle<Users>,
    pub(super) contents: Handle<Contents>,
    pub(super) uploads: Handle<Uploads>,
    board: Handle<Annotations>,
}

#[distributed_object(serves = ContentUserManagerServer, calls = ContentUserManagerClient)]
struct Users;

#[distributed_object(
    serves = ContentManagerServer,
    calls = ContentManagerClient,
    connects = Uploads
)]
pub(super) struct Contents {
    content: Handle<Content>,
    uploads: Handle<Uploads>,
}

#[distributed_object(
    serves = UploadManagerServer,
    calls = UploadManagerClient,
    connects = Stream
)]
#[derive(Default)]
pub(super) struct Uploads {
    /// The received requests.
    pub(super) requests: Vec<String>,
    /// Whether the server answers no request.
    pub(super) is_silent: bool,
}

#[distributed_object(serves = UploadStreamServer, calls = UploadStreamClient)]
struct Stream;

#[distributed_object(serves = ContentServer, calls = ContentClient)]
struct Content {
    #[child("extendedContent")]
    whiteboard: Handle<Whiteboard>,
}

#[distributed_object(
    serves = WhiteboardContentServer,
    calls = WhiteboardContentClient,
    connects = Annotations
)]
struct Whiteboard {
    board: Handle<Annotations>,
}

#[distributed_object(serves = AnnotationContainerServer, calls = AnnotationContainerClient)]
struct Annotations;

impl MeetingServer for Server {
    fn s_set_info(&mut self, _: &str) -> Result<(), Violation> {
        Ok(())
    }
}

impl ContentUserManagerServer for Users {}

impl WhiteboardContentServer for Whiteboard {}

impl Lifecycle for Contents {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_content_added(1, "Content.Whiteboard");
    }
}

impl Lifecycle for Whiteboard {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let board = self.board;
        cx.caller().connect("annotationContainer", board).unwrap();
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
    fn s_release_title(&mut self, cx: &mut Context<Self>, cookie: i32) {
        cx.try_tell(self.uploads, move |it, _| it.requests.push(format!("title {cookie} free")))
            .unwrap();
    }
    fn s_reserve_title(&mut self, _: &mut Context<Self>, _: &str, _: i32) {}
    fn s_reserve_title_with_id(&mut self, _: &mut Context<Self>, _: &str, _: i32, _: &str) {}
    fn s_stop_presenting(&mut self, _: &mut Context<Self>) {}
}

impl ContentServer for Content {
    fn s_force_sync(&mut self) {}
    fn s_make_highest_presentation_order(&mut self, _: &mut Context<Self>) {}
    fn s_present(&mut self, _: &mut Context<Self>) {}
    fn s_set_title(&mut self, _: &mut Context<Self>, _: String) {}
    fn s_set_visibility(&mut self, _: &mut Context<Self>, _: ContentVisibility) {}
    fn s_stop_presenting(&mut self, _: &mut Context<Self>) {}
}

impl UploadManagerServer for Uploads {
    fn s_request_upload_of_manifest(&mut self, _: &mut Context<Self>, _: i64, _: i32, _: &str) {}

    /// Accepts everything.
    fn s_request_upload(&mut self, cx: &mut Context<Self>, _: i64, _: i64, cookie: i32) {
        self.requests.push(format!("upload {cookie}"));
        if !self.is_silent {
            Self::accept(cx, cookie);
        }
    }

    fn s_upload_finished(&mut self, _: &mut Context<Self>, cookie: i32, cancel: bool) {
        self.requests.push(format!("finished {cookie} {cancel}"));
    }

    fn s_request_web_upload_blob(&mut self, _: &mut Context<Self>, cookie: i32, _: &str) {
        self.requests.push(format!("form {cookie}"));
    }

    fn s_request_web_download_blob(
        &mut self,
        _: &mut Context<Self>,
        cookie: i32,
        _: &str,
        _: bool,
    ) {
        self.requests.push(format!("download {cookie}"));
    }
}

impl Uploads {
    /// Accepts an upload and ends its stream at once, with `cDisconnect` or by closing it.
    pub(super) fn accept_and_end(cx: &mut Context<Self>, cookie: i32, says_so: bool) {
        let stream = cx.add(Stream);
        let _ = cx.peers().connect("uploadStreams", stream);
        cx.peers().c_accept_upload(cookie, stream.into());
        cx.tell(stream, move |_, cx| {
            if says_so {
                cx.peers().c_disconnect();
            } else {
                let _ = cx.peers().close();
            }
        });
    }

    pub(super) fn accept(cx: &mut Context<Self>, cookie: i32) {
        let stream = cx.add(Stream);
        let _ = cx.peers().connect("uploadStreams", stream);
        cx.peers().c_accept_upload(cookie, stream.into());
    }
}

impl UploadStreamServer for Stream {
    fn s_disconnect(&mut self, _: &mut Context<Self>) {}

    /// Reports the number in the first bytes as arrived.
    async fn s_write(
        &mut self,
        cx: &mut Context<Self>,
        data: Bytes,
        _: i32,
    ) -> Result<(), Violation> {
        let claimed = i32::from_be_bytes(data[..4].try_into().unwrap());
        cx.caller().c_write_complete(claimed);
        Ok(())
    }
}

impl AnnotationContainerServer for Annotations {
    fn s_add_annotation(
        &mut self,
        _: &mut Context<Self>,
        _: i32,
        _: Vec<Vec<String>>,
    ) -> Result<(), Violation> {
        Ok(())
    }

    fn s_change_properties(
        &mut self,
        _: &mut Context<Self>,
        _: i32,
        _: i32,
        _: Vec<Vec<String>>,
    ) -> Result<(), Violation> {
        Ok(())
    }

    fn s_change_property_for_group(
        &mut self,
        _: &mut Context<Self>,
        _: Vec<i32>,
        _: Vec<i32>,
        _: String,
        _: String,
    ) -> Result<(), Violation> {
        Ok(())
    }

    fn s_change_property_values_for_group(
        &mut self,
        _: &mut Context<Self>,
        _: Vec<i32>,
        _: Vec<i32>,
        _: String,
        _: Vec<String>,
    ) -> Result<(), Violation> {
        Ok(())
    }

    fn s_change_text(
        &mut self,
        _: &mut Context<Self>,
        _: i32,
        _: i32,
        _: i32,
        _: Vec<i32>,
        _: Vec<i32>,
        _: Vec<String>,
    ) -> Result<(), Violation> {
        Ok(())
    }

    fn s_clear_annotations(&mut self, _: &mut Context<Self>) {}
    fn s_remove_annotation(&mut self, _: &mut Context<Self>, _: i32) {}
    fn s_remove_annotations(&mut self, _: &mut Context<Self>, _: Vec<i32>, _: i32) {}

    fn s_set_telepointer(
        &mut self,
        _: &mut Context<Self>,
        _: String,
        _: bool,
    ) -> Result<(), Violation> {
        Ok(())
    }
}

pub(super) struct Stage {
    pub(super) pair: Pair<Server, Conference>,
    pub(super) events: mpsc::Receiver<Event>,
}

impl Stage {
    /// Joins a client to which the server has sent nothing yet.
    fn empty() -> Self {
        let mut pair = Pair::server(Config::default(), |scope: &mut Scope| {
            scope.announce::<Users>();
            scope.announce::<Content>();
            scope.announce::<Whiteboard>();
            let board = scope.add(Annotations);
            let whiteboard = scope.add(Whiteboard { board });
            let (content, uploads) =
                (scope.add(Content { whiteboard }), scope.add(Uploads::default()));
            let contents = scope.add(Contents { content, uploads });
            Server { users: scope.add(Users), contents, uploads, board }
        });
        let (tell, events) = mpsc::channel();
        pair.join(|scope| Conference::new(scope, move |event| drop(tell.send(event))));
        Self { pair, events }
    }

    /// Joins a client to a meeting with a whiteboard.
    pub(super) fn open() -> Self {
        let mut stage = Self::empty();
        stage.connect();
        stage
    }

    fn connect(&mut self) {
        self.pair.on_server(|server, cx| {
            let _ = cx.peers().connect("contentUserManager", server.users);
            let _ = cx.peers().connect("contentManager", server.contents);
        });
        self.on(
            |server| server.contents,
            |contents, cx| {
                let _ = cx.peers().connect("uploadManager", contents.uploads);
            },
        );
        self.pair.on_server(|_, cx| cx.peers().c_meeting_ready());
        assert!(self.events.try_iter().any(|event| event == Event::Ready));
    }

    pub(super) fn on<T: psom::DistributedObject>(
        &mut self,
        which: impl FnOnce(&Server) -> Handle<T> + Send + 'static,
        call: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) {
        self.pair.on_server(move |server, cx| cx.try_tell(which(server), call).unwrap());
    }

    fn board(
        &mut self,
        call: impl FnOnce(&mut Annotations, &mut Context<Annotations>) + Send + 'static,
    ) {
        self.on(|server| server.board, call);
    }

    fn model(&mut self) -> Model {
        self.pair.on_client(0, |conference, _| conference.model().clone())
    }

    #[track_caller]
    fn goes_on(&self) {
        assert_eq!(self.pair.client_error(0), None);
    }

    /// Asserts that the client has ended the connection for this reason.
    #[track_caller]
    pub(super) fn is_over(&self, reason: &str) {
        let error = self.pair.client_error(0).map(ToString::to_string);
        assert!(error.as_ref().is_some_and(|error| error.contains(reason)), "{error:?}");
    }
}

#[test]
fn actions_are_refused_before_the_meeting_is_ready() {
    let mut stage = Stage::empty();
    let not_now = |result: Result<i32, CallError>| {
        assert!(matches!(result, Err(CallError::NotNow(why)) if why.contains("Event::Ready")));
    };
    let parcel = || Upload::whiteboard("Ideas").unwrap();
    not_now(stage.pair.on_client(0, move |conference, cx| conference.upload(cx, parcel())));
    not_now(stage.pair.on_client(0, |conference, cx| conference.reserve_title(cx, "x")));
    not_now(
        stage
            .pair
            .on_client(0, |conference, cx| conference.request_upload(cx, 7, 1, 1).map(|()| 7)),
    );
    not_now(stage.pair.on_client(0, |conference, cx| conference.present(cx, None).map(|()| 0)));
    not_now(
        stage.pair.on_client(0, |conference, cx| conference.request_web_download(cx, "x", false)),
    );
    stage.connect();
    // Nothing was queued for later.
    let uploads = stage.events.try_iter().filter(|event| event.content().is_none());
    assert_eq!(uploads.count(), 0);
    stage.pair.on_client(0, move |conference, cx| conference.upload(cx, parcel())).unwrap();
    stage.pair.on_server(|_, cx| assert_eq!(cx.peers().close(), 1));
    let gone = stage.pair.on_client(0, |conference, cx| conference.reserve_title(cx, "x"));
    assert_eq!(gone, Err(CallError::Gone));
}

#[test]
fn server_without_uploads_is_not_negotiated() {
    let mut stage = Stage::empty();
    stage.pair.on_server(|server, cx| {
        let _ = cx.peers().connect("contentManager", server.contents);
        cx.peers().c_meeting_ready();
    });
    let refused = stage.pair.on_client(0, |conference, cx| conference.request_upload(cx, 7, 1, 1));
    assert!(matches!(refused, Err(CallError::NotNegotiated(_))), "{refused:?}");
    stage.pair.on_client(0, |conference, cx| conference.reserve_title(cx, "x")).unwrap();
}

fn written(claims: &[i32]) -> Stage {
    let mut stage = Stage::open();
    stage.pair.on_client(0, |conference, cx| conference.request_upload(cx, 7, 8, 8)).unwrap();
    for claim in claims {
        let mut data = claim.to_be_bytes().to_vec();
        data.extend([0; 4]);
        let write = move |conference: &mut Conference, cx: &mut Context<_>| {
            conference.write(cx, 7, data.into())
        };
        stage.pair.on_client(0, write).unwrap();
    }
    stage
}

#[test]
fn arrived_bytes_never_exceed_written_bytes() {
    let stage = written(&[8, 0, 16]);
    stage.goes_on();
    let arrived = stage.events.try_iter().filter_map(|event| match event {
        Event::Upload { event: UploadEvent::Progress { received, .. }, .. } => Some(received),
        _ => None,
    });
    assert_eq!(arrived.collect::<Vec<_>>(), [8, 8, 24]);
    for claims in [&[9][..], &[8, 9], &[-1], &[8, -8], &[i32::MAX]] {
        written(claims).is_over("cWriteComplete of more bytes than were written");
    }
}

#[test]
fn only_a_requested_upload_is_accepted_once() {
    let mut stage = Stage::open();
    stage.on(|server| server.uploads, |_, cx| Uploads::accept(cx, 7));
    stage.is_over("that was not requested");
    let mut stage = Stage::open();
    stage.pair.on_client(0, |conference, cx| conference.request_upload(cx, 7, 8, 8)).unwrap();
    stage.goes_on();
    stage.on(|server| server.uploads, |_, cx| Uploads::accept(cx, 7));
    stage.is_over("that was not requested");
}

#[test]
fn unclaimed_streams_are_bounded() {
    let mut stage = Stage::open();
    for cookie in 1..=200 {
        let request = move |conference: &mut Conference, cx: &mut Context<_>| {
            conference.request_upload(cx, cookie, 8, 8)
        };
        stage.pair.on_client(0, request).unwrap();
    }
    stage.goes_on();
    // A server may close a stream that it does not need.
    for _ in 0..200 {
        stage.on(
            |server| server.uploads,
            |_, cx| {
                let stream = cx.add(Stream);
                let _ = cx.peers().connect("uploadStreams", stream);
                cx.remove(stream);
            },
        );
    }
    stage.goes_on();
    stage.on(
        |server| server.uploads,
        |_, cx| {
            for _ in 0..200 {
                let stream = cx.add(Stream);
                let _ = cx.peers().connect("uploadStreams", stream);
            }
        },
    );
    stage.is_over("too many upload streams without an upload");
}

#[test]
fn too_many_users_end_the_connection() {
    let mut stage = Stage::open();
    let add = |from: i64, to: i64, name: String| {
        move |_: &mut Users, cx: &mut Context<Users>| {
            let ids: Vec<_> = (from..to).collect();
            let names = vec![name; ids.len()];
            cx.peers().c_users_added(&ids, &names, &names);
        }
    };
    for block in 0..100 {
        stage.on(|server| server.users, add(block * 1000, (block + 1) * 1000, String::new()));
    }
    // The same users are not counted twice.
    stage.on(|server| server.users, add(0, 1000, "again".to_owned()));
    stage.goes_on();
    assert_eq!(stage.model().users.len(), super::super::users::MAX_USERS);
    stage.on(|server| server.users, add(100_000, 100_001, String::new()));
    stage.is_over("too many users");

    let mut stage = Stage::open();
    for block in 0..104 {
        let name = "x".repeat(32_000);
        stage.on(|server| server.users, add(block * 10, (block + 1) * 10, name));
    }
    stage.goes_on();
    for block in 104..120 {
        let name = "x".repeat(32_000);
        stage.on(|server| server.users, add(block * 10, (block + 1) * 10, name));
    }
    stage.is_over("too many users");
}

#[test]
fn first_users_to_leave_are_forgotten() {
    let mut stage = Stage::open();
    stage.on(
        |server| server.users,
        |_, cx| {
            for id in 1..=10_005 {
                cx.peers().c_users_added(&[id], &["sip:x".to_owned()], &["X".to_owned()]);
                if id != 3 {
                    cx.peers().c_users_removed(&[id]);
                }
            }
        },
    );
    let model = stage.model();
    assert_eq!(model.users.len(), 10_001);
    assert!(!model.users[&3].is_gone && model.users[&10_005].is_gone);
    assert!(!model.users.contains_key(&1) && model.users.contains_key(&6));
    let name = "x".repeat(10_000);
    stage.on(
        |server| server.users,
        move |_, cx| {
            cx.peers().c_users_added(&[20_000], &["sip:x".to_owned()], &[name]);
            cx.peers().c_users_removed(&[20_000]);
        },
    );
    assert!(!stage.model().users.contains_key(&20_000));
}

#[test]
fn too_many_contents_end_the_connection() {
    let mut stage = Stage::open();
    stage.on(
        |server| server.contents,
        |_, cx| {
            for id in 2..=10_000 {
                cx.peers().c_content_added(id, "Content.Unknown");
            }
        },
    );
    stage.goes_on();
    stage.on(
        |server| server.contents,
        |_, cx| {
            for id in 10_001..=20_001 {
                cx.peers().c_content_added(id, "Content.Unknown");
            }
        },
    );
    stage.is_over("too many contents");
}

fn add(cx: &mut Context<Annotations>, ids: &[i32], value: &str) {
    let (ones, users) = (vec![1; ids.len()], vec![1; ids.len()]);
    let (names, values) = (vec!["TEXT".to_owned(); ids.len()], vec![value.to_owned(); ids.len()]);
    cx.peers().c_add_annotation_batch(ids, &ones, &ones, &users, &users, &ones, &names, &values);
}

#[test]
fn oversized_board_ends_the_connection() {
    let mut stage = Stage::open();
    for block in 0..50 {
        stage.board(move |_, cx| {
            let ids: Vec<_> = (block * 2000..(block + 1) * 2000).collect();
            add(cx, &ids, "");
        });
    }
    stage.board(|_, cx| add(cx, &[0, 1, 2], "again"));
    stage.goes_on();
    assert_eq!(stage.model().contents[&1].board.as_ref().unwrap().annotations.len(), 100_000);
    stage.board(|_, cx| add(cx, &[100_000], ""));
    stage.board(|_, cx| add(cx, &[100_001], ""));
    stage.is_over("a board is too large");
}

#[test]
fn removed_annotations_no_longer_count() {
    let mut stage = Stage::open();
    let long = "x".repeat(32_000);
    let fill = |from: i32, long: &str| {
        let long = long.to_owned();
        move |_: &mut Annotations, cx: &mut Context<Annotations>| {
            add(cx, &(from..from + 20).collect::<Vec<_>>(), &long);
        }
    };
    // All rounds together exceed the upper bound, but each round replaces the annotations of the
    // round before.
    for round in 0..300 {
        stage.board(fill(0, &long));
        if round % 2 == 0 {
            stage.board(|_, cx| {
                let ids: Vec<i32> = (0..20).chain(0..20).collect();
                cx.peers().c_remove_annotations(&ids, 1, 1);
            });
        }
    }
    stage.board(|_, cx| {
        cx.peers().c_clear_annotations(1);
    });
    stage.goes_on();
    assert_eq!(stage.model().contents[&1].board.as_ref().unwrap().size_bytes(), 0);
    for round in 0..110 {
        stage.board(fill(round * 20, &long));
    }
    stage.is_over("a board is too large");

    let mut stage = Stage::open();
    stage.board(|_, cx| add(cx, &(0..200).collect::<Vec<_>>(), ""));
    for id in 0..200 {
        stage.board(move |_, cx| {
            let key = Bytes::from(vec![0; 400_000]);
            cx.peers().c_set_image_file_info(
                id,
                EncryptedFile { url: "x".to_owned(), key, ..EncryptedFile::default() },
            );
        });
    }
    stage.is_over("a board is too large");
}
