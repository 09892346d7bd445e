//! Meetings are restored after a restart of the server.

use std::{path::Path, sync::Arc, time::Duration};

use psom::{ClientSession, Context, Scope, Write, distributed_object, psom_interface};
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::{Conference, Event, Model, Upload},
    package::{ContentDetail, CreateContent},
    server::{ContentType, ContentTypes, NativeFileOnlyContent, NewContent, Policy, Refusal},
    types::Role,
};
use psom_server::{
    Durability, JoinLink, Options, Server, StartError,
    files::BlobConfig,
    maintenance,
    store::{MeetingStore as _, SqliteStore},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) fn options(data: &Path) -> Options {
    let any_port = || "127.0.0.1:0".to_owned();
    Options { listen: any_port(), http: any_port(), data: data.into(), ..Options::default() }
}

pub(crate) struct Guest {
    session: ClientSession<Conference>,
    events: UnboundedReceiver<Event>,
    pub model: Model,
}

impl Guest {
    pub(crate) async fn join(link: JoinLink) -> Self {
        let (tell, events) = unbounded_channel();
        let root =
            link.join(|scope| Conference::new(scope, move |event: Event| drop(tell.send(event))));
        let session = root.await.unwrap();
        let mut guest = Self { session, events, model: Model::default() };
        guest.until(Model::is_complete).await;
        guest
    }

    async fn until(&mut self, is_so: impl Fn(&Model) -> bool) {
        while !is_so(&self.model) {
            let event = self.events.recv().await.expect("the meeting goes on");
            self.model.apply(&event);
        }
    }

    async fn act<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Conference, &mut Context<Conference>) -> R + Send + 'static,
    ) -> R {
        self.session.run(act).await.unwrap()
    }

    /// Waits for the end of the session, and returns the reason.
    #[cfg(all(feature = "postgres", feature = "s3"))]
    pub(crate) async fn ended(&self) -> psom::Error {
        self.session.ended().await
    }

    /// Requests the address of a decrypted file, and returns it.
    #[cfg(all(feature = "postgres", feature = "s3"))]
    pub(crate) async fn decrypted_url(&mut self, name: String) -> String {
        let request = move |conference: &mut Conference, cx: &mut Context<Conference>| {
            conference.request_web_download(cx, name, true)
        };
        let request = self.act(request).await.unwrap();
        loop {
            let event = self.events.recv().await.expect("the meeting goes on");
            self.model.apply(&event);
            match event {
                Event::WebDownloadAccepted { cookie, url } if cookie == request => return url,
                _ => {}
            }
        }
    }

    pub(crate) async fn upload(&mut self, parcel: Upload) {
        let count = self.model.contents.len() + 1;
        self.act(|conference, cx| conference.upload(cx, parcel)).await.unwrap();
        self.until(|model| model.contents.len() == count && model.is_complete()).await;
    }
}

#[tokio::test]
async fn meeting_is_restored_as_its_clients_last_saw_it() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    server.create_meeting("team", Some("Team")).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    server.admit("team", "sip:grace@example.com", "Grace", Role::Attendee).await.unwrap();
    let mut ada = Guest::join(ada).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &b"hello"[..])]).unwrap()).await;
    ada.upload(Upload::whiteboard("Sketch").unwrap()).await;
    ada.upload(Upload::poll("Poll", "Which?", ["a", "b"]).unwrap()).await;
    let text = Properties::from([(Property::Text, "seen".to_owned())]);
    ada.act(|conference, cx| conference.add_annotation(cx, 2, Kind::Text, text)).await.unwrap();
    ada.act(|conference, cx| conference.vote(cx, 3, Some(1))).await.unwrap();
    ada.until(|model| {
        let board = model.contents[&2].board.as_ref();
        let poll = model.contents[&3].poll.as_ref();
        board.is_some_and(|board| board.annotations.len() == 1)
            && poll.is_some_and(|poll| poll.vote == Some(1) && poll.results == [0, 1])
    })
    .await;
    // While the server runs, no other process can lock the directory.
    let other = Server::start(options(data.path())).await;
    assert!(matches!(other, Err(StartError::Locked(_))));
    let seen = ada.model.contents.clone();
    server.shutdown(Duration::from_secs(30)).await;

    let server = Server::start(options(data.path())).await.unwrap();
    let again = server.create_meeting("team", None).await.unwrap_err().to_string();
    assert!(again.contains("exists"), "{again}");
    let grace = server.admit("team", "sip:grace@example.com", "Grace", Role::Attendee).await;
    let mut grace = Guest::join(grace.unwrap()).await;
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    let mut ada = Guest::join(ada).await;
    assert_eq!(ada.model.contents, seen);
    // Users keep their IDs and their contents.
    ada.until(|model| model.users.len() == 2).await;
    let numbers = ada.model.users.iter().map(|(id, user)| (*id, user.name.as_str()));
    assert_eq!(numbers.collect::<Vec<_>>(), [(1, "Ada"), (2, "Grace")]);
    // New IDs continue from there.
    ada.upload(Upload::qna("Questions").unwrap()).await;
    grace.until(|model| model.contents.contains_key(&4)).await;
    // An ended meeting is not restored.
    assert!(server.end_meeting("team").await.unwrap());
    assert!(!server.end_meeting("team").await.unwrap());
    server.shutdown(Duration::from_secs(30)).await;
    let server = Server::start(options(data.path())).await.unwrap();
    let error = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await;
    assert!(error.unwrap_err().to_string().contains("no meeting"));
    assert!(!data.path().join("meetings/team/files").exists());
    server.create_meeting("team", None).await.unwrap();
    server.shutdown(Duration::from_secs(30)).await;
}

