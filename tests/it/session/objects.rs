//! The objects of the session tests: a root with children on the server and on the client.

use psom::{
    Context, Handle, Lifecycle, ObjectRef, Scope, Violation, distributed_object, psom_interface,
};

#[psom_interface(name = "Test.Root", version = 1, hash = 1000, version = 2, hash = 2000)]
pub(crate) trait RootServer {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_numbers(&mut self, small: i16, plain: i32, large: i64, short: u32, long: u64);
    fn s_values(&mut self, flag: bool, byte: u8, double: f64);
    fn s_lists(&mut self, numbers: Vec<i32>, bytes: &[u8]);
    fn s_refer(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation>;
    fn s_forbidden(&mut self, reason: String) -> Result<(), Violation>;
    fn s_nothing(&mut self);
    #[since(2)]
    fn s_shout(&mut self, cx: &mut Context<Self>, text: String);
    #[since(2)]
    fn s_load(&mut self, cx: &mut Context<Self>, text: &str);
}

#[psom_interface(name = "Test.Root", version = 1, hash = 100, version = 2, hash = 200)]
pub(crate) trait RootClient {
    fn c_said(&mut self, text: &str);
    fn c_numbers(&mut self, plain: i32, large: i64);
    fn c_refer(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation>;
    fn c_bytes(&mut self, bytes: &[u8]);
    #[since(2)]
    fn c_shouted(&mut self, text: &str);
    #[since(2)]
    #[latest]
    fn c_progress(&mut self, percent: i32);
}

/// The sum of version 1 is over 2^63, so it wraps.
#[psom_interface(
    name = "Test.Child",
    version = 1,
    hash = 9223372036854775807,
    version = 2,
    hash = 31
)]
pub(crate) trait ChildServer {
    fn s_knock(&mut self, cx: &mut Context<Self>, times: i32);
    #[since(2)]
    fn s_ring(&mut self);
}

#[psom_interface(name = "Test.Child", version = 1, hash = 2, version = 2, hash = 32)]
pub(crate) trait ChildClient {
    fn c_open(&mut self, times: i32);
}

pub(crate) const ROOT: &str = "Test.Root";
pub(crate) const ROOT_SUMS: [(i32, i64); 2] = [(1, 1100), (2, 2200)];
pub(crate) const CHILD: &str = "Test.Child";
pub(crate) const CHILD_SUMS: [(i32, i64); 2] = [(1, i64::MIN + 1), (2, 63)];
/// The hashes in a connect of version 2 of the child, from the client and from the server.
pub(crate) const CHILD_CLIENT_HASH: i64 = 32;
pub(crate) const CHILD_SERVER_HASH: i64 = 31;

#[distributed_object(serves = RootServer, calls = RootClient)]
pub(crate) struct ServerRoot {
    pub received: Vec<String>,
    #[child("child")]
    pub child: Handle<ServerChild>,
}

#[distributed_object]
impl ServerRoot {
    pub(crate) fn new(scope: &mut Scope) -> Self {
        Self { received: Vec::new(), child: scope.add(ServerChild::default()) }
    }

    #[child("child.{number}")]
    fn family(&mut self, cx: &mut Context<Self>, number: i32) -> Option<Handle<ServerChild>> {
        (number > 0).then(|| cx.add_while_connected(ServerChild::default()))
    }

    #[child("locked")]
    fn locked(&mut self) -> Result<Handle<ServerChild>, Violation> {
        Err(Violation::new("the part is locked"))
    }
}

impl RootServer for ServerRoot {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        self.received.push(text.to_owned());
        cx.caller().c_said(text);
    }

    fn s_numbers(&mut self, small: i16, plain: i32, large: i64, short: u32, long: u64) {
        self.received.push(format!("{small} {plain} {large} {short} {long}"));
    }

    fn s_values(&mut self, flag: bool, byte: u8, double: f64) {
        self.received.push(format!("{flag} {byte} {double}"));
    }

    fn s_lists(&mut self, numbers: Vec<i32>, bytes: &[u8]) {
        self.received.push(format!("{numbers:?} {bytes:?}"));
    }

    fn s_refer(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation> {
        let child = cx.resolve::<ServerChild>(child)?;
        self.received
            .push(child.map_or("null", |child| which_child(child == self.child)).to_owned());
        Ok(())
    }

    fn s_forbidden(&mut self, reason: String) -> Result<(), Violation> {
        Err(Violation::new(reason))
    }

    fn s_nothing(&mut self) {
        self.received.push("nothing".into());
    }

    fn s_shout(&mut self, cx: &mut Context<Self>, text: String) {
        self.received.push(text.to_uppercase());
        cx.peers().c_shouted(&text);
    }

    fn s_load(&mut self, cx: &mut Context<Self>, text: &str) {
        cx.caller().c_said(text);
        cx.caller().c_progress(0);
    }
}

fn which_child(is_the_child: bool) -> &'static str {
    if is_the_child { "the child" } else { "another child" }
}

impl Lifecycle for ServerRoot {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.received.push("joined".into());
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.received.push("left".into());
    }
}

#[distributed_object(serves = ChildServer, calls = ChildClient)]
#[derive(Default)]
pub(crate) struct ServerChild {
    pub received: Vec<i32>,
}

#[distributed_object]
impl ServerChild {
    #[child("grandchild")]
    fn grandchild(&mut self, cx: &mut Context<Self>) -> Handle<Self> {
        cx.add_while_connected(Self::default())
    }
}

impl ChildServer for ServerChild {
    fn s_knock(&mut self, cx: &mut Context<Self>, times: i32) {
        self.received.push(times);
        cx.caller().c_open(times);
    }

    fn s_ring(&mut self) {
        self.received.push(0);
    }
}

#[distributed_object(serves = RootClient, calls = RootServer)]
#[derive(Default)]
pub(crate) struct ClientRoot {
    pub received: Vec<String>,
    #[child("child")]
    pub child: Option<Handle<ClientChild>>,
}

impl ClientRoot {
    pub(crate) fn new(scope: &mut Scope) -> Self {
        Self { child: Some(scope.add(ClientChild::default())), ..Self::default() }
    }
}

impl RootClient for ClientRoot {
    fn c_said(&mut self, text: &str) {
        self.received.push(text.to_owned());
    }

    fn c_numbers(&mut self, plain: i32, large: i64) {
        self.received.push(format!("{plain} {large}"));
    }

    fn c_refer(&mut self, cx: &mut Context<Self>, child: ObjectRef) -> Result<(), Violation> {
        let child = cx.resolve::<ClientChild>(child)?;
        self.received
            .push(child.map_or("null", |child| which_child(Some(child) == self.child)).to_owned());
        Ok(())
    }

    fn c_bytes(&mut self, bytes: &[u8]) {
        self.received.push(format!("{} bytes", bytes.len()));
    }

    fn c_shouted(&mut self, text: &str) {
        self.received.push(text.to_uppercase());
    }

    fn c_progress(&mut self, percent: i32) {
        self.received.push(format!("{percent} %"));
    }
}

#[distributed_object(serves = ChildClient, calls = ChildServer)]
#[derive(Default)]
pub(crate) struct ClientChild {
    pub received: Vec<i32>,
}

impl ChildClient for ClientChild {
    fn c_open(&mut self, times: i32) {
        self.received.push(times);
    }
}
