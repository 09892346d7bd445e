//! The objects of the space tests: a server root that forwards calls, and a client root that
//! records them.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use psom::{Context, Handle, Lifecycle, ObjectRef, Violation, distributed_object, psom_interface};

#[psom_interface(name = "Test.Root", version = 1, hash = 11, version = 2, hash = 12)]
pub(super) trait RootServer {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_send(&mut self, cx: &mut Context<Self>, data: Bytes);
    fn s_child(&mut self, cx: &mut Context<Self>, name: String);
    fn s_pass(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation>;
    fn s_refuse(&mut self, reason: String) -> Result<(), Violation>;
    async fn s_slowly(&mut self, cx: &mut Context<Self>, text: &str);
    #[since(2)]
    fn s_new(&mut self, number: i32);
}

#[psom_interface(name = "Test.Root", version = 1, hash = 21, version = 2, hash = 22)]
pub(super) trait RootClient {
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
pub(super) trait ChildServer {
    fn s_note(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_close(&mut self, cx: &mut Context<Self>);
}

#[psom_interface(name = "Test.Child", version = 1, hash = 41)]
pub(super) trait ChildClient {
    fn c_note(&mut self, text: &str);
}

/// The server's root. It records its events.
#[distributed_object(serves = RootServer, calls = RootClient)]
#[derive(Default)]
pub(super) struct ServerRoot {
    pub notes: Vec<String>,
    #[child("fixed")]
    pub fixed: Option<Handle<ServerChild>>,
    pub children: Vec<Handle<ServerChild>>,
    /// The objects notified of a disconnect, in order.
    pub disconnects: Disconnects,
}

/// Shared by the root and its children.
pub(super) type Disconnects = Arc<Mutex<Vec<&'static str>>>;

#[distributed_object]
impl ServerRoot {
    #[child("child.{number}")]
    fn numbered_child(
        &mut self,
        cx: &mut Context<Self>,
        number: i64,
    ) -> Option<Handle<ServerChild>> {
        let disconnects = Arc::clone(&self.disconnects);
        let child = ServerChild { disconnects, ..ServerChild::default() };
        let child = (number < 100).then(|| cx.add_while_connected(child));
        self.children.extend(child);
        child
    }

    #[child("forbidden")]
    fn forbidden(&mut self) -> Result<Option<Handle<ServerChild>>, Violation> {
        Err(Violation::new("the part is forbidden"))
    }
}

impl RootServer for ServerRoot {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        let from = cx.caller().user().id;
        self.notes.push(format!("{from}: {text}"));
        cx.peers().c_said(from, text);
    }

    fn s_send(&mut self, cx: &mut Context<Self>, data: Bytes) {
        cx.peers().c_sent(data);
    }

    fn s_child(&mut self, cx: &mut Context<Self>, name: String) {
        let disconnects = Arc::clone(&self.disconnects);
        let child = cx.add_while_connected(ServerChild { disconnects, ..ServerChild::default() });
        self.children.push(child);
        let connected = cx.caller().connect(&name, child);
        self.notes.push(format!("connect {name}: {}", connected.is_ok()));
    }

    fn s_pass(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation> {
        match cx.resolve::<ServerChild>(child)? {
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

impl Lifecycle for ServerRoot {
    fn connected(&mut self, cx: &mut Context<Self>) {
        self.notes.push(format!("+{}", cx.caller().user().name));
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let (name, left) = (cx.caller().user().name.clone(), cx.peers().len());
        // A disconnected peer cannot be called.
        assert!(cx.caller().c_place(1).ok().is_err());
        self.notes.push(format!("-{name}, {left} left"));
        self.disconnects.lock().unwrap().push("root");
    }
}

/// A child of the server's root.
#[distributed_object(serves = ChildServer, calls = ChildClient)]
#[derive(Default)]
pub(super) struct ServerChild {
    pub notes: Vec<String>,
    pub disconnects: Disconnects,
}

impl ChildServer for ServerChild {
    fn s_note(&mut self, cx: &mut Context<Self>, text: &str) {
        self.notes.push(text.to_owned());
        cx.caller().c_note(text);
    }

    fn s_close(&mut self, cx: &mut Context<Self>) {
        cx.caller().close();
    }
}

impl Lifecycle for ServerChild {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.disconnects.lock().unwrap().push("child");
    }
}

/// A client's root.
#[distributed_object(serves = RootClient, calls = RootServer)]
pub(super) struct ClientRoot {
    pub received: Vec<String>,
    #[child("given")]
    pub given: Handle<ClientChild>,
    #[child("taken")]
    pub taken: Handle<ClientChild>,
}

impl ClientRoot {
    pub(super) fn new(scope: &mut psom::Scope) -> Self {
        let (given, taken) = (scope.add(ClientChild::default()), scope.add(ClientChild::default()));
        Self { received: Vec::new(), given, taken }
    }
}

impl RootClient for ClientRoot {
    fn c_said(&mut self, _: &mut Context<Self>, from: i64, text: &str) {
        self.received.push(format!("{from}: {text}"));
    }

    fn c_sent(&mut self, data: Bytes) {
        self.received.push(format!("{} bytes", data.len()));
    }

    fn c_passed(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation> {
        let child = cx.resolve::<ClientChild>(child)?;
        let which = match child {
            Some(child) if child == self.given => "given",
            Some(child) if child == self.taken => "taken",
            Some(_) => "unknown",
            None => "null",
        };
        self.received.push(format!("passed {which}"));
        Ok(())
    }

    fn c_place(&mut self, x: i32) {
        self.received.push(format!("place {x}"));
    }

    fn c_new(&mut self, number: i32) {
        self.received.push(format!("new {number}"));
    }

    fn c_picture(&mut self, data: &[u8]) {
        self.received.push(format!("picture {}", data[0]));
    }

    fn c_point(&mut self, user: i64, x: i32) {
        self.received.push(format!("point {user} {x}"));
    }
}

/// A child of a client's root.
#[distributed_object(serves = ChildClient, calls = ChildServer)]
#[derive(Default)]
pub(super) struct ClientChild {
    pub notes: Vec<String>,
}

impl ChildClient for ClientChild {
    fn c_note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
}

impl Lifecycle for ClientChild {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.notes.push("connected".into());
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.notes.push("disconnected".into());
    }
}

pub(super) type Pair = psom::testing::Pair<ServerRoot, ClientRoot>;

/// Connects this number of clients to a server.
pub(super) fn pair(clients: usize) -> Pair {
    let mut pair = Pair::server(psom::Config::default(), |_| ServerRoot::default());
    for _ in 0..clients {
        pair.join(ClientRoot::new);
    }
    pair
}

/// Returns the calls that a client has received.
pub(super) fn received(pair: &mut Pair, client: usize) -> Vec<String> {
    pair.on_client(client, |client, _| client.received.clone())
}

/// Returns the events that the server's root has recorded.
pub(super) fn notes(pair: &mut Pair) -> Vec<String> {
    pair.on_server(|root, _| root.notes.clone())
}

/// Returns the calls that the client's object `given` has received.
pub(super) fn given(pair: &mut Pair) -> Vec<String> {
    pair.on_client(0, |client, cx| cx.get(client.given).unwrap().notes.clone())
}

/// Yields once to the other tasks of a runtime.
pub(super) async fn yield_once() {
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
