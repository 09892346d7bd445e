//! A content's state, visibility and title.

use std::sync::Arc;

use psom::testing::Script;
use psom_objects::{
    server::Meeting,
    types::{ContentVisibility, Role},
};

use super::{
    client::{Client, Content},
    world::{ATTENDEE, ORGANIZER, PRESENTER, config, world},
};

#[test]
fn content_sends_its_state_and_then_completion() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 1);
    let content = world.open(ATTENDEE, 1);
    world.open_extended(ATTENDEE, content);
    assert_eq!(
        world.received(ATTENDEE),
        [
            "contents.added 1 Content.NativeFileOnly",
            "content 1.title plan.txt",
            "content 1.owner 2",
            "content 1.created 19",
            "content 1.used 19",
            "content 1.visibility Everyone",
            "content 1.presented false by 0",
            "content 1.order 0",
            "content 1.file file-1 [32, 16, 20] 5",
            "content 1.completed",
            "extended.completed",
        ]
    );
}

#[test]
fn invisible_content_does_not_exist_for_a_user() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 1);
    let mine = world.open(PRESENTER, 1);
    let theirs = world.open(ATTENDEE, 1);
    world.open_extended(ATTENDEE, theirs);
    world.forget();
    let hide = ContentVisibility::Presenters;
    world.content(PRESENTER, mine, move |content| drop(content.s_set_visibility(hide)));
    assert_eq!(
        world.received(ATTENDEE),
        ["contents.removed 1", "extended.closed", "content 1.closed"]
    );
    assert_eq!(world.received_of(PRESENTER, "content 1"), ["content 1.visibility Presenters"]);
    // It cannot be connected, and the connection continues.
    world.open(ATTENDEE, 1);
    assert_eq!(world.received(ATTENDEE), ["content 1.closed"]);
    // It is not on the stage that the user sees either.
    world.content(PRESENTER, mine, |content| drop(content.s_present()));
    assert_eq!(world.received(ATTENDEE), ["contents.active presenter 2"]);
    assert!(world.received(ORGANIZER).contains(&"contents.active content 1".to_owned()));
}

#[test]
fn role_change_shows_and_hides_contents() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 1);
    let content = world.open(PRESENTER, 1);
    let hide = ContentVisibility::Presenters;
    world.content(PRESENTER, content, move |content| drop(content.s_set_visibility(hide)));
    world.forget();
    world.set_role(3, Role::Presenter);
    assert_eq!(world.received(ATTENDEE), ["contents.added 1 Content.NativeFileOnly"]);
    world.set_role(3, Role::Attendee);
    assert_eq!(world.received(ATTENDEE), ["contents.removed 1"]);
}

#[test]
fn organizer_only_content_is_hidden_from_others() {
    let mut world = world();
    world.share(ORGANIZER, "secret.txt", 1);
    let content = world.open(ORGANIZER, 1);
    world.forget();
    let hide = ContentVisibility::MeetingOrganizer;
    world.content(ORGANIZER, content, move |content| drop(content.s_set_visibility(hide)));
    assert_eq!(world.received(PRESENTER), ["contents.removed 1"]);
    assert_eq!(world.received(ATTENDEE), ["contents.removed 1"]);
}

#[test]
fn unknown_visibility_changes_nothing() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 1);
    let content = world.open(PRESENTER, 1);
    world.forget();
    let odd = ContentVisibility::Other(9);
    world.content(PRESENTER, content, move |content| drop(content.s_set_visibility(odd)));
    assert!(world.received(PRESENTER).is_empty());
}

