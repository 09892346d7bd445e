//! Questions and answers: the calls that clients receive (section 3.3.4.1.13).

use psom::{Context, Handle, distributed_object};
use psom_objects::{
    interfaces::*,
    package::{ContentDetail, CreateContent},
    qna::QnaBlob,
    server::{MeetingConfig, MeetingLimits, Policy},
    types::{QnaOpenState, Role},
};

use super::{
    client::Log,
    store::MemoryStore,
    world::{self, ORGANIZER, PRESENTER, Proxy, World, pack},
};

macro_rules! record {
    ($self:ident, $($format:tt)*) => { $self.log.lock().unwrap().push(format!($($format)*)) };
}

/// The client's half, which records its calls.
#[distributed_object(serves = QnaContentClient, calls = QnaContentServer)]
pub(super) struct QnaRecorder {
    log: Log,
}

impl QnaContentClient for QnaRecorder {
    fn c_set_open_state(&mut self, _: &mut Context<Self>, state: QnaOpenState) {
        record!(self, "qna.state {state:?}");
    }
    fn c_set_questions_count(&mut self, _: &mut Context<Self>, count: i32) {
        record!(self, "qna.count {count}");
    }
    fn c_put_blob(&mut self, _: &mut Context<Self>, blob: String) {
        record!(self, "qna.blob {blob}");
    }
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        record!(self, "qna.completed");
    }
}

/// A meeting with questions and answers and three clients of them: a presenter (user 2) and two
/// attendees (users 4 and 5).
struct Hall {
    world: World,
    pages: Vec<(usize, Handle<QnaRecorder>)>,
}

const HOST: usize = 0;
const ADA: usize = 1;
const BOB: usize = 2;

fn hall() -> Hall {
    hall_with(|_| {})
}

fn hall_with(configure: impl FnOnce(&mut MeetingConfig)) -> Hall {
    let store = MemoryStore::default();
    let mut config = world::config(store.clone());
    configure(&mut config);
    let mut world = world::with(config, store);
    world.join_roles(|_| {});
    world.reserve(PRESENTER, "Questions", 1);
    let content = CreateContent::new("Questions", ContentDetail::Qna);
    world.upload(PRESENTER, &pack(&content.into(), &[]), 1);
    assert_eq!(world.received_of(PRESENTER, "uploads.finished"), ["uploads.finished 1 Ok"]);
    let mut hall = Hall { world, pages: Vec::new() };
    for (user, role) in [(2, Role::Presenter), (4, Role::Attendee), (5, Role::Attendee)] {
        hall.join(user, role);
    }
    for who in [HOST, ADA, BOB] {
        hall.received(who);
    }
    hall
}

impl Hall {
    fn join(&mut self, user: i64, role: Role) -> usize {
        let client = self.world.join_with(user, role, |scope| scope.announce::<QnaRecorder>());
        let content = self.world.open(client, 1);
        let page = self.world.extend(client, content, |_, log| QnaRecorder { log });
        self.pages.push((client, page));
        self.pages.len() - 1
    }

    fn received(&mut self, who: usize) -> Vec<String> {
        let (client, _) = self.pages[who];
        self.world.received_of(client, "qna.")
    }

