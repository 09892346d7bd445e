//! The stage: at most one presented content and one presenter.

use psom_objects::types::Role;

use super::world::{ATTENDEE, ORGANIZER, PRESENTER, World, world};

/// Returns a meeting with two contents connected by all clients.
fn with_contents() -> (World, [psom::Handle<super::client::Content>; 3]) {
    let mut world = world();
    world.share(ORGANIZER, "one.txt", 1);
    world.share(PRESENTER, "two.txt", 1);
    let first = world.open(ORGANIZER, 1);
    let second = world.open(PRESENTER, 2);
    let watched = world.open(ATTENDEE, 1);
    world.forget();
    (world, [first, second, watched])
}

#[test]
fn presented_content_is_announced_to_all() {
    let (mut world, [first, ..]) = with_contents();
    world.content(ORGANIZER, first, |content| drop(content.s_present()));
    assert_eq!(
        world.received(ATTENDEE),
        [
            "contents.active content 1",
            "contents.active presenter 1",
            "content 1.presented true by 1",
            "content 1.order 1",
            "content 1.used 19",
        ]
    );
}

#[test]
fn stage_passes_to_the_next_presenter() {
    let (mut world, [first, second, _]) = with_contents();
    world.content(ORGANIZER, first, |content| drop(content.s_present()));
    world.received(ATTENDEE);
    world.content(PRESENTER, second, |content| drop(content.s_present()));
    assert_eq!(
        world.received(ATTENDEE),
        [
            "contents.active content 2",
            "contents.active presenter 2",
            "content 1.presented false by 0",
            "content 1.order 0",
        ]
    );
}

#[test]
fn claiming_the_stage_removes_the_presented_content() {
    let (mut world, [first, ..]) = with_contents();
    world.content(ORGANIZER, first, |content| drop(content.s_present()));
    world.received(ATTENDEE);
    world.contents(PRESENTER, |contents| drop(contents.s_present()));
    assert_eq!(
        world.received(ATTENDEE),
        [
            "contents.active content 0",
            "contents.active presenter 2",
            "content 1.presented false by 0",
            "content 1.order 0",
        ]
    );
}

#[test]
fn only_the_active_presenter_can_leave_the_stage() {
    let (mut world, [first, second, _]) = with_contents();
    world.content(ORGANIZER, first, |content| drop(content.s_present()));
    world.forget();
    world.contents(PRESENTER, |contents| drop(contents.s_stop_presenting()));
    world.content(PRESENTER, second, |content| drop(content.s_stop_presenting()));
    assert!(world.received(ATTENDEE).is_empty(), "no change, no answer");
    world.content(ORGANIZER, first, |content| drop(content.s_stop_presenting()));
    assert_eq!(
        world.received_of(ATTENDEE, "contents."),
        ["contents.active content 0", "contents.active presenter 0"]
    );
}

#[test]
fn attendee_cannot_present() {
    let (mut world, [.., watched]) = with_contents();
    world.content(ATTENDEE, watched, |content| drop(content.s_present()));
    world.contents(ATTENDEE, |contents| drop(contents.s_present()));
    assert!(world.received(ORGANIZER).is_empty());
}

#[test]
fn leaving_presenter_stops_presenting() {
    let (mut world, [_, second, _]) = with_contents();
    world.content(PRESENTER, second, |content| drop(content.s_present()));
    let again = world.join(2, Role::Presenter);
    world.forget();
    world.pair.drop_client(PRESENTER);
    assert!(world.received(ATTENDEE).is_empty(), "another connection of the user is still there");
    world.pair.drop_client(again);
    assert_eq!(
        world.received_of(ATTENDEE, "contents."),
        ["contents.active content 0", "contents.active presenter 0"]
    );
}

#[test]
fn demoted_presenter_stops_presenting() {
    let (mut world, [_, second, _]) = with_contents();
    world.content(PRESENTER, second, |content| drop(content.s_present()));
    world.received(ATTENDEE);
    world.set_role(2, Role::Attendee);
    assert_eq!(
        world.received_of(ATTENDEE, "contents."),
        ["contents.active content 0", "contents.active presenter 0"]
    );
}

#[test]
fn latest_presented_content_has_the_highest_order() {
    let (mut world, [first, ..]) = with_contents();
    world.content(ORGANIZER, first, |content| drop(content.s_make_highest_presentation_order()));
    assert!(world.received(ATTENDEE).is_empty(), "it is not presented");
    world.content(ORGANIZER, first, |content| drop(content.s_present()));
    world.received(ATTENDEE);
    world.content(ORGANIZER, first, |content| drop(content.s_make_highest_presentation_order()));
    assert_eq!(world.received(ATTENDEE), ["content 1.order 2"]);
}

#[test]
fn deleted_content_leaves_the_stage() {
    let (mut world, [first, ..]) = with_contents();
    world.content(ORGANIZER, first, |content| drop(content.s_present()));
    world.received(ATTENDEE);
    world.contents(ORGANIZER, |contents| drop(contents.s_delete_content(1)));
    assert_eq!(
        world.received(ATTENDEE),
        ["contents.removed 1", "contents.active content 0", "content 1.closed"]
    );
    assert_eq!(world.disk().0, ["file-2"]);
}

#[test]
fn claiming_the_stage_removes_own_content_too() {
    let (mut world, [first, ..]) = with_contents();
    world.content(ORGANIZER, first, |content| drop(content.s_present()));
    world.received(ATTENDEE);
    world.contents(ORGANIZER, |contents| drop(contents.s_present()));
    assert_eq!(world.received_of(ATTENDEE, "contents."), ["contents.active content 0"]);
}

#[test]
fn cost_of_no_op_calls_is_independent_of_meeting_size() {
    let cost = |peers: i64, contents: i32| {
        let mut world = world();
        for cookie in 0..contents {
            world.share(PRESENTER, &format!("{cookie}.txt"), cookie);
        }
        for user in 0..peers {
            world.join(10 + user, Role::Attendee);
        }
        let mut calls = |count: usize| {
            allocation_counter::measure(|| {
                world.contents(ATTENDEE, move |contents| {
                    (0..count).for_each(|_| drop(contents.s_stop_presenting()));
                });
            })
        };
        // The first calls allocate buffers that the others reuse.
        calls(1000);
        calls(1000).bytes_total - calls(10).bytes_total
    };
    assert_eq!(cost(0, 0), cost(30, 5));
}
