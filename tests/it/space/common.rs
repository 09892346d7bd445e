//! The objects that these tests use: a hub that passes things on, and an ear that notes them.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use psom::{Context, Handle, Lifecycle, ObjectRef, Violation, distributed_object, psom_interface};

#[psom_interface(name = "Test.Hub", version = 1, hash = 11, version = 2, hash = 12)]
pub trait HubServer {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_send(&mut self, cx: &mut Context<Self>, data: Bytes);
    fn s_child(&mut self, cx: &mut Context<Self>, name: String);
    fn s_pass(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation>;
    fn s_refuse(&mut self, reason: String) -> Result<(), Violation>;
    async fn s_slowly(&mut self, cx: &mut Context<Self>, text: &str);
    #[since(2)]
    fn s_new(&mut self, number: i32);
}

#[psom_interface(name = "Test.Hub", version = 1, hash = 21, version = 2, hash = 22)]
pub trait HubClient {
    fn c_said(&mut self, cx: &mut Context<Self>, from: i64, text: &str);
    fn c_sent(&mut self, data: Bytes);
    fn c_passed(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation>;
    #[latest]
    fn c_place(&mut self, x: i32);
    #[since(2)]
    fn c_new(&mut self, number: i32);
    #[since(2)]
    #[latest]
    fn c_picture(&mut self, data: &[u8]);
    #[since(2)]
    #[latest(user)]
    fn c_point(&mut self, user: i64, x: i32);
}

#[psom_interface(name = "Test.Child", version = 1, hash = 31)]
pub trait ChildServer {
    fn s_note(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_close(&mut self, cx: &mut Context<Self>);
}

#[psom_interface(name = "Test.Child", version = 1, hash = 41)]
pub trait ChildClient {
    fn c_note(&mut self, text: &str);
}

/// The server's root. It notes what happens to it.
#[distributed_object(serves = HubServer, calls = HubClient)]
#[derive(Default)]
pub struct Hub {
    pub notes: Vec<String>,
    #[child("fixed")]
    pub fixed: Option<Handle<Child>>,
    pub made: Vec<Handle<Child>>,
    /// Who was told of a disconnect, in order.
    pub told: Told,
}

/// Shared by a hub and its children.
pub type Told = Arc<Mutex<Vec<&'static str>>>;

#[distributed_object]
impl Hub {
    #[child("child.{number}")]
    fn child(&mut self, cx: &mut Context<Self>, number: i64) -> Option<Handle<Child>> {
        let told = self.told.clone();
        let child = Child { told, ..Child::default() };
        let child = (number < 100).then(|| cx.add_while_connected(child));
        self.made.extend(child);
        child
    }

    #[child("forbidden")]
    fn forbidden(&mut self) -> Result<Option<Handle<Child>>, Violation> {
        Err(Violation::new("hands off"))
    }
}

impl HubServer for Hub {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        let from = cx.caller().user().id;
        self.notes.push(format!("{from}: {text}"));
        cx.peers().c_said(from, text);
    }

    fn s_send(&mut self, cx: &mut Context<Self>, data: Bytes) {
        cx.peers().c_sent(data);
    }

    fn s_child(&mut self, cx: &mut Context<Self>, name: String) {
        let told = self.told.clone();
        let child = cx.add_while_connected(Child { told, ..Child::default() });
        self.made.push(child);
        let connected = cx.caller().connect(&name, child);
        self.notes.push(format!("connect {name}: {}", connected.is_ok()));
    }

