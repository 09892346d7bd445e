//! The first calls of a meeting, and its users.

use std::collections::BTreeMap;

use psom_objects::{
    server::MeetingLimits,
    types::{Participant, Role},
};

use super::{
    client::Client,
    world::{ATTENDEE, ORGANIZER, empty, world},
};

#[test]
fn ruling_17_first_calls_of_a_meeting_are_ordered() {
    let mut world = empty(MeetingLimits::default());
    world.join(1, Role::Organizer);
    assert_eq!(
        world.received(0),
        [
            "meeting.time 2023-11-14T22:13:20",
            "meeting.base http://127.0.0.1/files/",
            "users.connected",
            "contents.connected",
            "users.added [1] sip:1@example.com user 1",
            "meeting.ready",
        ]
    );
}

#[test]
fn late_client_gets_the_state_before_meeting_ready() {
    let mut world = world();
    world.share(ORGANIZER, "plan.txt", 1);
    let content = world.open(ORGANIZER, 1);
    world.content(ORGANIZER, content, |content| drop(content.s_present()));
    let late = world.join(4, Role::Attendee);
    assert_eq!(
        world.received(late)[2..],
        [
            "users.connected",
            "contents.connected",
            "users.added [1, 2, 3, 4] sip:1@example.com,sip:2@example.com,sip:3@example.com,\
             sip:4@example.com user 1,user 2,user 3,user 4",
            "contents.added 1 Content.NativeFileOnly",
            "contents.active content 1",
            "contents.active presenter 1",
            "meeting.ready",
        ]
    );
}

#[test]
fn joining_and_leaving_users_are_announced() {
    let mut world = world();
    let newcomer = world.join(4, Role::Attendee);
    assert_eq!(world.received(ATTENDEE), ["users.added [4] sip:4@example.com user 4"]);
    world.pair.drop_client(newcomer);
    assert_eq!(world.received(ATTENDEE), ["users.removed [4]"]);
}

#[test]
fn ruling_24_newcomer_learns_the_names_of_former_users() {
    let mut world = world();
    for user in [4, 5] {
        let client = world.join(user, Role::Presenter);
        world.pair.close_client(client);
    }
    let late = world.join(5, Role::Attendee);
    assert_eq!(
        world.received(late)[4..],
        [
            "users.added [1, 2, 3, 5] sip:1@example.com,sip:2@example.com,sip:3@example.com,\
             sip:5@example.com user 1,user 2,user 3,user 5",
            "users.added [4] sip:4@example.com user 4",
            "users.removed [4]",
            "meeting.ready",
        ]
    );
}

#[test]
fn user_stays_until_the_last_connection_ends() {
    let mut world = world();
    let first = world.join(4, Role::Presenter);
    let second = world.join(4, Role::Presenter);
    assert_eq!(world.received(ATTENDEE).len(), 1, "added once");
    world.pair.close_client(first);
    assert!(world.received(ATTENDEE).is_empty());
    world.pair.close_client(second);
    assert_eq!(world.received(ATTENDEE), ["users.removed [4]"]);
}

#[test]
fn user_rejoining_with_a_new_name_is_announced_again() {
    let mut world = world();
    let first = world.join(4, Role::Presenter);
    world.forget();
    world.received(first);
    let participant = |uri: &str| Participant { uri: uri.to_owned(), role: Role::Attendee };
    let user = participant("sip:4@example.com").user(4, "Ada");
    let second = world.pair.join_as(user, Client::new);
    let received = ["users.removed [4]", "users.added [4] sip:4@example.com Ada"];
    for client in [ATTENDEE, first] {
        assert_eq!(world.received(client), received);
    }
    // Newcomers get the same state. It is still one user with the same role.
    for (name, connections) in [("Ada", 3), ("Grace", 4)] {
        let newcomer =
            world.pair.join_as(participant("sip:4@example.com").user(4, name), Client::new);
        let added = world.received_of(newcomer, "users.added").concat();
        assert!(added.ends_with(&format!("user 3,{name}")), "{added}");
        let user = world.pair.on_server(|meeting, cx| meeting.summary(cx)).users.pop().unwrap();
        assert_eq!((user.display_name.as_str(), user.connections), (name, connections));
        assert_eq!(user.role, Role::Presenter);
    }
    assert_eq!(world.received_of(second, "users.removed"), ["users.removed [4]"]);
}

