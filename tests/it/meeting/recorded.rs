//! Packages that are uploaded for a recorded action.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use psom::{
    Handle, Interface as _,
    interface::Target,
    offline::{Answer, PART, RecordedCall, Replay},
    wire::{Encode, Encoder},
};
use psom_objects::{interfaces::ActionsServerProxy, server::ACTIONS, types::Role};

use super::{
    store::MemoryStore,
    world::{World, config, package, with},
};

const OUTBOX: &str = "{00000000-0000-0000-0000-000000000001}";
const COOKIE: i32 = 5;

struct Replaying {
    world: World,
    replay: Handle<Replay>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

/// Returns a meeting with a presenter who replays.
fn replaying() -> Replaying {
    let store = MemoryStore::default();
    let mut config = config(store.clone());
    config.offline_name = Some("team".to_owned());
    let mut world = with(config, store);
    let client = world.join_with(2, Role::Presenter, |scope| scope.announce::<Replay>());
    let answers = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&answers);
    let replay = world.pair.on_client(client, move |_, cx| {
        let replay = cx.add(Replay::new(move |answer| listener.lock().unwrap().push(answer)));
        let peer = cx.peer_infos()[0].id;
        cx.peer(peer).unwrap().connect(PART, replay).unwrap();
        replay
    });
    world.received(client);
    Replaying { world, replay, answers }
}

impl Replaying {
    fn answers(&self) -> Vec<Answer> {
        std::mem::take(&mut *self.answers.lock().unwrap())
    }

    fn prepare(&mut self, token: i64) -> Vec<Answer> {
        let replay = self.replay;
        self.world.pair.on_client(0, move |_, cx| {
            cx.tell(replay, move |_, cx| drop(cx.peers().s_prepare(ACTIONS, token)));
        });
        self.answers()
    }

    /// Plays the call that takes a package for a title.
    fn take(&mut self, number: i64, title: &str) -> Vec<Answer> {
        let tape = Tape::default();
        ActionsServerProxy::<()>::proxy(tape.clone()).s_take_package(title, "file", 1, 1);
        let call = tape.0.lock().unwrap().take().unwrap();
        let message = Bytes::from(call.write().unwrap());
        let replay = self.replay;
        self.world.pair.on_client(0, move |_, cx| {
            cx.tell(replay, move |_, cx| drop(cx.peers().s_play(OUTBOX, number, message)));
        });
        self.answers()
    }

    /// Uploads a package that is to be kept, and returns the calls that the client receives.
    fn upload(&mut self, title: &str) -> Vec<String> {
        assert_eq!(self.prepare(COOKIE.into()), [Answer::Accepted]);
        self.world.upload(0, &package(title, b"hello"), COOKIE);
        let mut received = self.world.received(0);
        received.retain(|line| !line.starts_with("stream."));
        received
    }
}

/// Takes the call of a proxy.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Option<RecordedCall>>>);

impl Target for Tape {
    type Sent = ();

    fn call(&self, interface: &'static psom::InterfaceDesc, method: u8, arguments: &[&dyn Encode]) {
        let mut bytes = Vec::new();
        let mut out = Encoder::new(&mut bytes);
        arguments.iter().for_each(|argument| argument.encode(&mut out));
        drop(out);
        let (version, hash) = *interface.versions.last().unwrap();
        *self.0.lock().unwrap() = Some(RecordedCall {
            meeting: None,
            target: ACTIONS.to_owned(),
            interface: interface.name.to_owned(),
            version,
            hash,
            method,
            arguments: bytes.into(),
            recorded_by: String::new(),
        });
    }
}

#[test]
fn kept_package_becomes_a_content_in_the_turn_of_its_call() {
    let mut replaying = replaying();
    let received = replaying.upload("plan.txt");
    assert_eq!(received, ["uploads.accepted 5", "uploads.finished 5 Ok"], "no content yet");
    assert_eq!(replaying.world.disk(), (vec!["file-1".to_owned()], 0));
    replaying.world.pair.take_writes();
    assert_eq!(replaying.take(1, "plan.txt"), [Answer::Done(1)]);
    let keys = replaying.world.pair.take_writes().into_iter().map(|write| write.key);
    let keys: Vec<_> = keys.collect();
    assert!(keys.iter().any(|key| key.starts_with("offline/")), "{keys:?}");
    assert!(keys.iter().any(|key| key.starts_with("content")), "{keys:?}");
    assert!(
        replaying.world.received(0).contains(&"contents.added 1 Content.NativeFileOnly".into())
    );
    // The call is not played again, and the package is gone.
    assert_eq!(replaying.take(1, "plan.txt"), [Answer::Done(1)]);
    let answers = replaying.take(2, "other.txt");
    let [Answer::Refused(2, why)] = &answers[..] else { panic!("{answers:?}") };
    assert!(why.contains("was not uploaded"), "{why}");
    assert_eq!(replaying.world.disk().0, ["file-1"]);
}

#[test]
fn refused_package_leaves_no_file() {
    let mut replaying = replaying();
    replaying.upload("plan.txt");
    let answers = replaying.take(1, "another title.txt");
    let [Answer::Refused(1, why)] = &answers[..] else { panic!("{answers:?}") };
    assert!(why.contains("another title"), "{why}");
    assert_eq!(replaying.world.disk(), (vec![], 0));
}

#[test]
fn kept_package_is_dropped_when_replaced_demoted_or_disconnected() {
    let mut replaying = replaying();
    replaying.upload("one.txt");
    replaying.upload("two.txt");
    assert_eq!(replaying.world.disk().0, ["file-2"], "a connection keeps one package");
    replaying.world.set_role(2, Role::Attendee);
    assert_eq!(replaying.world.disk(), (vec![], 0));
    replaying.world.set_role(2, Role::Presenter);
    replaying.upload("three.txt");
    assert_eq!(replaying.world.disk().0.len(), 1);
    replaying.world.pair.drop_client(0);
    assert_eq!(replaying.world.disk(), (vec![], 0));
}

#[test]
fn cookie_that_does_not_fit_is_rejected() {
    let mut replaying = replaying();
    let answers = replaying.prepare(i64::MAX);
    assert!(matches!(&answers[..], [Answer::Rejected(_)]), "{answers:?}");
}
