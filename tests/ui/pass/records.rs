//! Records, lists and optional values have the bytes and the parameters of their written-out form.

#![deny(warnings)]

use std::cell::RefCell;

use psom::{
    Context, Interface, PsomType, distributed_object, psom_interface,
    interface::{ParamDesc, Target},
    testing::Pair,
    wire::{Encode, Encoder},
};

#[derive(Debug, Clone, Copy, PartialEq, PsomType)]
struct UserId(i64);

#[derive(Debug, Clone, PartialEq, PsomType)]
struct Vote {
    user: UserId,
    comment: Option<String>,
    #[wire(name = "choiceIds")]
    choices: Vec<i32>,
}

#[psom_interface(name = "Example.Votes", version = 1, hash = 1)]
trait VotesServer {
    fn s_vote(&mut self, cx: &mut Context<Self>, vote: Vote);
    fn s_votes(&mut self, cx: &mut Context<Self>, votes: Vec<Vote>, last: Option<Vote>);
    fn s_users(&mut self, cx: &mut Context<Self>, users: &[UserId], votes: &[Vote]);
    fn s_optional(&mut self, cx: &mut Context<Self>, text: Option<String>, ids: Option<Vec<i64>>);
    fn s_texts(&mut self, cx: &mut Context<Self>, texts: Vec<String>, lent: &[String]);
}

#[psom_interface(name = "Example.Votes", version = 1, hash = 1)]
trait WrittenOut {
    fn s_vote(&mut self, user: i64, comment: Vec<String>, choice_ids: Vec<i32>);
    #[rustfmt::skip]
    fn s_votes(&mut self,
        user: Vec<i64>, comment: Vec<Vec<String>>, choice_ids: Vec<Vec<i32>>,
        #[wire(name = "user")] last_user: Vec<i64>,
        #[wire(name = "comment")] last_comment: Vec<Vec<String>>,
        #[wire(name = "choiceIds")] last_choice_ids: Vec<Vec<i32>>);
    #[rustfmt::skip]
    fn s_users(&mut self, users: Vec<i64>,
        user: Vec<i64>, comment: Vec<Vec<String>>, choice_ids: Vec<Vec<i32>>);
    fn s_optional(&mut self, text: Vec<String>, ids: Vec<Vec<i64>>);
    fn s_texts(&mut self, texts: Vec<String>, lent: Vec<String>);
}

#[psom_interface(name = "Example.Votes", version = 1, hash = 2)]
trait VotesClient {
    fn c_seen(&mut self, what: String);
}

#[distributed_object(serves = VotesServer, calls = VotesClient)]
struct Votes;

impl VotesServer for Votes {
    fn s_vote(&mut self, cx: &mut Context<Self>, vote: Vote) {
        cx.caller().c_seen(&format!("{vote:?}"));
    }
    fn s_votes(&mut self, cx: &mut Context<Self>, votes: Vec<Vote>, last: Option<Vote>) {
        cx.caller().c_seen(&format!("{votes:?} {last:?}"));
    }
    fn s_users(&mut self, cx: &mut Context<Self>, users: &[UserId], votes: &[Vote]) {
        cx.caller().c_seen(&format!("{users:?} {votes:?}"));
    }
    fn s_optional(&mut self, cx: &mut Context<Self>, text: Option<String>, ids: Option<Vec<i64>>) {
        cx.caller().c_seen(&format!("{text:?} {ids:?}"));
    }
    fn s_texts(&mut self, cx: &mut Context<Self>, texts: Vec<String>, lent: &[String]) {
        cx.caller().c_seen(&format!("{texts:?} {lent:?}"));
    }
}

#[distributed_object(serves = VotesClient, calls = VotesServer)]
#[derive(Default)]
struct Voter(Vec<String>);

impl VotesClient for Voter {
    fn c_seen(&mut self, what: String) {
        self.0.push(what);
    }
}

/// Records the bytes of calls.
#[derive(Default)]
struct Recorder(RefCell<Vec<u8>>);

impl Target for Recorder {
    type Sent = ();

    fn call(&self, _: &'static psom::InterfaceDesc, _: u8, arguments: &[&dyn Encode]) {
        let mut bytes = self.0.borrow_mut();
        let mut out = Encoder::new(&mut bytes);
        arguments.iter().for_each(|argument| argument.encode(&mut out));
    }
}

fn main() {
    let vote = |user, comment: Option<&str>, choices: &[i32]| Vote {
        user: UserId(user),
        comment: comment.map(str::to_owned),
        choices: choices.to_vec(),
    };
    let votes = [vote(300, Some("why"), &[1, -2]), vote(2, None, &[])];
    let users = [UserId(-1), UserId(70_000)];
    let none: &[Vec<String>] = &[];

    let short = VotesServerProxy::proxy(Recorder::default());
    let long = WrittenOutProxy::proxy(Recorder::default());
    short.s_vote(votes[0].clone());
    long.s_vote(300, ["why"], &[1, -2]);
    short.s_votes(&votes, None);
    let comments = [vec!["why".to_owned()], vec![]];
    long.s_votes(&[300, 2], &comments, &[vec![1, -2], vec![]], &[], none, &[]);
    short.s_votes(&[], Some(votes[1].clone()));
    long.s_votes(&[], none, &[], &[2], &[vec![]], &[vec![]]);
    short.s_users(&users, &votes);
    long.s_users(&[-1, 70_000], &[300, 2], &comments, &[vec![1, -2], vec![]]);
    short.s_optional(Some("text".to_owned()), None);
    long.s_optional(["text"], &[]);
    short.s_optional(None, Some(vec![7]));
    long.s_optional(Vec::<&str>::new(), &[vec![7]]);
    short.s_texts(vec!["a", "b"], "c d".split(' '));
    long.s_texts(["a", "b"], &["c".to_owned(), "d".to_owned()]);
    assert_eq!(short.0.0.into_inner(), long.0.0.into_inner());

    for (short, long) in VotesServerProxy::DESC.methods.iter().zip(WrittenOutProxy::DESC.methods) {
        let params = short.params().zip(long.params());
        assert_eq!(short.params().count(), long.params().count());
        for (short, long) in params {
            let ParamDesc { name, kind } = short;
            assert_eq!((name, kind.to_string()), (long.name, long.kind.to_string()));
        }
    }

    let mut pair = Pair::new(Votes, Voter::default());
    let sent = votes.clone();
    pair.on_client(0, move |_, cx| {
        let server = cx.server();
        server.s_vote(sent[0].clone());
        server.s_votes(&sent, Some(sent[1].clone()));
        server.s_users(&users, &sent);
        server.s_optional(None, Some(vec![]));
        server.s_texts(["a"], Vec::<String>::new());
    });
    let seen = pair.on_client(0, |voter, _| std::mem::take(&mut voter.0));
    let expected = [
        format!("{:?}", votes[0]),
        format!("{:?} {:?}", votes.to_vec(), Some(&votes[1])),
        format!("{users:?} {votes:?}"),
        "None Some([])".to_owned(),
        "[\"a\"] []".to_owned(),
    ];
    assert_eq!(seen, expected);
}
