//! Offline calls: a recorder, and a server that plays the calls in order and each exactly once.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use comqc::queue::{FolderQueue, Queue as _, Stage};
use psom::{
    Client, ClientSession, Context, Handle, ObjectRef, Server, SpaceHandle, Tokens, User,
    Violation, distributed_object,
    offline::{
        Answer, Offline, Outbox, PART, PlaysLater, RecordError, RecordedCall, Recorder, Replay,
        ReplayError, Verdict,
    },
    psom_interface,
    testing::Pair,
};

#[psom_interface(name = "Test.Log", version = 1, hash = 11, version = 2, hash = 12)]
pub(crate) trait LogServer {
    fn s_add(&mut self, cx: &mut Context<Self>, text: &str) -> Result<(), Violation>;
    async fn s_add_later(&mut self, cx: &mut Context<Self>, text: String) -> Result<(), Violation>;
    #[since(2)]
    fn s_clear(&mut self, cx: &mut Context<Self>);
}

#[psom_interface(name = "Test.Log", version = 1, hash = 21, version = 2, hash = 22)]
pub(crate) trait LogClient {}

/// A log that refuses empty lines while it is strict.
#[distributed_object(serves = LogServer, calls = LogClient)]
struct Log {
    #[child("psom.offline")]
    offline: Handle<Offline>,
    lines: Vec<String>,
    is_strict: bool,
}

impl LogServer for Log {
    fn s_add(&mut self, cx: &mut Context<Self>, text: &str) -> Result<(), Violation> {
        if self.is_strict && text.is_empty() {
            return Err(Violation::new("the line is empty"));
        }
        let user = cx.caller().user().id;
        let line = format!("{user}: {text}");
        cx.save(format!("line/{:06}", self.lines.len()), &line);
        self.lines.push(line);
        Ok(())
    }

    async fn s_add_later(&mut self, cx: &mut Context<Self>, text: String) -> Result<(), Violation> {
        tokio::task::yield_now().await;
        self.s_add(cx, &text)
    }

    fn s_clear(&mut self, cx: &mut Context<Self>) {
        self.lines.clear();
        cx.erase("line");
    }
}

#[distributed_object(serves = LogClient, calls = LogServer)]
#[derive(Default)]
struct Reader {}

impl LogClient for Reader {}

type State = BTreeMap<String, String>;

fn log(scope: &mut psom::Scope, state: &State) -> Log {
    let offline = Offline::for_root::<Log>(scope, state);
    let lines = state.range("line/".to_owned().."line0".to_owned());
    let lines = lines.map(|(_, line)| line.clone()).collect();
    Log { offline, lines, is_strict: true }
}

/// A server and one client in virtual time. Dropping it kills both.
struct Life {
    pair: Pair<Log, Reader>,
    replay: Handle<Replay>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Life {
    fn start(state: &State) -> Self {
        let state = state.clone();
        let mut pair = Pair::server(psom::Config::default(), move |scope| log(scope, &state));
        pair.join(|scope| {
            scope.announce::<Replay>();
            Reader::default()
        });
        let answers = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&answers);
        let replay = pair.on_client(0, move |_, cx| {
            let replay = cx.add(Replay::new(move |answer| listener.lock().unwrap().push(answer)));
            let peer = cx.peer_infos()[0].id;
            cx.peer(peer).unwrap().connect(PART, replay).unwrap();
            replay
        });
        Self { pair, replay, answers }
    }

    /// Sends a message, and returns the answers to it.
    fn play(&mut self, outbox: &str, number: u64, message: Bytes) -> Vec<Answer> {
        let (replay, outbox) = (self.replay, outbox.to_owned());
        self.pair.on_client(0, move |_, cx| {
            cx.tell(replay, move |_, cx| {
                cx.peers().s_play(&outbox, number.cast_signed(), message);
            });
        });
        std::mem::take(&mut *self.answers.lock().unwrap())
    }

    fn commit(&mut self, state: &mut State) {
        self.pair.take_writes().into_iter().for_each(|write| write.apply(state));
    }
}

fn lines(state: &State) -> Vec<String> {
    let lines = state.iter().filter(|(key, _)| key.starts_with("line/"));
    lines.map(|(_, line)| line.clone()).collect()
}

