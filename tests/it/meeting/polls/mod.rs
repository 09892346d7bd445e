//! Polls, seen from their clients (sections 3.2.4.1.11 and 3.3.4.1.11).

mod moderating;
mod voting;

use psom::{Context, Handle, distributed_object};
use psom_objects::{
    interfaces::*,
    package::{ContentDetail, CreateContent, PollDetail},
    server::MeetingLimits,
    types::Role,
};

use super::{
    client::Log,
    world::{ORGANIZER, PRESENTER, Proxy, World, empty, pack, world},
};

macro_rules! note {
    ($self:ident, $($format:tt)*) => { $self.log.lock().unwrap().push(format!($($format)*)) };
}

/// A poll that records its calls.
#[distributed_object(serves = PollContentClient, calls = PollContentServer)]
pub(super) struct PollRecorder {
    log: Log,
}

impl PollContentClient for PollRecorder {
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        note!(self, "poll.completed");
    }
    fn c_set_local_vote(&mut self, _: &mut Context<Self>, choice: i32) {
        note!(self, "poll.vote {choice}");
    }
    fn c_set_open_state(&mut self, _: &mut Context<Self>, open: bool) {
        note!(self, "poll.open {open}");
    }
    fn c_set_question(
        &mut self,
        _: &mut Context<Self>,
        question: String,
        choices: Vec<String>,
        remembers: bool,
        xml: String,
    ) {
        note!(self, "poll.question {question} {} {remembers} [{xml}]", choices.join("/"));
    }
    fn c_set_results(&mut self, _: &mut Context<Self>, results: Vec<i32>) {
        note!(self, "poll.results {results:?}");
    }
    fn c_set_results_state(&mut self, _: &mut Context<Self>, visible_to_all: bool) {
        note!(self, "poll.shown {visible_to_all}");
    }
}

fn choices(choices: &[&str]) -> Vec<String> {
    choices.iter().map(|choice| (*choice).to_owned()).collect()
}

/// Lets the presenter upload a poll, and returns the result.
fn create(world: &mut World, poll: PollDetail) -> String {
    world.reserve(PRESENTER, "Lunch", 1);
    let content = CreateContent::new("Lunch", ContentDetail::Poll(poll));
    world.upload(PRESENTER, &pack(&content.into(), &[]), 1);
    world.received_of(PRESENTER, "uploads.finished").pop().unwrap()
}

/// Connects another client of a user to the poll. Returns the client and its poll.
fn join(world: &mut World, user: i64, role: Role) -> (usize, Handle<PollRecorder>) {
    let client = world.join_with(user, role, |scope| scope.announce::<PollRecorder>());
    let content = world.open(client, 1);
    world.received(client);
    (client, world.extend(client, content, |_, log| PollRecorder { log }))
}

/// A meeting with a poll "Eat?" of two choices and three clients of it: a presenter (user 2) and
/// two attendees (users 4 and 5).
struct Booth {
    world: World,
    polls: Vec<(usize, Handle<PollRecorder>)>,
}

const HOST: usize = 0;
const ADA: usize = 1;
const BOB: usize = 2;

fn booth() -> Booth {
    let mut world = world();
    let poll = PollDetail::new("Eat?", choices(&["now", "later"]));
    assert_eq!(create(&mut world, poll), "uploads.finished 1 Ok");
    let mut booth = Booth { world, polls: Vec::new() };
    for (user, role) in [(2, Role::Presenter), (4, Role::Attendee), (5, Role::Attendee)] {
        booth.join(user, role);
    }
    booth.forget();
    booth
}

impl Booth {
    fn join(&mut self, user: i64, role: Role) -> usize {
        let joined = join(&mut self.world, user, role);
        self.polls.push(joined);
        self.polls.len() - 1
    }

    /// Takes the calls that a client has received from the poll.
    fn received(&mut self, who: usize) -> Vec<String> {
        let (client, _) = self.polls[who];
        self.world.received_of(client, "poll.")
    }

    fn forget(&mut self) {
        for who in 0..self.polls.len() {
            self.received(who);
        }
    }

