//! The events in the life of an object, its groups of peers, its clock, and functions around its calls.

use std::time::{Duration, SystemTime};

use psom::{
    Context, Handle, Lifecycle, Scope, Violation, distributed_object, interface::MethodDesc,
    psom_interface, testing::Pair,
};

#[psom_interface(name = "Test.Life", version = 1, hash = 0x1d2b_03c5_77a9_e1f4)]
trait LifeServer {
    fn s_join(&mut self, cx: &mut Context<Self>, group: &str);
    fn s_leave(&mut self, cx: &mut Context<Self>, group: &str);
    fn s_tell_others(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_tell_group(&mut self, cx: &mut Context<Self>, group: &str, text: &str);
    async fn s_secret(&mut self);
}

#[psom_interface(name = "Test.Life", version = 1, hash = 0x60f3_9b1e_5a80_c2d7)]
trait LifeClient {
    fn c_told(&mut self, text: &str);
}

/// Records its events.
#[distributed_object(serves = LifeServer, calls = LifeClient, before = Self::before, after = Room::after)]
#[derive(Default)]
struct Room {
    events: Vec<String>,
    twin: Option<Handle<Self>>,
}

#[expect(clippy::same_name_method, reason = "this is how an object replaces the methods")]
impl Room {
    fn before(&mut self, cx: &mut Context<Self>, method: &MethodDesc) -> Result<(), Violation> {
        self.events.push(format!("before {} of {}", method.name, cx.caller().user().id));
        match method.name {
            "sSecret" if cx.caller().user().id != 1 => Err(Violation::new("not for you")),
            _ => Ok(()),
        }
    }

    fn after(&mut self, _: &mut Context<Self>, method: &MethodDesc) {
        self.events.push(format!("after {}", method.name));
    }
}

impl LifeServer for Room {
    fn s_join(&mut self, cx: &mut Context<Self>, group: &str) {
        cx.caller().join(group);
    }

    fn s_leave(&mut self, cx: &mut Context<Self>, group: &str) {
        self.events.push(format!("left: {}", cx.caller().leave(group)));
    }

    fn s_tell_others(&mut self, cx: &mut Context<Self>, text: &str) {
        cx.others().c_told(text);
    }

    fn s_tell_group(&mut self, cx: &mut Context<Self>, group: &str, text: &str) {
        cx.group(group).c_told(text);
    }

    async fn s_secret(&mut self) {
        self.events.push("secret".to_owned());
    }
}

impl Lifecycle for Room {
    fn added(&mut self, cx: &mut Context<Self>) {
        self.events.push("added".to_owned());
        cx.save("added", "yes");
    }

    fn connected(&mut self, _: &mut Context<Self>) {
        self.events.push("connected".to_owned());
    }
}

#[distributed_object(serves = LifeClient, calls = LifeServer)]
#[derive(Default)]
struct Screen(Vec<String>);

impl LifeClient for Screen {
    fn c_told(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

fn pair(clients: usize) -> Pair<Room, Screen> {
    let mut pair = Pair::server(psom::Config::default(), |_: &mut Scope| Room::default());
    for _ in 0..clients {
        pair.join(|_| Screen::default());
    }
    pair
}

fn events(pair: &mut Pair<Room, Screen>) -> Vec<String> {
    pair.on_server(|room, _| std::mem::take(&mut room.events))
}

fn told(pair: &mut Pair<Room, Screen>) -> Vec<Vec<String>> {
    (0..3).map(|client| pair.on_client(client, |screen, _| std::mem::take(&mut screen.0))).collect()
}

#[test]
fn root_is_notified_before_its_first_peer() {
    let mut pair = pair(1);
    assert_eq!(events(&mut pair), ["added", "connected"]);
    assert_eq!(pair.take_writes()[0].key, "added", "it can save state");
}

#[test]
fn object_is_notified_after_the_handler_that_adds_it() {
    let mut pair = pair(0);
    pair.on_server(|room, cx| {
        let twin = cx.add_with(|cx: &mut Scope, twin| {
            cx.tell(twin, |twin: &mut Room, _| twin.events.push("told".to_owned()));
            Room::default()
        });
        room.twin = Some(twin);
        assert!(cx.get(twin).unwrap().events.is_empty(), "not while this handler runs");
    });
    let events = pair.on_server(|room, cx| cx.get(room.twin.unwrap()).unwrap().events.clone());
    assert_eq!(events, ["added", "told"]);
}

#[test]
fn others_are_all_peers_but_the_caller() {
    let mut pair = pair(3);
    pair.on_client(1, |_, cx| drop(cx.server().s_tell_others("hello")));
    assert_eq!(told(&mut pair), [vec!["hello"], vec![], vec!["hello"]]);
    let count = pair.on_server(|_, cx| cx.others().len());
    assert_eq!(count, 3, "without a caller, all peers are others");
}

#[test]
fn groups_have_the_peers_that_joined_them() {
    let mut pair = pair(3);
    for client in [0, 2] {
        pair.on_client(client, |_, cx| drop(cx.server().s_join("editors")));
    }
    let tell =
        |_: &mut Screen, cx: &mut Context<Screen>| drop(cx.server().s_tell_group("editors", "x"));
    pair.on_client(1, tell);
    assert_eq!(told(&mut pair), [vec!["x"], vec![], vec!["x"]]);
    pair.on_client(0, |_, cx| drop(cx.server().s_leave("editors")));
    pair.on_client(0, |_, cx| drop(cx.server().s_leave("editors")));
    assert!(events(&mut pair).ends_with(&[
        "left: true".into(),
        "after sLeave".into(),
        "before sLeave of 1".into(),
        "left: false".into(),
        "after sLeave".into(),
    ]));
    pair.on_client(1, tell);
    assert_eq!(told(&mut pair), [vec![], vec![], vec!["x"]]);
    pair.drop_client(2);
    let members = pair.on_server(|_, cx| cx.group("editors").len());
    assert_eq!(members, 0, "a peer that is gone leaves its groups");
}

#[test]
fn interceptors_run_around_each_call() {
    let mut pair = pair(2);
    events(&mut pair);
    pair.on_client(0, |_, cx| drop(cx.server().s_secret()));
    assert_eq!(events(&mut pair), ["before sSecret of 1", "secret", "after sSecret"]);
    pair.on_client(1, |_, cx| drop(cx.server().s_secret()));
    assert_eq!(events(&mut pair), ["before sSecret of 2", "after sSecret"]);
    let error = pair.client_error(1).unwrap().to_string();
    assert!(error.contains("not for you"), "{error}");
    assert!(pair.client_error(0).is_none());
}

#[test]
fn wall_clock_time_is_virtual() {
    let mut pair = pair(1);
    let time = |pair: &mut Pair<Room, Screen>| pair.on_server(|_, cx| cx.time());
    assert_eq!(time(&mut pair), SystemTime::UNIX_EPOCH);
    pair.advance(Duration::from_secs(90));
    assert_eq!(time(&mut pair), SystemTime::UNIX_EPOCH + Duration::from_secs(90));
}

#[test]
fn server_is_the_only_peer_of_a_client() {
    let mut pair = pair(1);
    let version = pair.on_client(0, |_, cx| cx.server().version());
    assert_eq!(version, 1);
    pair.close_client(0);
    let sent = pair.on_client(0, |_, cx| cx.server().s_secret().ok());
    assert!(sent.is_err());
}