/// A policy that panics.
struct Mistaken;

impl Policy for Mistaken {
    fn may_vote(&self, _: Role) -> bool {
        panic!("a mistake")
    }
}

#[tokio::test]
async fn panicked_meeting_restarts_from_its_saved_state() {
    let data = tempfile::tempdir().unwrap();
    let options = Options { policy: Arc::new(Mistaken), ..options(data.path()) };
    let server = Server::start(options).await.unwrap();
    server.create_meeting("team", None).await.unwrap();
    let admit = || server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter);
    let mut ada = Guest::join(admit().await.unwrap()).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &b"hello"[..])]).unwrap()).await;
    ada.upload(Upload::poll("Poll", "Which?", ["a", "b"]).unwrap()).await;
    let seen = ada.model.contents.clone();
    for _ in 0..2 {
        ada.act(|conference, cx| conference.vote(cx, 2, Some(1))).await.unwrap();
        assert_eq!(ada.session.ended().await, psom::Error::PeerBroke("internal error".into()));
        ada = Guest::join(admit().await.unwrap()).await;
        assert_eq!(ada.model.contents, seen);
    }
    ada.upload(Upload::qna("Questions").unwrap()).await;
    assert!(server.end_meeting("team").await.unwrap());
    server.shutdown(Duration::from_secs(30)).await;
}

#[psom_interface(name = "Microsoft.Rtc.Server.DataMCU.Meeting.PollContent", version = 1, hash = 17)]
trait OtherPollServer {}

#[psom_interface(name = "Microsoft.Rtc.Server.DataMCU.Meeting.PollContent", version = 1, hash = 18)]
trait OtherPollClient {}

/// A content type that uses the name of another one.
#[distributed_object(serves = OtherPollServer, calls = OtherPollClient)]
struct OtherPoll;

impl OtherPollServer for OtherPoll {}

impl ContentType for OtherPoll {
    const NAME: &'static str = "Example.Poll";

    fn create(_: &mut Scope, _: NewContent<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

#[tokio::test]
async fn contradictory_content_types_prevent_the_start() {
    let data = tempfile::tempdir().unwrap();
    let start = async |content_types| {
        Server::start(Options { content_types, ..options(data.path()) }).await
    };
    let error = start(ContentTypes::standard().with::<OtherPoll>()).await.unwrap_err().to_string();
    assert!(error.contains("content types") && error.contains("another name"), "{error}");
}

#[tokio::test]
async fn unknown_content_type_does_not_block_its_meeting() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    server.create_meeting("team", None).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    let mut ada = Guest::join(ada).await;
    let board = CreateContent::new("Sketch", ContentDetail::Whiteboard);
    let board = board.with_native_file("sketch.png");
    ada.upload(Upload::new(board, [("sketch.png", &b"a sketch"[..])]).unwrap()).await;
    let plan = CreateContent::new("Plan", ContentDetail::NativeFileOnly).with_native_file("plan");
    ada.upload(Upload::new(plan, [("plan", &b"hello"[..])]).unwrap()).await;
    let seen = ada.model.contents.clone();
    server.shutdown(Duration::from_secs(30)).await;

    let files = ContentTypes::none().with::<NativeFileOnlyContent>();
    let fewer = Options { content_types: files, ..options(data.path()) };
    for (options, contents) in [(fewer, vec![2]), (options(data.path()), vec![1, 2])] {
        let server = Server::start(options).await.unwrap();
        let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await;
        let ada = Guest::join(ada.unwrap()).await;
        assert_eq!(ada.model.contents.keys().copied().collect::<Vec<_>>(), contents);
        // The other content is complete, with its file.
        contents.iter().for_each(|id| assert_eq!(ada.model.contents[id], seen[id]));
        server.shutdown(Duration::from_secs(30)).await;
    }
}

#[tokio::test]
async fn check_reports_an_unrestorable_content_and_repair_drops_it() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    server.create_meeting("team", None).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    let mut ada = Guest::join(ada).await;
    ada.upload(Upload::whiteboard("Sketch").unwrap()).await;
    ada.upload(Upload::poll("Poll", "Which?", ["a", "b"]).unwrap()).await;
    server.shutdown(Duration::from_secs(30)).await;