    /// Calls the poll.
    fn call(
        &mut self,
        who: usize,
        call: impl FnOnce(&mut Proxy<'_, PollRecorder>) + Send + 'static,
    ) {
        let (client, poll) = self.polls[who];
        self.world.on(client, poll, move |_, cx| call(&mut cx.peers()));
    }

    fn vote(&mut self, who: usize, choice: i32) {
        self.call(who, move |poll| drop(poll.s_vote(choice)));
    }

    fn modify(&mut self, who: usize, question: &str, these: &[&str]) {
        let (question, these) = (question.to_owned(), choices(these));
        self.call(who, move |poll| drop(poll.s_modify(&question, &these, true, "")));
    }
}

#[test]
fn poll_sends_its_state_and_then_completion() {
    let mut world = world();
    create(&mut world, PollDetail::new("Eat?", choices(&["now", "later"])));
    let (client, _) = join(&mut world, 4, Role::Attendee);
    assert_eq!(
        world.received(client),
        [
            "poll.question Eat? now/later true []",
            "poll.open true",
            "poll.shown false",
            "poll.vote -1",
            "poll.results [0, 0]",
            "poll.completed",
        ]
    );
}

#[test]
fn poll_has_no_children() {
    let mut world = world();
    let objects = world.pair.server_stats().objects;
    create(&mut world, PollDetail::new("Eat?", choices(&["now", "later"])));
    // The content and its poll:
    assert_eq!(world.pair.server_stats().objects, objects + 2);
    let (client, poll) = join(&mut world, 4, Role::Attendee);
    world.check_childless(client, poll, |cx, part, child| cx.peers().connect(part, child));
}

#[test]
fn poll_at_every_limit_is_accepted() {
    let long = "é".repeat(1000);
    let seven: Vec<_> = (0..7).map(|number| format!("{number}{}", "x".repeat(999))).collect();
    assert_eq!(create(&mut world(), PollDetail::new(long, seven)), "uploads.finished 1 Ok");
    let lines = PollDetail::new("one\ntwo", choices(&["a", "b"]));
    assert_eq!(create(&mut world(), lines), "uploads.finished 1 Ok");
}

#[test]
fn invalid_poll_is_refused_without_a_trace() {
    let poll = |question: &str, these: &[&str]| PollDetail::new(question, choices(these));
    let long = "x".repeat(1001);
    let forgets = PollDetail { remember_past_users: false, ..poll("Eat?", &["a", "b"]) };
    let custom = PollDetail { customization_xml: "<a/>".to_owned(), ..poll("Eat?", &["a", "b"]) };
    for (what, poll) in [
        ("no question", poll("", &["a", "b"])),
        ("a blank question", poll(" \n", &["a", "b"])),
        ("a long question", poll(&long, &["a", "b"])),
        ("a tab in the question", poll("Eat\t?", &["a", "b"])),
        ("one choice", poll("Eat?", &["a"])),
        ("eight choices", poll("Eat?", &["a", "b", "c", "d", "e", "f", "g", "h"])),
        ("a blank choice", poll("Eat?", &["a", " "])),
        ("a long choice", poll("Eat?", &["a", &long])),
        ("a choice of two lines", poll("Eat?", &["a", "b\nc"])),
        ("two equal choices", poll("Eat?", &["a", "a"])),
        ("choices that look alike", poll("Eat?", &["now", "later", "No\u{200b}w"])),
        ("past users are forgotten", forgets),
        ("a customization", custom),
    ] {
        let mut world = world();
        assert_eq!(create(&mut world, poll), "uploads.finished 1 VerifyFailed", "{what}");
        assert!(world.received_of(ORGANIZER, "contents.added").is_empty(), "{what}");
    }
}

#[test]
fn configured_limit_cannot_exceed_seven_choices() {
    for (limit, count, finished) in
        [(100, 7, "Ok"), (100, 8, "VerifyFailed"), (3, 4, "VerifyFailed")]
    {
        let mut limits = MeetingLimits::default();
        limits.choices = limit;
        let mut world = empty(limits);
        world.join(1, Role::Organizer);
        world.join(2, Role::Presenter);
        let eight = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let poll = PollDetail::new("Eat?", choices(&eight[..count]));
        assert_eq!(create(&mut world, poll), format!("uploads.finished 1 {finished}"));
    }
}

#[test]
fn poll_outlives_clients_that_leave() {
    let mut booth = booth();
    let objects = booth.world.pair.server_stats().objects;
    for who in [ADA, BOB] {
        let (client, _) = booth.polls[who];
        booth.world.pair.close_client(client);
    }
    booth.vote(HOST, 1);
    assert_eq!(booth.received(HOST), ["poll.vote 1", "poll.results [0, 1]"]);
    assert_eq!(booth.world.pair.server_stats().objects, objects);
    booth.world.contents(PRESENTER, |contents| drop(contents.s_delete_content(1)));
    assert_eq!(booth.world.pair.server_stats().objects, objects - 2);
}
