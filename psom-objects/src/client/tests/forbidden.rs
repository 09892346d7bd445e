//! Calls on polls, notes and questions that the specification forbids. They end the connection.

use psom::{
    AnyHandle, Context, DistributedObject, Handle, Lifecycle, Peers, Scope, Violation,
    distributed_object,
};

use super::*;
use crate::{
    client::{NotesModel, PollModel},
    interfaces::*,
    types::QnaOpenState,
};

/// A server that sends only the calls of a test.
#[distributed_object(serves = MeetingServer, calls = MeetingClient, connects = Contents)]
struct Server {
    contents: Handle<Contents>,
    poll: Handle<PollContent>,
    notes: Handle<NotesContent>,
    qna: Handle<QnaContent>,
    content: Handle<Content>,
}

/// Contents by ID, from 1.
#[distributed_object(serves = ContentManagerServer, calls = ContentManagerClient)]
struct Contents(Vec<Handle<Content>>);

#[distributed_object(serves = ContentServer, calls = ContentClient)]
struct Content(AnyHandle);

#[distributed_object(serves = PollContentServer, calls = PollContentClient)]
struct PollContent;

#[distributed_object(serves = SharedNotesContentServer, calls = SharedNotesContentClient)]
struct NotesContent;

#[distributed_object(serves = QnaContentServer, calls = QnaContentClient)]
struct QnaContent;

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
        for (id, kind) in (1..).zip(["Poll", "SharedNotes", "Qna"]) {
            cx.caller().c_content_added(id, &format!("Content.{kind}"));
        }
    }
}

#[distributed_object]
impl Contents {
    #[child("content.{id}")]
    fn content(&mut self, _: &mut Context<Self>, id: i64) -> Option<Handle<Content>> {
        self.0.get(usize::try_from(id - 1).ok()?).copied()
    }
}

#[distributed_object]
impl Content {
    #[child("extendedContent")]
    fn extended(&mut self) -> Option<AnyHandle> {
        Some(self.0)
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
    fn s_set_visibility(&mut self, _: &mut Context<Self>, _: ContentVisibility) {}
    fn s_stop_presenting(&mut self, _: &mut Context<Self>) {}
}

impl PollContentServer for PollContent {
    fn s_clear_votes(&mut self, _: &mut Context<Self>) {}
    fn s_modify(&mut self, _: &mut Context<Self>, _: String, _: Vec<String>, _: bool, _: &str) {}
    fn s_set_open_state(&mut self, _: &mut Context<Self>, _: bool) {}
    fn s_set_results_state(&mut self, _: &mut Context<Self>, _: bool) {}
    fn s_vote(&mut self, _: &mut Context<Self>, _: i32) {}
}

impl SharedNotesContentServer for NotesContent {
    fn s_set_error_code(&mut self, _: &mut Context<Self>, _: i32) -> Result<(), Violation> {
        Ok(())
    }
}

impl QnaContentServer for QnaContent {
    fn s_set_open_state(
        &mut self,
        _: &mut Context<Self>,
        _: QnaOpenState,
    ) -> Result<(), Violation> {
        Ok(())
    }
    fn s_put_blob(&mut self, _: &mut Context<Self>, _: &str) {}
}

/// A client that is connected to this server.
struct Hall(Pair<Server, Conference>);

fn hall() -> Hall {
    let mut pair = Pair::server(Config::default(), |scope: &mut Scope| {
        scope.announce::<Content>();
        scope.announce::<PollContent>();
        scope.announce::<NotesContent>();
        scope.announce::<QnaContent>();
        let (poll, notes, qna) =
            (scope.add(PollContent), scope.add(NotesContent), scope.add(QnaContent));
        let contents = [poll.into(), notes.into(), qna.into()].map(|it| scope.add(Content(it)));
        let (content, contents) = (contents[0], scope.add(Contents(contents.to_vec())));
        Server { contents, poll, notes, qna, content }
    });
    pair.join(|scope| Conference::new(scope, |_| ()));
    Hall(pair)
}

impl Hall {
    fn say<T: DistributedObject, R>(
        &mut self,
        which: fn(&Server) -> Handle<T>,
        say: impl FnOnce(&mut Context<T>) -> R + Send + 'static,
    ) {
        self.0.on_server(move |server, cx| {
            let say = move |_: &mut T, cx: &mut Context<T>| {
                say(cx);
            };
            cx.try_tell(which(server), say).unwrap();
        });
    }