/// Returns the next number of a small generator (xorshift), so that a failure can be repeated.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn calls_are_played_exactly_once_under_kills() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    let texts: Vec<_> = (0..600).map(|number| format!("line {number}")).collect();
    for text in &texts {
        recorder.s_add(text).unwrap();
    }
    drop(recorder);
    let (mut state, mut seed) = (State::new(), 0x5EED);
    let (mut server_kills, mut client_kills) = (0, 0);
    let mut life = Life::start(&state);
    let mut outbox = Outbox::open(folder.path()).unwrap();
    let id = outbox.id().to_string();
    while let Some(&number) = outbox.waiting().unwrap().first() {
        let message = outbox.read(number).unwrap().unwrap().message;
        let answers = life.play(&id, number, message);
        assert_eq!(answers, [Answer::Done(number.cast_signed())]);
        match random(&mut seed) % 4 {
            // The server is killed before the turn is safe, so nobody sees its output.
            0 => {
                server_kills += 1;
                life = Life::start(&state);
            }
            // The server is killed after the turn is safe, but the answer is lost.
            1 => {
                server_kills += 1;
                life.commit(&mut state);
                life = Life::start(&state);
            }
            // The client is killed after it has got the answer.
            2 => {
                client_kills += 1;
                life.commit(&mut state);
                drop(outbox);
                outbox = Outbox::open(folder.path()).unwrap();
                assert_eq!(outbox.id().to_string(), id);
            }
            _ => {
                life.commit(&mut state);
                outbox.finish(number).unwrap();
            }
        }
    }
    assert!(server_kills >= 200 && client_kills >= 200, "{server_kills}, {client_kills}");
    let expected: Vec<_> = texts.iter().map(|text| format!("1: {text}")).collect();
    assert_eq!(lines(&state), expected);
}

#[test]
fn numbers_are_never_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    assert_eq!(recorder.s_add("first").unwrap(), 1);
    recorder.with_outbox(|outbox| outbox.finish(1)).unwrap();
    drop(recorder);
    let recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    assert_eq!(recorder.s_add("second").unwrap(), 2);
}

#[test]
fn recorded_call_is_a_message_of_queued_calls() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    let recorder = recorder.meeting("team").target("log").recorded_by("Ada");
    recorder.s_add("hello").unwrap();
    drop(recorder);
    let queue = FolderQueue::open(folder.path(), "outbox").unwrap();
    let entry = queue.list().unwrap()[0];
    assert_eq!((entry.id, entry.step.stage), (1, Stage::Input));
    let body = queue.body(1).unwrap().unwrap();
    let message = comqc::Message::read(&body).unwrap();
    assert_eq!(message.partition(), Some(psom::offline::name_id("TEAM")));
    assert_eq!(message.class(), psom::offline::name_id("log"));
    let calls: Vec<_> = message.calls().collect();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].interface, psom::offline::interface_id("Test.Log", 2, 12));
    assert_eq!(calls[1].interface.to_string(), "{00000002-A18B-3FE3-0000-00000000000C}");
    assert_eq!(calls[1].opnum, 3);
    assert_eq!(calls[1].security.caller_name().as_deref(), Some("Ada"));
    let call = RecordedCall::read(&body.into()).unwrap();
    assert_eq!((call.target.as_str(), call.interface.as_str()), ("log", "Test.Log"));
    assert_eq!((call.version, call.hash, call.method), (2, 12, 1));
}

#[psom_interface(name = "Test.Reference", version = 1, hash = 1)]
#[expect(dead_code, reason = "only its proxy is used")]
pub(crate) trait ReferenceServer {
    fn s_take(&mut self, object: ObjectRef);
}

#[test]
fn call_with_an_object_reference_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::<ReferenceServerProxy>::open(folder.path()).unwrap();
    let mut pair: Pair<_, Reader> =
        Pair::server(psom::Config::default(), |scope| log(scope, &State::new()));
    let object = pair.on_server(|_, cx| ObjectRef::from(cx.handle()));
    assert!(matches!(recorder.s_take(object), Err(RecordError::Reference)));
    assert!(recorder.with_outbox(|outbox| outbox.waiting()).unwrap().is_empty());
}

#[test]
fn outbox_is_open_in_one_program_only() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Outbox::open(folder.path()).unwrap();
    let error = Outbox::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is in use"), "{error}");
}

/// Starts a server with a log and connects a client.
async fn connected(
    root: impl FnOnce(&mut psom::Scope) -> Log + Send,
) -> (SpaceHandle<Log>, ClientSession<Reader>, Server) {
    let tokens = Tokens::new();
    let space = SpaceHandle::start_with(psom::Config::default(), [], root).unwrap();
    let builder = Server::builder().space(space.space()).authenticator(tokens.clone());
    let server = builder.start().unwrap();
    let (near, far) = tokio::io::duplex(1 << 16);
    server.accept(far);
    let client = Client::builder().root(Reader::default()).object::<Replay>();
    let client = client.token(tokens.issue(User::new(7, "Ada")));
    let session = client.connect_stream(near).await.unwrap();
    (space, session, server)
}