#[test]
fn title_change_reports_every_status() {
    let mut world = world();
    world.share(PRESENTER, "one.txt", 1);
    world.share(PRESENTER, "two.txt", 2);
    world.reserve(ORGANIZER, "three.txt", 1);
    let content = world.open(PRESENTER, 1);
    let theirs = world.open(ATTENDEE, 1);
    world.forget();
    for (title, status) in [
        ("Two.txt", "FailedTitleExists"),
        ("three.txt", "FailedReservedForCreation"),
        ("one.exe", "FailedInvalidExtension"),
        ("one/two", "FailedInvalidTitle"),
        ("ONE.txt", "Success"),
    ] {
        world.content(PRESENTER, content, move |content| drop(content.s_set_title(title)));
        let received = world.received(PRESENTER);
        let last = received.last().unwrap();
        assert_eq!(*last, format!("content 1.renamed {status} {title}"));
    }
    // All clients receive the accepted title. No client receives a refused one.
    assert_eq!(world.received(ATTENDEE), ["content 1.title ONE.txt"]);
    world.content(ATTENDEE, theirs, |content| drop(content.s_set_title("mine.txt")));
    assert_eq!(world.received(ATTENDEE), ["content 1.renamed UserNotAuthorized mine.txt"]);
}

#[test]
fn attendee_cannot_delete_or_hide() {
    let mut world = world();
    world.share(PRESENTER, "one.txt", 1);
    let content = world.open(ATTENDEE, 1);
    world.forget();
    world.contents(ATTENDEE, |contents| drop(contents.s_delete_content(1)));
    let hide = ContentVisibility::Presenters;
    world.content(ATTENDEE, content, move |content| drop(content.s_set_visibility(hide)));
    assert!(world.received(ATTENDEE).is_empty());
    assert_eq!(world.disk().0.len(), 1);
}

#[test]
fn deleting_a_missing_content_does_nothing() {
    let mut world = world();
    world.contents(ORGANIZER, |contents| drop(contents.s_delete_content(77)));
    assert!(world.received(ORGANIZER).is_empty());
}

#[test]
fn invisible_content_cannot_be_deleted_or_observed() {
    let mut world = world();
    world.share(ORGANIZER, "secret.txt", 1);
    let content = world.open(ORGANIZER, 1);
    let hide = ContentVisibility::MeetingOrganizer;
    world.content(ORGANIZER, content, move |content| drop(content.s_set_visibility(hide)));
    world.forget();
    world.contents(PRESENTER, |contents| drop(contents.s_delete_content(1)));
    assert_eq!(world.disk().0.len(), 1);
    world.reserve(PRESENTER, "secret.txt", 9);
    assert_eq!(
        world.received(PRESENTER),
        ["contents.reserved FailedReservedForCreation 9 content 0 owner 0"]
    );
}

/// Transfers the output of both sides, starting with the client's.
fn carry(client: &mut Script<Client>, server: &mut Script<Meeting>, mut up: Vec<u8>) {
    loop {
        let down = server.send(&up);
        up = client.send(&down);
        if up.is_empty() && down.is_empty() {
            return;
        }
    }
}

#[test]
fn refused_title_is_returned_up_to_the_size_limit() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 1);
    let writes = world.pair.take_writes().into_iter();
    let state = writes.filter_map(|write| Some((write.key, write.value?))).collect();
    let config = config(world.store.clone());
    let mut server = Script::server(psom::Config::default(), |scope| {
        Meeting::restore(scope, config, &state).unwrap()
    });
    let mut client = Script::client(psom::Config::default(), "token", Client::new);
    let first = client.take();
    carry(&mut client, &mut server, first);
    const LENGTH: usize = 65_000;
    client.on_root(|client, cx| {
        let content = cx.add(Content::new(Arc::clone(&client.log), 1));
        cx.try_tell(client.contents, move |_, cx| {
            assert_eq!(cx.peers().connect("content.1", content), 1);
        })
        .unwrap();
        cx.try_tell(content, |_, cx| drop(cx.peers().s_set_title(&"x".repeat(LENGTH)))).unwrap();
    });
    // The title is the last parameter. If U+0000 is sent as one byte, which another encoder may do,
    // the answer needs two bytes for it.
    let mut up = client.take();
    let start = up.len() - LENGTH;
    up[start..].iter_mut().for_each(|byte| *byte ^= b'x');
    carry(&mut client, &mut server, up);
    let received = client.on_root(|client, _| client.log.lock().unwrap().pop().unwrap());
    let fits = "\0".repeat(32_767);
    assert_eq!(received, format!("content 1.renamed UserNotAuthorized {fits}"));
    assert!(client.error().is_none());
}