    let key = "content/2/poll".to_owned();
    let database = SqliteStore::open(data.path(), Durability::Process).await.unwrap();
    let bad = vec![Write { key, value: Some("{}".into()) }];
    database.journal("team").commit(bad).await.unwrap();
    database.close().await.unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    let ada = Guest::join(ada).await;
    assert_eq!(ada.model.contents.keys().collect::<Vec<_>>(), [&1]);
    server.shutdown(Duration::from_secs(30)).await;
    let problems = maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems;
    assert!(
        problems.len() == 1 && problems[0].contains("cannot restore content 2"),
        "{problems:?}"
    );
    let lost = maintenance::repair(data.path(), &BlobConfig::Local).await.unwrap().lost;
    assert!(lost.len() == 1 && lost[0].contains("Removed \"content/2\""), "{lost:?}");
    assert!(maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn content_without_its_file_is_set_aside_until_the_file_is_back() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    server.create_meeting("team", None).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    let mut ada = Guest::join(ada).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &b"hello"[..])]).unwrap()).await;
    ada.upload(Upload::whiteboard("Sketch").unwrap()).await;
    let name = ada.model.contents[&1].file.clone().unwrap().name;
    server.shutdown(Duration::from_secs(30)).await;

    // Unused files are swept, and a content's file must exist.
    let files = data.path().join("meetings/team/files");
    let nobodys = files.join("0".repeat(32));
    std::fs::write(&nobodys, "x").unwrap();
    std::fs::rename(files.join(&name), data.path().join("kept")).unwrap();
    assert_eq!(contents_of_team(data.path()).await, [2]);
    // The server removes empty folders.
    std::fs::create_dir_all(&files).unwrap();
    std::fs::rename(data.path().join("kept"), files.join(&name)).unwrap();
    assert_eq!(contents_of_team(data.path()).await, [1, 2]);
    assert!(!nobodys.exists() && files.join(&name).exists());
    assert!(maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems.is_empty());

    // A lost file is reported, and repair removes its content.
    std::fs::write(files.join(&name), "cut").unwrap();
    let problems = maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains(&name), "{problems:?}");
    let lost = maintenance::repair(data.path(), &BlobConfig::Local).await.unwrap().lost;
    assert!(lost.len() == 1 && lost[0].contains("Removed \"content/1\""), "{lost:?}");
    assert!(maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems.is_empty());
    assert_eq!(contents_of_team(data.path()).await, [2]);
}

/// Starts a server and returns the contents that a user sees in the meeting.
async fn contents_of_team(data: &Path) -> Vec<i64> {
    let server = Server::start(options(data)).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    let ada = Guest::join(ada).await;
    let contents = ada.model.contents.keys().copied().collect();
    server.shutdown(Duration::from_secs(30)).await;
    contents
}

/// Creates a data directory with a meeting that has a file, and returns the file's path.
async fn with_a_file(data: &Path) -> std::path::PathBuf {
    let server = Server::start(options(data)).await.unwrap();
    server.create_meeting("team", None).await.unwrap();
    let ada = server.admit("team", "sip:ada@example.com", "Ada", Role::Presenter).await.unwrap();
    let mut ada = Guest::join(ada).await;
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    let file = file.with_native_file("plan.txt");
    ada.upload(Upload::new(file, [("plan.txt", &b"hello"[..])]).unwrap()).await;
    let name = ada.model.contents[&1].file.clone().unwrap().name;
    server.shutdown(Duration::from_secs(30)).await;
    data.join("meetings/team/files").join(name)
}

