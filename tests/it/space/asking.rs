//! Requests and their answers.

use std::time::Duration;

use psom::{
    Context, Lifecycle, PeerId, Reply, distributed_object,
    error::{AskError, CallError, Misuse},
    psom_interface,
    testing::Pair,
};

const LIMIT: Duration = Duration::from_secs(5);

#[psom_interface(name = "Test.Ask", version = 1, hash = 0x10c9_7e3b_d46f_852a)]
trait AskServer {
    #[answered_by(c_sum, c_refused)]
    fn s_add(&mut self, cx: &mut Context<Self>, text: &str, cookie: i32, numbers: Vec<i32>);
    fn s_plain(&mut self, cookie: i32);
}

#[psom_interface(name = "Test.Ask", version = 1, hash = 0x3b58_e0f1_a927_6cd4)]
trait AskClient {
    fn c_sum(&mut self, sum: i32, cookie: i32);
    fn c_refused(&mut self, cookie: i32, why: &str);
    fn c_other(&mut self, cookie: i32);
}

/// Answers a request in the way that its text names.
#[distributed_object(serves = AskServer, calls = AskClient)]
#[derive(Default)]
struct Server {
    cookies: Vec<i32>,
}

impl AskServer for Server {
    fn s_add(&mut self, cx: &mut Context<Self>, text: &str, cookie: i32, numbers: Vec<i32>) {
        self.cookies.push(cookie);
        let sum = numbers.iter().sum();
        match text {
            "add" => drop(cx.caller().c_sum(sum, cookie)),
            "refuse" => drop(cx.caller().c_refused(cookie, "no")),
            "wrong cookie" => drop(cx.caller().c_sum(sum, cookie + 1)),
            "wrong method" => drop(cx.caller().c_other(cookie)),
            "twice" => {
                cx.caller().c_sum(sum, cookie);
                cx.caller().c_sum(sum, cookie);
            }
            "late" => {
                let peer = cx.caller().id().unwrap();
                cx.after(2 * LIMIT, move |_, cx| drop(cx.peer(peer).unwrap().c_sum(sum, cookie)));
            }
            _ => {}
        }
    }

    fn s_plain(&mut self, _: i32) {}
}

/// Records the answers of its requests, and the calls that answer no request.
#[distributed_object(serves = AskClient, calls = AskServer)]
#[derive(Default)]
struct Client {
    answers: Vec<String>,
    called: Vec<String>,
}

impl AskClient for Client {
    fn c_sum(&mut self, sum: i32, _: i32) {
        self.called.push(format!("sum {sum}"));
    }
    fn c_refused(&mut self, _: i32, why: &str) {
        self.called.push(format!("refused {why}"));
    }
    fn c_other(&mut self, _: i32) {
        self.called.push("other".to_owned());
    }
}

impl Lifecycle for Client {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.called.push("disconnected".to_owned());
    }
}

impl Client {
    fn on_answer(&mut self, _: &mut Context<Self>, answer: Result<Reply, AskError>) {
        self.answers.push(match answer {
            Ok(answer) if answer.method() == "cSum" => {
                let (sum, _): (i32, i32) = answer.read().unwrap();
                format!("sum {sum}")
            }
            Ok(answer) => {
                let (_, why): (i32, String) = answer.read().unwrap();
                format!("{} {why}", answer.method())
            }
            Err(error) => error.to_string(),
        });
    }

    fn ask(cx: &mut Context<Self>, text: &'static str) -> Result<(), AskError> {
        let server = server(cx);
        let request = move |server: AskServerProxy<psom::Peer<'_>>, cookie| {
            server.s_add(text, cookie, &[1, 2])
        };
        cx.ask(server, LIMIT, request, Self::on_answer)
    }
}

fn server(cx: &mut Context<Client>) -> PeerId {
    cx.server().id().unwrap()
}

fn pair() -> Pair<Server, Client> {
    Pair::new(Server::default(), Client::default())
}