async fn logged(space: &SpaceHandle<Log>) -> Vec<String> {
    space.run(|log, _| log.lines.clone()).await.unwrap()
}

fn dead(folder: &Path) -> Vec<u64> {
    let queue = FolderQueue::open(folder, "outbox").unwrap();
    let entries = queue.list().unwrap().into_iter();
    entries.filter(|entry| entry.step.stage == Stage::Dead).map(|entry| entry.id).collect()
}

#[tokio::test]
async fn session_replays_an_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(|scope| log(scope, &State::new())).await;
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    recorder.s_add("one").unwrap();
    recorder.s_add("two").unwrap();
    let replayed = session.replay(&mut recorder).await.unwrap();
    assert_eq!((replayed.played, replayed.refused), (2, Vec::new()));
    assert_eq!(logged(&space).await, ["7: one", "7: two"]);
    assert_eq!(session.replay(&mut recorder).await.unwrap().played, 0);
    recorder.s_clear().unwrap();
    assert_eq!(session.replay(&mut recorder).await.unwrap().played, 1);
    assert!(logged(&space).await.is_empty());
}

#[tokio::test]
async fn async_methods_are_played_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(|scope| log(scope, &State::new())).await;
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    recorder.s_add("one").unwrap();
    recorder.s_add_later("two").unwrap();
    recorder.s_add_later("").unwrap();
    recorder.s_add("three").unwrap();
    let replayed = session.replay(&mut recorder).await.unwrap();
    assert_eq!(replayed.played, 3);
    let [refused] = &replayed.refused[..] else { panic!("{replayed:?}") };
    assert!(refused.number == 3 && refused.reason.contains("the line is empty"), "{refused:?}");
    assert_eq!(logged(&space).await, ["7: one", "7: two", "7: three"]);
    assert_eq!(session.replay(&mut recorder).await.unwrap().played, 0);
}

#[psom_interface(name = "Test.Front", version = 1, hash = 41)]
pub(crate) trait FrontServer {
    fn s_do(&mut self, cx: &mut Context<Self>, what: &str) -> Result<(), Violation>;
}

#[psom_interface(name = "Test.Front", version = 1, hash = 42)]
pub(crate) trait FrontClient {}

/// An object whose calls another object performs.
#[distributed_object(serves = FrontServer, calls = FrontClient)]
struct Front {
    log: Handle<Log>,
    verdict: Option<Verdict>,
    token: i64,
}

impl FrontServer for Front {
    fn s_do(&mut self, cx: &mut Context<Self>, what: &str) -> Result<(), Violation> {
        let token = self.token;
        match what {
            "refuse at once" => return Err(Violation::new("not at all")),
            "lose" => drop(self.verdict.take()),
            what => {
                let (verdict, what) = (self.verdict.take().unwrap(), what.to_owned());
                cx.tell_as_caller(self.log, move |log, cx| {
                    let result = match what.as_str() {
                        "refuse later" => Err(Violation::new("not any more")),
                        what => log.s_add(cx, &format!("{what} {token}")),
                    };
                    let this = cx.handle();
                    // Pass the call on several times.
                    cx.tell(this, move |_, cx| {
                        let this = cx.handle();
                        cx.tell(this, move |_, cx| verdict.give(cx, result));
                    });
                })
                .unwrap();
            }
        }
        Ok(())
    }
}

impl PlaysLater for Front {
    fn verdict(&mut self) -> &mut Option<Verdict> {
        &mut self.verdict
    }

    fn prepare(&mut self, _: &mut Context<Self>, token: i64) -> Result<(), Violation> {
        self.token = token;
        if token > 0 { Ok(()) } else { Err(Violation::new("the token is not positive")) }
    }
}

fn front(scope: &mut psom::Scope) -> Log {
    let root = scope.root::<Log>().unwrap();
    let front = scope.add(Front { log: root, verdict: None, token: 0 });
    let offline = scope.add(Offline::new().target("", root).target_later("front", front));
    Log { offline, lines: Vec::new(), is_strict: true }
}

