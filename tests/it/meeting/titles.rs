//! Reserved titles, with every status.

use psom_objects::types::Role;

use super::world::{ATTENDEE, ORGANIZER, PRESENTER, World, world};

/// Reserves a title and returns the answer.
fn reserve(world: &mut World, client: usize, title: &str, cookie: i32) -> String {
    world.reserve(client, title, cookie);
    world.received_of(client, "contents.reserved").pop().unwrap()
}

#[test]
fn free_title_is_reserved() {
    let mut world = world();
    let reserved = reserve(&mut world, PRESENTER, "plan.txt", 7);
    assert_eq!(reserved, "contents.reserved ReservedForCreation 7 content 0 owner 2");
}

#[test]
fn reserved_title_is_refused_with_its_user_id() {
    let mut world = world();
    reserve(&mut world, PRESENTER, "plan.txt", 7);
    let refused = reserve(&mut world, ORGANIZER, "PLAN.txt", 1);
    assert_eq!(refused, "contents.reserved FailedReservedForCreation 1 content 0 owner 2");
}

#[test]
fn title_of_a_content_is_refused_with_content_and_owner() {
    let mut world = world();
    world.share(PRESENTER, "plan.txt", 7);
    let refused = reserve(&mut world, ORGANIZER, "plan.txt", 1);
    assert_eq!(refused, "contents.reserved FailedReservedForCreation 1 content 1 owner 2");
}

#[test]
fn external_id_is_reserved_once() {
    let mut world = world();
    world.contents(PRESENTER, |contents| drop(contents.s_reserve_title_with_id("a", 1, "id")));
    world.contents(ORGANIZER, |contents| drop(contents.s_reserve_title_with_id("b", 2, "id")));
    assert_eq!(
        world.received(ORGANIZER),
        ["contents.reserved FailedExternalIdLockedForCreate 2 content 0 owner 2"]
    );
}

#[test]
fn user_reserves_at_most_20_titles() {
    let mut world = world();
    for cookie in 0..20 {
        let reserved = reserve(&mut world, PRESENTER, &format!("{cookie}.txt"), cookie);
        assert!(reserved.contains("ReservedForCreation"));
    }
    let refused = reserve(&mut world, PRESENTER, "one more.txt", 20);
    assert_eq!(refused, "contents.reserved FailedReservationMaxExceeded 20 content 0 owner 2");
    assert!(reserve(&mut world, ORGANIZER, "one more.txt", 1).contains("ReservedForCreation"));
}

#[test]
fn cookie_is_used_once() {
    let mut world = world();
    reserve(&mut world, PRESENTER, "a.txt", 1);
    let refused = reserve(&mut world, PRESENTER, "b.txt", 1);
    assert_eq!(refused, "contents.reserved FailedCookieInUse 1 content 0 owner 2");
    assert!(reserve(&mut world, ORGANIZER, "b.txt", 1).contains("ReservedForCreation"));
}

#[test]
fn attendee_cannot_reserve() {
    let mut world = world();
    let refused = reserve(&mut world, ATTENDEE, "a.txt", 1);
    assert_eq!(refused, "contents.reserved FailedNotAuthorized 1 content 0 owner 0");
}

#[test]
fn extension_can_be_refused_by_the_policy() {
    let mut world = world();
    let refused = reserve(&mut world, PRESENTER, "game.EXE", 1);
    assert_eq!(refused, "contents.reserved FailedInvalidExtension 1 content 0 owner 0");
}

#[test]
fn title_is_a_file_name_of_1_to_255_characters() {
    let mut world = world();
    let long = "ü".repeat(256);
    for title in [
        "",
        " ",
        "..",
        "a\u{202e}b",
        "a\u{fffe}b",
        "a/b",
        "a\\b",
        "a:b",
        "a*",
        "a?",
        "\"a\"",
        "<a",
        "a>",
        "a|b",
        "a\nb",
        &long,
    ] {
        let refused = reserve(&mut world, PRESENTER, title, 1);
        assert!(refused.contains("FailedInvalidTitle"), "{title:?}: {refused}");
    }
    assert!(reserve(&mut world, PRESENTER, &long[2..], 1).contains("ReservedForCreation"));
}

#[test]
fn released_title_is_free_again() {
    let mut world = world();
    reserve(&mut world, PRESENTER, "a.txt", 1);
    world.contents(PRESENTER, |contents| drop(contents.s_release_title(1)));
    assert_eq!(world.received(PRESENTER), ["contents.released 1"]);
    assert!(reserve(&mut world, ORGANIZER, "a.txt", 1).contains("ReservedForCreation"));
    world.contents(PRESENTER, |contents| drop(contents.s_release_title(1)));
    assert!(world.received(PRESENTER).is_empty(), "there is nothing to release any more");
}

#[test]
fn demoted_user_loses_reserved_titles_and_is_notified() {
    let mut world = world();
    reserve(&mut world, PRESENTER, "a.txt", 1);
    reserve(&mut world, PRESENTER, "b.txt", 2);
    world.set_role(2, Role::Attendee);
    assert_eq!(world.received(PRESENTER), ["contents.released 1", "contents.released 2"]);
    assert!(reserve(&mut world, ORGANIZER, "a.txt", 1).contains("ReservedForCreation"));
}

#[test]
fn titles_of_a_leaving_client_are_released() {
    let mut world = world();
    reserve(&mut world, PRESENTER, "a.txt", 1);
    world.pair.drop_client(PRESENTER);
    assert!(reserve(&mut world, ORGANIZER, "a.txt", 1).contains("ReservedForCreation"));
}