    fn s_pass(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation> {
        match cx.resolve::<Child>(child)? {
            Some(child) => drop(cx.caller().c_passed(child.into())),
            None => drop(cx.caller().c_passed(ObjectRef::NULL)),
        }
        Ok(())
    }

    fn s_refuse(&mut self, reason: String) -> Result<(), Violation> {
        Err(Violation::new(reason))
    }

    async fn s_slowly(&mut self, cx: &mut Context<Self>, text: &str) {
        self.notes.push(format!("before {text}"));
        yield_once().await;
        self.notes.push(format!("after {text}"));
        cx.caller().c_said(0, text);
    }

    fn s_new(&mut self, number: i32) {
        self.notes.push(format!("new {number}"));
    }
}

impl Lifecycle for Hub {
    fn connected(&mut self, cx: &mut Context<Self>) {
        self.notes.push(format!("+{}", cx.caller().user().name));
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let (name, left) = (cx.caller().user().name.clone(), cx.peers().len());
        // Nothing reaches a peer that is gone.
        assert!(cx.caller().c_place(1).ok().is_err());
        self.notes.push(format!("-{name}, {left} left"));
        self.told.lock().unwrap().push("hub");
    }
}

/// A child of the server.
#[distributed_object(serves = ChildServer, calls = ChildClient)]
#[derive(Default)]
pub struct Child {
    pub notes: Vec<String>,
    pub told: Told,
}

impl ChildServer for Child {
    fn s_note(&mut self, cx: &mut Context<Self>, text: &str) {
        self.notes.push(text.to_owned());
        cx.caller().c_note(text);
    }

    fn s_close(&mut self, cx: &mut Context<Self>) {
        cx.caller().close();
    }
}

impl Lifecycle for Child {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.told.lock().unwrap().push("child");
    }
}

/// A client's root.
#[distributed_object(serves = HubClient, calls = HubServer)]
pub struct Ear {
    pub heard: Vec<String>,
    #[child("given")]
    pub given: Handle<EarChild>,
    #[child("taken")]
    pub taken: Handle<EarChild>,
}

impl Ear {
    pub fn new(scope: &mut psom::Scope) -> Self {
        let (given, taken) = (scope.add(EarChild::default()), scope.add(EarChild::default()));
        Self { heard: Vec::new(), given, taken }
    }
}

impl HubClient for Ear {
    fn c_said(&mut self, _: &mut Context<Self>, from: i64, text: &str) {
        self.heard.push(format!("{from}: {text}"));
    }

    fn c_sent(&mut self, data: Bytes) {
        self.heard.push(format!("{} bytes", data.len()));
    }

    fn c_passed(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation> {
        let child = cx.resolve::<EarChild>(child)?;
        let which = match child {
            Some(child) if child == self.given => "given",
            Some(child) if child == self.taken => "taken",
            Some(_) => "unknown",
            None => "null",
        };
        self.heard.push(format!("passed {which}"));
        Ok(())
    }

    fn c_place(&mut self, x: i32) {
        self.heard.push(format!("place {x}"));
    }

    fn c_new(&mut self, number: i32) {
        self.heard.push(format!("new {number}"));
    }

    fn c_picture(&mut self, data: &[u8]) {
        self.heard.push(format!("picture {}", data[0]));
    }

    fn c_point(&mut self, user: i64, x: i32) {
        self.heard.push(format!("point {user} {x}"));
    }
}

/// A child of a client.
#[distributed_object(serves = ChildClient, calls = ChildServer)]
#[derive(Default)]
pub struct EarChild {
    pub notes: Vec<String>,
}

impl ChildClient for EarChild {
    fn c_note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
}

impl Lifecycle for EarChild {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.notes.push("connected".into());
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.notes.push("disconnected".into());
    }
}

pub type Pair = psom::testing::Pair<Hub, Ear>;

/// A hub with so many ears.
pub fn pair(clients: usize) -> Pair {
    let mut pair = Pair::server(psom::Config::default(), |_| Hub::default());
    for _ in 0..clients {
        pair.join(Ear::new);
    }
    pair
}

/// What a client has heard.
pub fn heard(pair: &mut Pair, client: usize) -> Vec<String> {
    pair.on_client(client, |ear, _| ear.heard.clone())
}

/// What the hub has noted.
pub fn notes(pair: &mut Pair) -> Vec<String> {
    pair.on_server(|hub, _| hub.notes.clone())
}

/// What the client's object for the part "given" has noted.
pub fn given(pair: &mut Pair) -> Vec<String> {
    pair.on_client(0, |ear, cx| cx.get(ear.given).unwrap().notes.clone())
}

/// Lets everything else of a runtime have its turn.
pub async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