#[tokio::test]
async fn files_stay_while_the_database_is_missing() {
    let data = tempfile::tempdir().unwrap();
    let file = with_a_file(data.path()).await;
    let (database, kept) = (data.path().join("meetings.db"), data.path().join("kept"));
    std::fs::rename(&database, &kept).unwrap();
    let error = Server::start(options(data.path())).await.unwrap_err().to_string();
    assert!(error.contains("is missing or empty") && error.contains("restore it"), "{error}");
    assert!(file.exists());
    std::fs::rename(&kept, &database).unwrap();

    // A repair that saves nothing keeps the database and the files.
    let whole = std::fs::read(&database).unwrap();
    std::fs::write(&database, [0; 4096]).unwrap();
    let put_aside =
        maintenance::repair(data.path(), &BlobConfig::Local).await.unwrap().kept.unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    assert!(server.create_meeting("team", None).await.is_ok() && file.exists());
    server.shutdown(Duration::from_secs(30)).await;
    std::fs::write(&database, &whole).unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    assert!(server.create_meeting("team", None).await.is_err(), "the meeting exists again");
    assert!(server.end_meeting("team").await.unwrap());
    server.shutdown(Duration::from_secs(30)).await;
    let nobodys = data.path().join("meetings/team/files").join("0".repeat(32));
    std::fs::create_dir_all(nobodys.parent().unwrap()).unwrap();
    for (is_put_aside, stays) in [(true, true), (false, false)] {
        std::fs::write(&nobodys, "x").unwrap();
        if !is_put_aside {
            std::fs::remove_file(&put_aside).unwrap();
        }
        let server = Server::start(options(data.path())).await.unwrap();
        assert_eq!(nobodys.exists(), stays);
        server.shutdown(Duration::from_secs(30)).await;
    }
}

#[tokio::test]
async fn unreadable_files_record_is_refused_and_kept() {
    let data = tempfile::tempdir().unwrap();
    with_a_file(data.path()).await;
    let record = data.path().join("files.json");
    let whole = std::fs::read(&record).unwrap();
    for damaged in [&b""[..], b"{}", b"\xff", &whole[..whole.len() / 2]] {
        std::fs::write(&record, damaged).unwrap();
        let refused = Server::start(options(data.path())).await.unwrap_err().to_string();
        let file = record.display().to_string();
        assert!(refused.contains(&file) && refused.contains("from a backup"), "{refused}");
        for files in [BlobConfig::Local, BlobConfig::Url("memory:///".into(), Vec::new())] {
            let error = maintenance::repair(data.path(), &files).await.unwrap_err().to_string();
            assert!(error.contains(&refused), "{error}");
        }
        assert_eq!(std::fs::read(&record).unwrap(), damaged);
    }
    // Removing the record keeps all files.
    std::fs::remove_file(&record).unwrap();
    let server = Server::start(options(data.path())).await.unwrap();
    server.shutdown(Duration::from_secs(30)).await;
    assert!(maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn missing_files_folder_is_reported_and_repaired() {
    for folder in ["meetings", "meetings/team/files"] {
        let data = tempfile::tempdir().unwrap();
        let file = with_a_file(data.path()).await;
        let name = file.file_name().unwrap().to_str().unwrap();
        // At another location all files would be missing.
        let elsewhere = BlobConfig::Url("memory:///".into(), Vec::new());
        let refused = maintenance::repair(data.path(), &elsewhere).await.unwrap_err();
        assert!(refused.to_string().contains("in the data directory, not at"), "{refused}");
        let check = maintenance::check(data.path(), &elsewhere).await.unwrap_err();
        assert_eq!(check.to_string(), refused.to_string());
        std::fs::remove_dir_all(data.path().join(folder)).unwrap();
        assert_eq!(contents_of_team(data.path()).await, [0; 0]);
        let problems = maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems;
        assert!(problems.len() == 1 && problems[0].contains(name), "{problems:?}");
        let lost = maintenance::repair(data.path(), &BlobConfig::Local).await.unwrap().lost;
        assert!(lost.len() == 1 && lost[0].contains("Removed \"content/1\""), "{lost:?}");
        let server = Server::start(options(data.path())).await.unwrap();
        server.shutdown(Duration::from_secs(30)).await;
    }
}

#[tokio::test]
async fn deep_check_finds_a_file_with_another_hash() {
    let data = tempfile::tempdir().unwrap();
    let file = with_a_file(data.path()).await;
    let look = async || maintenance::check_files(data.path(), &BlobConfig::Local).await.unwrap();
    assert!(look().await.is_empty());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    // The length is unchanged, so only the hash shows the damage.
    assert!(maintenance::check(data.path(), &BlobConfig::Local).await.unwrap().problems.is_empty());
    let damaged = look().await;
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(damaged.len() == 1 && damaged[0].contains(name), "{damaged:?}");
}