    fn poll<R>(
        &mut self,
        say: impl FnOnce(&mut PollContentClientProxy<Peers<'_>>) -> R + Send + 'static,
    ) {
        self.say(|server| server.poll, |cx| say(&mut cx.peers()));
    }

    fn ask(&mut self, choices: usize, past_users: bool, xml: &'static str) {
        let choices: Vec<_> = (0..choices).map(|choice| choice.to_string()).collect();
        self.poll(move |poll| poll.c_set_question("Which?", &choices, past_users, xml));
    }

    fn model(&mut self) -> Model {
        assert_eq!(self.0.client_error(0), None);
        self.0.on_client(0, |conference, _| conference.model().clone())
    }

    fn known_poll(&mut self) -> PollModel {
        self.model().contents[&1].poll.clone().unwrap()
    }

    #[track_caller]
    fn is_over(&self, reason: &str) {
        let error = self.0.client_error(0).map(ToString::to_string);
        assert!(error.as_ref().is_some_and(|error| error.ends_with(reason)), "{error:?}");
    }
}

#[test]
fn polls_with_unsupported_options_end_the_connection() {
    for choices in [2, 7] {
        let mut hall = hall();
        hall.ask(choices, true, "");
        assert_eq!(hall.known_poll().choices.len(), choices);
    }
    for choices in [0, 1, 8, 100] {
        let mut hall = hall();
        hall.ask(choices, true, "");
        hall.is_over("a poll has two to seven choices");
    }
    for (past_users, xml) in [(false, ""), (true, "<x/>")] {
        let mut hall = hall();
        hall.ask(2, past_users, xml);
        hall.is_over("a poll with unsupported options");
    }
}

#[test]
fn poll_results_match_the_choices() {
    for results in [vec![3, 0], vec![1, 2, 0, 0, 0, 0, 0]] {
        let mut hall = hall();
        hall.ask(2, true, "");
        let sent = results.clone();
        hall.poll(move |poll| poll.c_set_results(&sent));
        assert_eq!(hall.known_poll().results, results);
    }
    for results in [vec![], vec![1], vec![1, 2, 3], vec![0; 8], vec![1, -1]] {
        let mut hall = hall();
        hall.ask(2, true, "");
        hall.poll(move |poll| poll.c_set_results(&results));
        hall.is_over("poll results must have a number of votes for each choice");
    }
}

#[test]
fn vote_without_a_choice_is_no_vote() {
    // A vote may equal the number of choices, or be left from a question with more choices.
    let votes = [(-1, None), (0, Some(0)), (1, Some(1)), (2, None), (4, None), (7, None)];
    for (vote, known) in votes {
        let mut hall = hall();
        hall.ask(2, true, "");
        hall.poll(move |poll| poll.c_set_local_vote(vote));
        assert_eq!(hall.known_poll().vote, known);
    }
    for vote in [i32::MIN, -2, 8, i32::MAX] {
        let mut hall = hall();
        hall.ask(2, true, "");
        hall.poll(move |poll| poll.c_set_local_vote(vote));
        hall.is_over("a vote for an impossible choice");
    }
}

#[test]
fn vote_follows_its_choice() {
    let mut hall = hall();
    hall.poll(|poll| poll.c_set_local_vote(4));
    for (choices, known) in [(5, Some(4)), (3, None), (4, None), (5, Some(4))] {
        hall.ask(choices, true, "");
        assert_eq!(hall.known_poll().vote, known);
    }
    hall.poll(|poll| poll.c_set_local_vote(-1));
    hall.ask(7, true, "");
    assert_eq!(hall.known_poll().vote, None);
}

#[test]
fn poll_state_may_come_in_any_order() {
    let mut hall = hall();
    hall.poll(|poll| {
        poll.c_set_local_vote(2);
        poll.c_set_results(&[0, 1, 4]);
    });
    let known = hall.known_poll();
    assert_eq!((known.vote, known.votes(2)), (Some(2), 4));
    hall.ask(3, true, "");
    let known = hall.known_poll();
    assert_eq!((known.choices.len(), known.vote, known.votes(2)), (3, Some(2), 4));

    // Values that no question allows end the connection at once.
    for vote in [-2, 8] {
        let mut hall = self::hall();
        hall.poll(move |poll| poll.c_set_local_vote(vote));
        hall.is_over("a vote for an impossible choice");
    }
    for results in [vec![], vec![1], vec![0; 8], vec![1, -1]] {
        let mut hall = self::hall();
        hall.poll(move |poll| poll.c_set_results(&results));
        hall.is_over("poll results must have a number of votes for each choice");
    }
}

#[test]
fn notes_have_one_error_code() {
    for code in [1, 0, 2, -1] {
        let mut hall = hall();
        hall.say(|server| server.notes, move |cx| cx.peers().c_set_error_code(code));
        match code {
            1 => {
                let known = hall.model().contents[&2].notes.clone();
                assert_eq!(known, Some(NotesModel { error: Some(1), ..NotesModel::default() }));
            }
            _ => hall.is_over("cSetErrorCode with an undefined code"),
        }
    }
}

#[test]
fn undefined_qna_states_end_the_connection() {
    for state in [QnaOpenState::None, QnaOpenState::Open, QnaOpenState::Suspended] {
        let mut hall = hall();
        hall.say(
            |server| server.qna,
            move |cx| {
                cx.peers().c_set_open_state(state);
                cx.peers().c_set_questions_count(0);
            },
        );
        let known = hall.model().contents[&3].qna.clone().unwrap();
        assert_eq!((known.state, known.count), (Some(state), 0));
    }
    for state in [-1, 3].map(QnaOpenState::from) {
        let mut hall = hall();
        hall.say(|server| server.qna, move |cx| cx.peers().c_set_open_state(state));
        hall.is_over("cSetOpenState with an undefined state");
    }
    let mut hall = hall();
    for (count, known) in [(7, 7), (-1, 0)] {
        hall.say(|server| server.qna, move |cx| cx.peers().c_set_questions_count(count));
        assert_eq!(hall.model().contents[&3].qna.as_ref().unwrap().count, known);
    }
}

#[test]
fn recording_url_is_accepted() {
    let mut hall = hall();
    let url = "https://example.com/recording";
    hall.say(
        |server| server.content,
        move |cx| {
            assert_eq!(cx.peers().c_set_recording_url(url).reached, 1);
        },
    );
    assert_eq!(hall.model().contents[&1].recording_url.as_deref(), Some(url));
}
