//! A content type defined by a test, and its possible mistakes.

use std::collections::HashMap;

use psom::{
    Config, Context, Error, Scope, Violation, distributed_object, psom_interface, testing::Pair,
};
use psom_objects::{
    client::{Conference, Event, Upload},
    package::{ContentDetail, CreateContent, OtherContent},
    server::{
        ContentType, ContentTypes, Meeting, Memory, NewContent, OldContent, Refusal, SavedState,
    },
    testing::MemoryStore,
    types::{Participant, Role},
};

use super::world::config;

#[psom_interface(name = "Test.Gauge", version = 1, hash = 6177245107811270317)]
trait GaugeServer {
    fn s_set(&mut self, cx: &mut Context<Self>, value: f64) -> Result<(), Violation>;
    fn s_place(&mut self, cx: &mut Context<Self>, x: i32, y: i32) -> Result<(), Violation>;
}

#[psom_interface(name = "Test.Gauge", version = 1, hash = -2204837651129350986)]
trait GaugeClient {
    fn c_set(&mut self, value: f64);
}

#[distributed_object(serves = GaugeServer, calls = GaugeClient)]
struct Gauge {
    memory: Memory,
}

impl ContentType for Gauge {
    const NAME: &'static str = "Test.Gauge";

    fn create(_: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        Ok(Self { memory: new.memory })
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        old.saved.required::<f64>("value")?;
        Ok(Self { memory: old.memory })
    }
}

impl GaugeServer for Gauge {
    fn s_set(&mut self, cx: &mut Context<Self>, value: f64) -> Result<(), Violation> {
        self.memory.save(cx, "value", &value)?;
        cx.peers().c_set(value);
        Ok(())
    }

    fn s_place(&mut self, cx: &mut Context<Self>, x: i32, y: i32) -> Result<(), Violation> {
        self.memory.save(cx, "places", &HashMap::from([((x, y), 1)]))?;
        cx.peers().c_set(0.0);
        Ok(())
    }
}

#[distributed_object(serves = GaugeClient, calls = GaugeServer)]
#[derive(Default)]
struct Dial {
    seen: Vec<f64>,
}

impl GaugeClient for Dial {
    fn c_set(&mut self, value: f64) {
        self.seen.push(value);
    }
}

type Act = fn(&mut Dial, &mut Context<Dial>);
type World = Pair<Meeting, Conference>;

fn open(state: &SavedState) -> World {
    let mut config = config(MemoryStore::default());
    config.content_types = ContentTypes::standard().with::<Gauge>();
    Pair::server(Config::default(), |scope| Meeting::restore(scope, config, state).unwrap())
}

fn join(world: &mut World, id: i64) -> usize {
    let participant = Participant { uri: format!("sip:{id}@example.com"), role: Role::Presenter };
    world.join_as(participant.user(id, "user"), |scope| {
        let conference = Conference::new(scope, |_: Event| ());
        conference.with_content(scope, Gauge::NAME, |_| Dial::default())
    })
}

fn call(world: &mut World, client: usize, act: Act) {
    world.on_client(client, move |conference, cx| {
        let dial = conference.extended::<Dial>(cx, 1).unwrap();
        cx.try_tell(dial, act).unwrap();
    });
}

fn seen(world: &mut World, client: usize) -> Vec<f64> {
    world.on_client(client, |conference, cx| {
        let dial = conference.extended::<Dial>(cx, 1).unwrap();
        cx.get(dial).unwrap().seen.clone()
    })
}

#[test]
fn failed_save_ends_one_connection_and_sends_nothing() {
    let mut state = SavedState::new();
    let mut world = open(&state);
    let ada = join(&mut world, 1);
    let detail = OtherContent { content_type: Gauge::NAME.into(), xml: None };
    let gauge = CreateContent::new("Gauge", ContentDetail::Other(detail));
    let gauge = Upload::new(gauge, []).unwrap();
    world.on_client(ada, |conference, cx| conference.upload(cx, gauge)).unwrap();
    call(&mut world, ada, |_, cx| drop(cx.peers().s_set(1.5)));
    let bad: [(Act, &str); 3] = [
        (|_, cx| drop(cx.peers().s_set(f64::NAN)), "`value` was not saved: JSON has no number NaN"),
        (
            |_, cx| drop(cx.peers().s_set(f64::INFINITY)),
            "`value` was not saved: JSON has no number inf",
        ),
        (|_, cx| drop(cx.peers().s_place(1, 2)), "`places` was not saved: key must be a string"),
    ];
    for (number, (act, expected)) in (2..).zip(bad) {
        let stranger = join(&mut world, number);
        call(&mut world, stranger, act);
        let error = world.client_error(stranger).cloned();
        assert!(
            matches!(&error, Some(Error::PeerBroke(why)) if why.contains(expected)),
            "{error:?}"
        );
    }
    assert_eq!((seen(&mut world, ada), world.client_error(ada)), (vec![1.5], None));
    world.take_writes().into_iter().for_each(|write| write.apply(&mut state));
    assert_eq!(state.get("content/1/value").map(String::as_str), Some("1.5"));
    assert!(!state.contains_key("content/1/places"));
    let mut again = open(&state);
    assert!(again.on_server(|meeting, _| meeting.set_aside().is_empty()));
}