/// Returns the answers and the calls that answer no request.
fn recorded(pair: &mut Pair<Server, Client>) -> (Vec<String>, Vec<String>) {
    pair.on_client(0, |client, _| {
        (std::mem::take(&mut client.answers), std::mem::take(&mut client.called))
    })
}

#[track_caller]
fn asking(text: &'static str, answers: &[&str], called: &[&str]) -> Pair<Server, Client> {
    let mut pair = pair();
    pair.on_client(0, move |_, cx| Client::ask(cx, text).unwrap());
    pair.advance(3 * LIMIT);
    let recorded = recorded(&mut pair);
    let expected = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(recorded, (expected(answers), expected(called)));
    pair
}

#[test]
fn answer_goes_to_the_request_with_its_cookie() {
    asking("add", &["sum 3"], &[]);
    asking("refuse", &["cRefused no"], &[]);
}

#[test]
fn other_calls_go_to_the_object() {
    asking("wrong cookie", &["the peer did not answer in time"], &["sum 3"]);
    asking("wrong method", &["the peer did not answer in time"], &["other"]);
    asking("twice", &["sum 3"], &["sum 3"]);
    asking("late", &["the peer did not answer in time"], &["sum 3"]);
}

#[test]
fn request_ends_with_its_connection() {
    let mut pair = pair();
    pair.on_client(0, |_, cx| Client::ask(cx, "no answer").unwrap());
    pair.drop_client(0);
    let (answers, called) = recorded(&mut pair);
    assert_eq!(answers, [CallError::Gone.to_string()]);
    assert_eq!(called, ["disconnected"]);
    let asked = pair.on_client(0, |_, cx| cx.server().id().is_some());
    assert!(!asked);
    assert_eq!(pair.client_stats(0).timers, 0, "the time limit is cancelled");
}

#[test]
fn cookies_are_never_used_again() {
    let mut pair = pair();
    for text in ["add", "refuse", "no answer", "add"] {
        pair.on_client(0, move |_, cx| Client::ask(cx, text).unwrap());
    }
    pair.advance(2 * LIMIT);
    pair.on_client(0, |_, cx| Client::ask(cx, "add").unwrap());
    let mut cookies = pair.on_server(|server, _| server.cookies.clone());
    assert_eq!(cookies.len(), 5);
    cookies.dedup();
    assert_eq!(cookies, [1, 2, 3, 4, 5]);
    assert_eq!(pair.client_stats(0).timers, 0);
}

#[test]
fn several_requests_can_have_one_cookie() {
    let mut pair = pair();
    let ask = |cx: &mut Context<Client>, text: &'static str| {
        let server = server(cx);
        let request = move |server: AskServerProxy<psom::Peer<'_>>, cookie| {
            server.s_add(text, cookie, &[1, 2])
        };
        cx.ask_under(7, server, LIMIT, request, |client, cx, answer| {
            if answer.is_ok() {
                assert!(cx.caller().id().is_some(), "the caller is the peer that has answered");
            }
            client.on_answer(cx, answer);
        })
    };
    for text in ["add", "refuse"] {
        pair.on_client(0, move |_, cx| ask(cx, text).unwrap());
    }
    let second = pair.on_client(0, move |_, cx| {
        ask(cx, "no answer").unwrap();
        ask(cx, "add")
    });
    assert_eq!(second, Err(AskError::Call(CallError::Misuse(Misuse::CookieInUse(7)))));
    assert_eq!(pair.on_server(|server, _| server.cookies.clone()), [7, 7, 7]);
    let expected = ["sum 3", "cRefused no"].map(str::to_owned).to_vec();
    assert_eq!(recorded(&mut pair), (expected, vec![]));
}

#[test]
fn only_requests_can_be_asked() {
    let mut pair = pair();
    let error = pair.on_client(0, |_, cx| {
        let server = server(cx);
        cx.ask(server, LIMIT, |server, cookie| server.s_plain(cookie), Client::on_answer)
    });
    assert_eq!(error, Err(AskError::Call(CallError::Misuse(Misuse::NoRequest))));
    assert_eq!(recorded(&mut pair), (vec![], vec![]));
}