#[tokio::test]
async fn late_refusals_reach_the_user_who_replays() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(front).await;
    let recorder = Recorder::<FrontServerProxy>::open(folder.path()).unwrap();
    let mut recorder = recorder.target("front");
    for what in ["one", "refuse later", "lose", "refuse at once", "two"] {
        recorder.s_do(what).unwrap();
    }
    let replayed = session.replay(&mut recorder).await.unwrap();
    assert_eq!(replayed.played, 2);
    let refused = replayed.refused.iter();
    let refused: Vec<_> = refused.map(|call| (call.number, call.reason.as_str())).collect();
    assert_eq!(refused.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 3, 4]);
    for ((_, reason), expected) in
        refused.iter().zip(["not any more", "the object that plays the call is gone", "not at all"])
    {
        assert!(reason.contains(expected), "{reason}");
    }
    assert_eq!(logged(&space).await, ["7: one 0", "7: two 0"]);
    drop(recorder);
    assert_eq!(dead(folder.path()), [2, 3, 4]);
}

#[tokio::test]
async fn an_object_is_prepared_before_its_call() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(front).await;
    let recorder = Recorder::<FrontServerProxy>::open(folder.path()).unwrap();
    let mut recorder = recorder.target("front");
    recorder.s_do("one").unwrap();
    recorder.s_do("refuse later").unwrap();
    recorder.also::<LogServerProxy>("").s_add("three").unwrap();
    let replayed = session
        .replay_with(&mut recorder, async |replaying, pending| {
            let target = &pending.call.target;
            let token = if pending.number == 2 { 0 } else { 7 };
            replaying.prepare(target, token).await.map_err(|error| error.to_string())
        })
        .await
        .unwrap();
    // The call on the root is played although there is nothing to prepare.
    assert_eq!(replayed.played, 2);
    assert!(replayed.refused[0].reason.contains("the token is not positive"), "{replayed:?}");
    assert_eq!(logged(&space).await, ["7: one 7", "7: three"]);
}

#[tokio::test]
async fn refused_call_is_set_aside_and_can_be_retried() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(|scope| log(scope, &State::new())).await;
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    recorder.s_add("one").unwrap();
    recorder.s_add("").unwrap();
    recorder.s_add("two").unwrap();
    let replayed = session.replay(&mut recorder).await.unwrap();
    assert_eq!(replayed.played, 2);
    let [refused] = &replayed.refused[..] else { panic!("{replayed:?}") };
    assert_eq!((refused.number, refused.call.method), (2, 1));
    assert!(refused.reason.contains("the line is empty"), "{refused:?}");
    assert_eq!(logged(&space).await, ["7: one", "7: two"]);
    drop(recorder);
    assert_eq!(dead(folder.path()), [2]);
    let mut queue = FolderQueue::open(folder.path(), "outbox").unwrap();
    queue.move_messages(Stage::Dead, Stage::Input, 0).unwrap();
    drop(queue);
    space.run(|log, _| log.is_strict = false).await.unwrap();
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    assert_eq!(session.replay(&mut recorder).await.unwrap().played, 1);
    assert_eq!(logged(&space).await, ["7: one", "7: two", "7: "]);
}

/// The log of a program with another set of versions.
mod other {
    use psom::{Context, psom_interface};

    #[psom_interface(name = "Test.Log", version = 1, hash = 11)]
    #[expect(dead_code, reason = "only its proxy is used")]
    pub(super) trait OldServer {
        fn s_add(&mut self, cx: &mut Context<Self>, text: &str);
    }

    #[psom_interface(name = "Test.Log", version = 3, hash = 13)]
    #[expect(dead_code, reason = "only its proxy is used")]
    pub(super) trait NewServer {
        fn s_add(&mut self, cx: &mut Context<Self>, text: &str);
    }
}

#[tokio::test]
async fn calls_of_a_known_older_version_are_played_as_that_version() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(|scope| log(scope, &State::new())).await;
    let mut recorder = Recorder::<other::OldServerProxy>::open(folder.path()).unwrap();
    recorder.s_add("old").unwrap();
    // A method of version 2 does not exist in calls of version 1.
    let mut call = recorder.with_outbox(|outbox| outbox.read(1)).unwrap().unwrap().call;
    (call.method, call.arguments) = (3, Bytes::new());
    recorder.with_outbox(|outbox| outbox.append(&call)).unwrap();
    let replayed = session.replay(&mut recorder).await.unwrap();
    assert_eq!((replayed.played, replayed.refused.len()), (1, 1));
    assert_eq!(logged(&space).await, ["7: old"]);
}