    fn call(
        &mut self,
        who: usize,
        call: impl FnOnce(&mut Proxy<'_, QnaRecorder>) + Send + 'static,
    ) {
        let (client, page) = self.pages[who];
        self.world.on(client, page, move |_, cx| call(&mut cx.peers()));
    }

    fn put(&mut self, who: usize, blob: &str) {
        let blob = blob.to_owned();
        self.call(who, move |page| drop(page.s_put_blob(&blob)));
    }

    fn open(&mut self, who: usize, state: QnaOpenState) {
        self.call(who, move |page| drop(page.s_set_open_state(state)));
    }
}

fn question(id: &str) -> String {
    let [id, text, by] = [id, "Why?", "Ada"].map(str::to_owned);
    QnaBlob::Question { id, text, by }.write()
}

#[test]
fn new_qna_is_open_and_empty() {
    let mut hall = hall();
    let late = hall.join(6, Role::Attendee);
    assert_eq!(hall.received(late), ["qna.state Open", "qna.count 0", "qna.completed"]);
}

#[test]
fn ruling_18_qna_has_its_own_content_type() {
    let mut hall = hall();
    assert_eq!(
        hall.world.received_of(ORGANIZER, "contents.added"),
        ["contents.added 1 Content.Qna"]
    );
}

#[test]
fn qna_has_no_children() {
    let mut hall = hall();
    let (client, page) = hall.pages[ADA];
    hall.world.check_childless(client, page, |cx, part, child| cx.peers().connect(part, child));
    let objects = hall.world.pair.server_stats().objects;
    hall.world.contents(PRESENTER, |contents| drop(contents.s_delete_content(1)));
    // The content and its Q&A object are removed.
    assert_eq!(hall.world.pair.server_stats().objects, objects - 2);
}

#[test]
fn blob_is_sent_to_all_pages_including_its_sender() {
    let mut hall = hall();
    hall.put(ADA, "anything at all");
    for who in [HOST, ADA, BOB] {
        assert_eq!(hall.received(who), ["qna.blob anything at all"]);
    }
}

#[test]
fn different_questions_are_counted() {
    let mut hall = hall();
    let asked = format!("qna.blob {}", question("a"));
    hall.put(ADA, &question("a"));
    assert_eq!(hall.received(BOB), [asked.as_str(), "qna.count 1"]);
    // A repeated question is forwarded but counted once.
    hall.put(BOB, &question("a"));
    assert_eq!(hall.received(BOB), [asked.as_str()]);
    hall.put(BOB, &question("b"));
    assert_eq!(hall.received(ADA).last().unwrap(), "qna.count 2");
    // Answers and unreadable blobs are not questions.
    hall.received(BOB);
    let [question, text, by] = ["a", "So.", "Bob"].map(str::to_owned);
    for blob in [&QnaBlob::Answer { question, text, by }.write(), "{", "", "\"question\""] {
        hall.put(ADA, blob);
        assert_eq!(hall.received(BOB), [format!("qna.blob {blob}")]);
    }
}

#[test]
fn all_pages_and_newcomers_see_one_order() {
    let mut hall = hall();
    for number in 0..20 {
        hall.put([ADA, BOB, HOST][number % 3], &question(&number.to_string()));
    }
    hall.open(HOST, QnaOpenState::Suspended);
    let blobs = |received: &[String]| {
        received.iter().filter(|line| line.starts_with("qna.blob")).cloned().collect::<Vec<_>>()
    };
    let seen = blobs(&hall.received(ADA));
    assert_eq!(seen.len(), 20);
    assert_eq!(blobs(&hall.received(BOB)), seen);
    let late = hall.join(6, Role::Attendee);
    let received = hall.received(late);
    assert_eq!(received[..2], ["qna.state Suspended", "qna.count 20"]);
    assert_eq!((blobs(&received), received.last().unwrap().as_str()), (seen, "qna.completed"));
}

#[test]
fn open_state_is_announced_when_it_changes() {
    let mut hall = hall();
    hall.open(HOST, QnaOpenState::Open);
    assert!(hall.received(HOST).is_empty());
    for state in [QnaOpenState::Suspended, QnaOpenState::Open] {
        hall.open(HOST, state);
        for who in [HOST, ADA, BOB] {
            assert_eq!(hall.received(who), [format!("qna.state {state:?}")]);
        }
    }
}

#[test]
fn blob_while_suspended_is_answered_with_the_state() {
    let mut hall = hall();
    hall.open(HOST, QnaOpenState::Suspended);
    for who in [HOST, ADA, BOB] {
        hall.received(who);
    }
    // The presenter's blob is dropped too.
    for who in [ADA, HOST] {
        hall.put(who, &question("a"));
        assert_eq!(hall.received(who), ["qna.state Suspended"]);
        assert!(hall.received(BOB).is_empty());
    }
    hall.open(HOST, QnaOpenState::Open);
    let late = hall.join(6, Role::Attendee);
    assert_eq!(hall.received(late), ["qna.state Open", "qna.count 0", "qna.completed"]);
}

#[test]
fn attendee_cannot_suspend() {
    let mut hall = hall();
    hall.open(ADA, QnaOpenState::Suspended);
    assert_eq!(hall.received(ADA), ["qna.state Open"]);
    assert!(hall.received(BOB).is_empty());
}

#[test]
fn open_state_cannot_be_set_to_uninitialized() {
    let mut hall = hall();
    hall.open(HOST, QnaOpenState::None);
    assert_eq!(hall.received(HOST), ["qna.state Open"]);
    assert!(hall.received(ADA).is_empty());
}

#[test]
fn unknown_open_state_ends_the_connection() {
    let mut hall = hall();
    hall.open(ADA, QnaOpenState::Other(3));
    let (client, _) = hall.pages[ADA];
    let broke = psom::Error::PeerBroke("sSetOpenState with an unknown state".into());
    assert_eq!(hall.world.pair.client_error(client), Some(&broke));
    hall.put(BOB, "still here");
    assert_eq!(hall.received(HOST), ["qna.blob still here"]);
}

#[test]
fn forbidden_question_is_answered_with_the_state() {
    struct OnlyPresenters;
    impl Policy for OnlyPresenters {
        fn may_ask(&self, role: Role) -> bool {
            role >= Role::Presenter
        }
    }
    let mut hall = hall_with(|config| config.policy = std::sync::Arc::new(OnlyPresenters));
    hall.put(ADA, &question("a"));
    assert_eq!(hall.received(ADA), ["qna.state Open"]);
    assert!(hall.received(HOST).is_empty());
    hall.put(HOST, &question("a"));
    assert_eq!(hall.received(ADA).last().unwrap(), "qna.count 1");
}

#[test]
fn only_moderators_change_questions() {
    let mut hall = hall();
    hall.put(ADA, &question("a"));
    let text = Some("Why not?".to_owned());
    let moderation = QnaBlob::Moderate { question: "a".to_owned(), text }.write();
    hall.received(BOB);
    hall.received(ADA);
    for blob in [&moderation, "{\"moderate\":1}"] {
        hall.put(ADA, blob);
        assert_eq!(hall.received(ADA), ["qna.state Open"]);
        assert!(hall.received(BOB).is_empty());
    }
    // A moderator can do that after the end of the questions too.
    hall.open(HOST, QnaOpenState::Suspended);
    hall.received(BOB);
    hall.put(HOST, &moderation);
    assert_eq!(hall.received(BOB), [format!("qna.blob {moderation}")]);
}

#[test]
fn deleted_question_is_kept_without_its_text() {
    let mut hall = hall();
    let answer = |question: &str| {
        let [question, text, by] = [question, "Because.", "Bob"].map(str::to_owned);
        QnaBlob::Answer { question, text, by }.write()
    };
    let moderation = |text: Option<&str>| {
        let (question, text) = ("a".to_owned(), text.map(str::to_owned));
        QnaBlob::Moderate { question, text }.write()
    };
    for blob in [question("a"), question("b"), answer("a"), answer("b"), "a".to_owned()] {
        hall.put(ADA, &blob);
    }
    hall.put(HOST, &moderation(Some("Why not?")));
    hall.put(HOST, &moderation(None));
    let late = hall.join(6, Role::Attendee);
    let expected = [
        r#"qna.blob {"question":{"id":"a","text":"","by":""}}"#.to_owned(),
        format!("qna.blob {}", question("b")),
        r#"qna.blob {"answer":{"question":"a","text":"","by":""}}"#.to_owned(),
        format!("qna.blob {}", answer("b")),
        "qna.blob a".to_owned(),
        format!("qna.blob {}", moderation(Some(""))),
        format!("qna.blob {}", moderation(None)),
    ];
    let received = hall.received(late);
    assert_eq!(received[..2], ["qna.state Open", "qna.count 2"]);
    assert_eq!(received[2..received.len() - 1], expected);
}

#[test]
fn blob_beyond_the_limit_is_answered_with_the_state() {
    // Each blob takes 16 bytes on the wire in addition to its own.
    for (blobs, bytes, blob) in [(2, 1000, "four"), (100, 40, "four"), (100, 40, "\0\0")] {
        let mut limits = MeetingLimits::default();
        (limits.blobs, limits.blob_bytes) = (blobs, bytes);
        let mut hall = hall_with(|config| config.limits = limits);
        let received = format!("qna.blob {blob}");
        hall.put(HOST, blob);
        hall.put(HOST, blob);
        assert_eq!(hall.received(BOB), [received.as_str(), &received]);
        hall.received(HOST);
        for _ in 0..2 {
            hall.put(HOST, "");
            assert_eq!(hall.received(HOST), ["qna.state Open"]);
            assert!(hall.received(BOB).is_empty());
        }
    }
}

#[test]
fn attendee_may_store_a_tenth_of_the_limit() {
    for (blobs, bytes) in [(20, 1000), (1000, 400)] {
        let mut limits = MeetingLimits::default();
        (limits.blobs, limits.blob_bytes) = (blobs, bytes);
        let mut hall = hall_with(|config| config.limits = limits);
        let received = ["qna.blob four", "qna.blob four"];
        for who in [ADA, BOB] {
            (0..2).for_each(|_| hall.put(who, "four"));
            assert_eq!(hall.received(HOST), received);
            hall.put(who, "four");
            assert!(hall.received(HOST).is_empty());
            assert_eq!(hall.received(who).last().unwrap(), "qna.state Open");
        }
        // The quota belongs to the user, not to the connection.
        let again = hall.join(4, Role::Attendee);
        hall.put(again, "four");
        assert!(hall.received(HOST).is_empty());
        (0..3).for_each(|_| hall.put(HOST, "four"));
        assert_eq!(hall.received(HOST).len(), 3);
    }
}

#[test]
fn attendees_may_store_half_of_the_limit() {
    for (blobs, bytes) in [(10, 1000), (1000, 200)] {
        let mut limits = MeetingLimits::default();
        (limits.blobs, limits.blob_bytes) = (blobs, bytes);
        let mut hall = hall_with(|config| config.limits = limits);
        // One blob per user, for any number of users.
        let guests: Vec<_> = (10..20).map(|user| hall.join(user, Role::Attendee)).collect();
        for guest in guests {
            hall.put(guest, "four");
        }
        assert_eq!(hall.received(HOST).len(), 5);
        hall.put(BOB, "four");
        assert!(hall.received(HOST).is_empty());
        assert_eq!(hall.received(BOB).last().unwrap(), "qna.state Open");
        (0..6).for_each(|_| hall.put(HOST, "four"));
        let received = hall.received(BOB);
        assert_eq!(received, ["qna.blob four"; 5]);
        assert_eq!(hall.received(HOST).last().unwrap(), "qna.state Open");
    }
}

#[test]
fn newcomer_to_a_full_qna_stays_connected() {
    let mut hall = hall();
    // The most bytes on the wire for a text of this size.
    let blob = "\0".repeat(32_000);
    for who in [ADA, HOST] {
        (0..100).for_each(|_| hall.put(who, &blob));
    }
    let blobs = |received: Vec<String>| received.iter().filter(|line| line.ends_with('\0')).count();
    let kept = blobs(hall.received(BOB));
    let late = hall.join(6, Role::Attendee);
    let (client, _) = hall.pages[late];
    assert!(hall.world.pair.client_error(client).is_none());
    assert_eq!(blobs(hall.received(late)), kept);
    assert!((20..=(2 << 20) / 64_000).contains(&kept), "{kept}");
}
