//! The objects that the tests talk to: a hall with desks on the server, a guest with seats on the
//! client.

use psom::{
    Context, Handle, Lifecycle, ObjectRef, Scope, Violation, distributed_object, psom_interface,
};

#[psom_interface(name = "Test.Hall", version = 1, hash = 1000, version = 2, hash = 2000)]
pub trait HallServer {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_numbers(&mut self, small: i16, plain: i32, large: i64, short: u32, long: u64);
    fn s_values(&mut self, flag: bool, byte: u8, double: f64);
    fn s_lists(&mut self, numbers: Vec<i32>, bytes: &[u8]);
    fn s_refer(&mut self, cx: &mut Context<Self>, desk: ObjectRef) -> Result<(), Violation>;
    fn s_forbidden(&mut self, reason: String) -> Result<(), Violation>;
    fn s_nothing(&mut self);
    #[since(2)]
    fn s_shout(&mut self, cx: &mut Context<Self>, text: String);
}

#[psom_interface(name = "Test.Hall", version = 1, hash = 100, version = 2, hash = 200)]
pub trait HallClient {
    fn c_said(&mut self, text: &str);
    fn c_numbers(&mut self, plain: i32, large: i64);
    fn c_refer(&mut self, cx: &mut Context<Self>, desk: ObjectRef) -> Result<(), Violation>;
    fn c_bytes(&mut self, bytes: &[u8]);
    #[since(2)]
    fn c_shouted(&mut self, text: &str);
}

/// The sum of version 1 is over 2^63, so it wraps.
#[psom_interface(
    name = "Test.Desk",
    version = 1,
    hash = 9223372036854775807,
    version = 2,
    hash = 31
)]
pub trait DeskServer {
    fn s_knock(&mut self, cx: &mut Context<Self>, times: i32);
    #[since(2)]
    fn s_ring(&mut self);
}

#[psom_interface(name = "Test.Desk", version = 1, hash = 2, version = 2, hash = 32)]
pub trait DeskClient {
    fn c_open(&mut self, times: i32);
}

pub const HALL: &str = "Test.Hall";
pub const HALL_SUMS: [(i32, i64); 2] = [(1, 1100), (2, 2200)];
pub const DESK: &str = "Test.Desk";
pub const DESK_SUMS: [(i32, i64); 2] = [(1, i64::MIN + 1), (2, 63)];
/// What a client sends to connect a desk of version 2, and a server a seat.
pub const DESK_CLIENT_HASH: i64 = 32;
pub const DESK_SERVER_HASH: i64 = 31;

#[distributed_object(serves = HallServer, calls = HallClient)]
pub struct Hall {
    pub heard: Vec<String>,
    #[child("desk")]
    pub desk: Handle<Desk>,
}

#[distributed_object]
impl Hall {
    pub fn new(scope: &mut Scope) -> Self {
        Self { heard: Vec::new(), desk: scope.add(Desk::default()) }
    }

    #[child("desk.{number}")]
    fn numbered(&mut self, cx: &mut Context<Self>, number: i32) -> Option<Handle<Desk>> {
        (number > 0).then(|| cx.add_while_connected(Desk::default()))
    }

    #[child("vault")]
    fn vault(&mut self) -> Result<Handle<Desk>, Violation> {
        Err(Violation::new("the vault is locked"))
    }
}

impl HallServer for Hall {
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str) {
        self.heard.push(text.to_owned());
        cx.caller().c_said(text);
    }

    fn s_numbers(&mut self, small: i16, plain: i32, large: i64, short: u32, long: u64) {
        self.heard.push(format!("{small} {plain} {large} {short} {long}"));
    }

    fn s_values(&mut self, flag: bool, byte: u8, double: f64) {
        self.heard.push(format!("{flag} {byte} {double}"));
    }

    fn s_lists(&mut self, numbers: Vec<i32>, bytes: &[u8]) {
        self.heard.push(format!("{numbers:?} {bytes:?}"));
    }

    fn s_refer(&mut self, cx: &mut Context<Self>, desk: ObjectRef) -> Result<(), Violation> {
        let desk = cx.resolve::<Desk>(desk)?;
        self.heard.push(desk.map_or("nobody", |desk| who(desk == self.desk)).to_owned());
        Ok(())
    }

    fn s_forbidden(&mut self, reason: String) -> Result<(), Violation> {
        Err(Violation::new(reason))
    }

    fn s_nothing(&mut self) {
        self.heard.push("nothing".into());
    }

    fn s_shout(&mut self, cx: &mut Context<Self>, text: String) {
        self.heard.push(text.to_uppercase());
        cx.peers().c_shouted(&text);
    }
}

fn who(is_the_desk: bool) -> &'static str {
    if is_the_desk { "the desk" } else { "another desk" }
}

impl Lifecycle for Hall {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.heard.push("joined".into());
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.heard.push("left".into());
    }
}

#[distributed_object(serves = DeskServer, calls = DeskClient)]
#[derive(Default)]
pub struct Desk {
    pub heard: Vec<i32>,
}

#[distributed_object]
impl Desk {
    #[child("lamp")]
    fn lamp(&mut self, cx: &mut Context<Self>) -> Handle<Desk> {
        cx.add_while_connected(Desk::default())
    }
}

impl DeskServer for Desk {
    fn s_knock(&mut self, cx: &mut Context<Self>, times: i32) {
        self.heard.push(times);
        cx.caller().c_open(times);
    }

    fn s_ring(&mut self) {
        self.heard.push(0);
    }
}

#[distributed_object(serves = HallClient, calls = HallServer)]
#[derive(Default)]
pub struct Guest {
    pub heard: Vec<String>,
    #[child("desk")]
    pub seat: Option<Handle<Seat>>,
}

impl Guest {
    pub fn new(scope: &mut Scope) -> Self {
        Self { seat: Some(scope.add(Seat::default())), ..Self::default() }
    }
}

impl HallClient for Guest {
    fn c_said(&mut self, text: &str) {
        self.heard.push(text.to_owned());
    }

    fn c_numbers(&mut self, plain: i32, large: i64) {
        self.heard.push(format!("{plain} {large}"));
    }

    fn c_refer(&mut self, cx: &mut Context<Self>, desk: ObjectRef) -> Result<(), Violation> {
        let seat = cx.resolve::<Seat>(desk)?;
        self.heard.push(seat.map_or("nobody", |seat| who(Some(seat) == self.seat)).to_owned());
        Ok(())
    }

    fn c_bytes(&mut self, bytes: &[u8]) {
        self.heard.push(format!("{} bytes", bytes.len()));
    }

    fn c_shouted(&mut self, text: &str) {
        self.heard.push(text.to_uppercase());
    }
}

#[distributed_object(serves = DeskClient, calls = DeskServer)]
#[derive(Default)]
pub struct Seat {
    pub heard: Vec<i32>,
}

impl DeskClient for Seat {
    fn c_open(&mut self, times: i32) {
        self.heard.push(times);
    }
}