#[test]
fn s_set_info_is_not_supported() {
    let mut world = world();
    world.pair.on_client(ATTENDEE, |_, cx| drop(cx.peers().s_set_info("hello")));
    let error = world.pair.server_error(ATTENDEE).unwrap().to_string();
    assert_eq!(error, "the peer broke a rule: sSetInfo is not supported");
    assert!(world.pair.server_error(ORGANIZER).is_none());
}

#[test]
fn summary_counts_users_and_contents() {
    let mut world = world();
    world.share(ORGANIZER, "plan.txt", 1);
    let summary = world.pair.on_server(|meeting, cx| meeting.summary(cx));
    assert_eq!(summary.users.len(), 3);
    assert_eq!(summary.users[2].role, Role::Attendee);
    assert_eq!(
        (summary.contents[0].title.as_str(), summary.contents[0].size),
        ("plan.txt", Some(5))
    );
}

#[test]
fn client_cannot_connect_a_manager() {
    let mut world = world();
    for part in ["contentUserManager", "contentManager"] {
        let before = world.pair.server_stats().peers;
        world.pair.on_client(ATTENDEE, move |client, cx| {
            let users = client.users;
            let _ = cx.peers().connect(part, users);
        });
        assert_eq!(world.pair.server_stats().peers, before, "{part}");
    }
    assert!(world.pair.client_error(ATTENDEE).is_none());
}

#[test]
fn closing_a_manager_leaves_the_meeting() {
    let mut world = world();
    world.pair.on_client(ATTENDEE, |client, cx| {
        cx.try_tell(client.users, |_, cx| assert_eq!(cx.peers().close(), 1)).unwrap();
    });
    assert_eq!(world.pair.client_error(ATTENDEE), Some(&psom::Error::PeerClosed));
    assert_eq!(world.received(ORGANIZER), ["users.removed [3]"]);
}

#[test]
fn role_changed_before_arrival_applies() {
    let mut world = world();
    world.set_role(4, Role::Attendee);
    world.join(4, Role::Presenter);
    let summary = world.pair.on_server(|meeting, cx| meeting.summary(cx));
    assert_eq!(summary.users[3].role, Role::Attendee);
}

#[test]
fn newcomer_gets_all_users_with_the_longest_names() {
    let mut world = world();
    // The longest string that a call can carry, and one byte more:
    let name = "x".repeat(70_000);
    for id in 4..84 {
        let participant = Participant { uri: format!("sip:{id}{name}"), role: Role::Attendee };
        world.pair.join_as(participant.user(id, &name), Client::new);
    }
    let late = world.join(99, Role::Attendee);
    let received = world.received_of(late, "users.added");
    assert!(
        received.len() > 1 && received.iter().all(|line| line.len() < 150_000),
        "{}",
        received.len()
    );
    assert!(received[0].ends_with(&format!(",{}", "x".repeat(2048))));
    let ids = received.iter().flat_map(|line| {
        let ids = line.strip_prefix("users.added [").unwrap().split(']').next().unwrap();
        ids.split(", ").map(|id| id.parse::<i64>().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(ids.collect::<Vec<_>>(), (1..84).chain([99]).collect::<Vec<_>>());
}

/// Returns the users with their names that the newcomer's calls announce, in their order.
fn roster(calls: &[String]) -> Vec<(String, String)> {
    let call = |call: &String| {
        let (ids, texts) = call.split_once("[").unwrap().1.split_once("] ").unwrap();
        let (_, names) = texts.split_once(' ').unwrap();
        let names = names.split(',').map(str::to_owned);
        ids.split(", ").map(str::to_owned).zip(names).collect::<Vec<_>>()
    };
    calls.iter().flat_map(call).collect()
}

#[test]
fn newcomer_to_a_large_meeting_gets_all_users_in_order() {
    let mut world = empty(MeetingLimits::default());
    let mut join = |id: i64, name: &str| {
        let participant = Participant { uri: format!("sip:{id}"), role: Role::Attendee };
        let newcomer = world.pair.join_as(participant.user(id, name), Client::new);
        world.received_of(newcomer, "users.added")
    };
    let long = "x".repeat(300);
    let mut names = BTreeMap::new();
    let mut last = 0;
    // The users between the existing ones belong to pages that are complete.
    for id in (2..=120).step_by(2).chain((1..=119).step_by(2)).chain([60, 121]) {
        names.insert(id, format!("{long}{id}{}", if id == 60 { "new" } else { "" }));
        let calls = join(id, &names[&id]);
        let expected = names.iter().map(|(id, name)| (id.to_string(), name.clone()));
        assert_eq!(roster(&calls), Vec::from_iter(expected), "after {id}");
        last = calls.len();
    }
    assert!(last > 3, "{last} calls");
}
