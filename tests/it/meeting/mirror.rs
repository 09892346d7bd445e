//! The client library's mirror against a real meeting.

use psom_objects::{client::Event, types::Role};

use super::conference::ConferenceWorld;

#[test]
fn meaningless_calls_are_ignored() {
    let mut world = ConferenceWorld::new();
    let events = world.join_recording(1, Role::Presenter);
    let before = std::mem::take(&mut *events.lock().unwrap());
    assert!(before.contains(&Event::Ready), "{before:?}");
    let model = world.pair.on_client(0, |conference, _| conference.model().clone());
    // cSetInfo has no meaning (section 3.2.4.1.1.1).
    assert_eq!(world.pair.on_server(|_, cx| cx.peers().c_set_info("whatever").reached), 1);
    assert!(events.lock().unwrap().is_empty());
    assert!(world.pair.client_error(0).is_none());
    assert_eq!(world.pair.on_client(0, |conference, _| conference.model().clone()), model);
}