#[tokio::test]
async fn calls_of_an_unknown_version_are_rejected_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(|scope| log(scope, &State::new())).await;
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    recorder.s_add("known").unwrap();
    recorder.also::<other::NewServerProxy>("").s_add("unknown").unwrap();
    let error = session.replay(&mut recorder).await.unwrap_err();
    assert!(matches!(error, ReplayError::Rejected(_)), "{error}");
    let error = error.to_string();
    assert!(error.contains("version 3") && error.contains("version 1, 2"), "{error}");
    assert!(logged(&space).await.is_empty());
    assert_eq!(recorder.with_outbox(|outbox| outbox.waiting()).unwrap(), [1, 2]);
}

#[tokio::test]
async fn calls_for_another_object_or_meeting_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let root = |scope: &mut psom::Scope| {
        let root = scope.root::<Log>().unwrap();
        let offline = scope.add(Offline::new().meeting("team").target("", root));
        Log { offline, lines: Vec::new(), is_strict: false }
    };
    let (space, session, _server) = connected(root).await;
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap().meeting("other");
    recorder.s_add("one").unwrap();
    let error = session.replay(&mut recorder).await.unwrap_err().to_string();
    assert!(error.contains("another meeting"), "{error}");
    recorder.with_outbox(|outbox| outbox.finish(1)).unwrap();
    let mut recorder = recorder.meeting("team").target("missing");
    recorder.s_add("two").unwrap();
    let error = session.replay(&mut recorder).await.unwrap_err().to_string();
    assert!(error.contains("plays no calls of Test.Log on missing"), "{error}");
    recorder.with_outbox(|outbox| outbox.finish(2)).unwrap();
    let mut recorder = recorder.target("");
    recorder.s_add("three").unwrap();
    assert_eq!(session.replay(&mut recorder).await.unwrap().played, 1);
    assert_eq!(logged(&space).await, ["7: three"]);
}

#[tokio::test]
async fn damaged_message_stops_the_replay_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let (space, session, _server) = connected(|scope| log(scope, &State::new())).await;
    let recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    recorder.s_add("one").unwrap();
    drop(recorder);
    let mut queue = FolderQueue::open(folder.path(), "outbox").unwrap();
    queue.send(b"CHDR", 0).unwrap();
    drop(queue);
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    let error = session.replay(&mut recorder).await.unwrap_err();
    assert!(matches!(error, ReplayError::Damaged { number: 2, .. }), "{error}");
    assert!(logged(&space).await.is_empty());
}

#[test]
fn server_refuses_messages_that_are_no_recorded_calls() {
    let mut life = Life::start(&State::new());
    let id = "{00000000-0000-0000-0000-000000000001}";
    for (outbox, message, reason) in [
        ("", &b"CHDR"[..], "not a GUID"),
        ("x/y", b"CHDR", "not a GUID"),
        (id, b"CHDR", "offset"),
        (id, include_bytes!("../../comqc/tests/data/q1.bin"), "offset"),
    ] {
        let answers = life.play(outbox, 1, Bytes::from_static(message));
        let [Answer::Refused(1, why)] = &answers[..] else { panic!("{answers:?}") };
        assert!(why.contains(reason), "{why}");
    }
}

#[tokio::test]
async fn server_without_offline_calls_is_recognized() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::<LogServerProxy>::open(folder.path()).unwrap();
    recorder.s_add("one").unwrap();
    let tokens = Tokens::new();
    let builder = Server::builder().root(Plain).authenticator(tokens.clone());
    let server = builder.start().unwrap();
    let (near, far) = tokio::io::duplex(1 << 16);
    server.accept(far);
    let client = Client::builder().root(PlainClient).object::<Replay>();
    let client = client.token(tokens.issue(User::new(7, "Ada")));
    let session = client.connect_stream(near).await.unwrap();
    let error = session.replay(&mut recorder).await.unwrap_err();
    assert!(matches!(error, ReplayError::Unsupported), "{error}");
    assert_eq!(recorder.with_outbox(|outbox| outbox.waiting()).unwrap(), [1]);
}

#[psom_interface(name = "Test.Plain", version = 1, hash = 1)]
pub(crate) trait PlainServerHalf {}

#[psom_interface(name = "Test.Plain", version = 1, hash = 2)]
pub(crate) trait PlainClientHalf {}

#[distributed_object(serves = PlainServerHalf, calls = PlainClientHalf)]
struct Plain;

impl PlainServerHalf for Plain {}

#[distributed_object(serves = PlainClientHalf, calls = PlainServerHalf)]
struct PlainClient;

impl PlainClientHalf for PlainClient {}
