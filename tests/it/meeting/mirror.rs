//! The client library's mirror against a real meeting.

use std::sync::{Arc, Mutex};

use psom::testing::Pair;
use psom_objects::{
    client::{Conference, Event},
    server::{Meeting, MeetingConfig},
    types::{Participant, Role},
};

use super::store::MemoryStore;

#[test]
fn meaningless_calls_are_ignored() {
    let files = Arc::new(MemoryStore::default());
    let started = std::time::SystemTime::UNIX_EPOCH;
    let config = MeetingConfig::new("http://127.0.0.1/files/", files, started);
    let mut pair = Pair::server(psom::Config::default(), |scope| Meeting::new(scope, config));
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let heard = events.clone();
    let participant = Participant { uri: "sip:ada@example.com".into(), role: Role::Presenter };
    pair.join_as(participant.user(1, "Ada"), |scope| {
        Conference::new(scope, move |event: Event| heard.lock().unwrap().push(event))
    });
    let before = std::mem::take(&mut *events.lock().unwrap());
    assert!(before.contains(&Event::Ready), "{before:?}");
    let model = pair.on_client(0, |conference, _| conference.model().clone());
    // cSetInfo has no meaning (section 3.2.4.1.1.1).
    assert_eq!(pair.on_server(|_, cx| cx.peers().c_set_info("whatever").reached), 1);
    assert!(events.lock().unwrap().is_empty());
    assert!(pair.client_error(0).is_none());
    assert_eq!(pair.on_client(0, |conference, _| conference.model().clone()), model);
}
