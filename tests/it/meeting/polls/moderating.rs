use psom_objects::types::Role;

use super::{ADA, BOB, HOST, booth};

#[test]
fn opening_and_closing_is_announced_on_change() {
    let mut booth = booth();
    booth.call(HOST, |poll| drop(poll.s_set_open_state(true)));
    for who in [HOST, ADA, BOB] {
        assert!(booth.received(who).is_empty());
    }
    for open in [false, true] {
        booth.call(HOST, move |poll| drop(poll.s_set_open_state(open)));
        for who in [HOST, ADA, BOB] {
            assert_eq!(booth.received(who), [format!("poll.open {open}")]);
        }
    }
}

#[test]
fn shown_results_reach_clients_without_them() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.forget();
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    assert_eq!(booth.received(HOST), ["poll.shown true"]);
    for who in [ADA, BOB] {
        assert_eq!(booth.received(who), ["poll.shown true", "poll.results [0, 1]"]);
    }
    booth.vote(BOB, 1);
    assert_eq!(booth.received(BOB), ["poll.vote 1", "poll.results [0, 2]"]);
    assert_eq!(booth.received(ADA), ["poll.results [0, 2]"]);
    assert_eq!(booth.received(HOST), ["poll.results [0, 2]"]);
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    assert!(booth.received(HOST).is_empty());
}

#[test]
fn hidden_results_become_zeros() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    booth.forget();
    booth.call(HOST, |poll| drop(poll.s_set_results_state(false)));
    assert_eq!(booth.received(HOST), ["poll.shown false"]);
    for who in [ADA, BOB] {
        assert_eq!(booth.received(who), ["poll.shown false", "poll.results [0, 0]"]);
    }
}

#[test]
fn vote_and_hiding_in_one_turn_reveal_nothing() {
    let mut booth = booth();
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    booth.forget();
    booth.call(HOST, |poll| {
        drop(poll.s_vote(0));
        drop(poll.s_set_results_state(false));
        drop(poll.s_vote(1));
    });
    assert_eq!(booth.received(ADA), ["poll.shown false", "poll.results [0, 0]"]);
    assert_eq!(booth.received(HOST).last().unwrap(), "poll.results [0, 1]");
}

#[test]
fn clearing_removes_all_votes() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    booth.forget();
    booth.call(HOST, |poll| drop(poll.s_clear_votes()));
    assert_eq!(booth.received(ADA), ["poll.vote -1", "poll.results [0, 0]"]);
    // A client without a vote gets no withdrawal.
    assert_eq!(booth.received(BOB), ["poll.results [0, 0]"]);
    assert_eq!(booth.received(HOST), ["poll.results [0, 0]"]);
    booth.vote(BOB, 0);
    assert_eq!(booth.received(HOST), ["poll.results [1, 0]"]);
}

#[test]
fn clearing_sends_nothing_to_clients_with_zeros() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.forget();
    booth.call(HOST, |poll| drop(poll.s_clear_votes()));
    assert_eq!(booth.received(ADA), ["poll.vote -1"]);
    assert!(booth.received(BOB).is_empty());
}

#[test]
fn new_question_is_announced_with_matching_results() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.forget();
    booth.modify(HOST, "Drink?", &["a", "b", "c"]);
    let question = "poll.question Drink? a/b/c true []";
    assert_eq!(booth.received(HOST), [question, "poll.results [0, 1, 0]"]);
    // Votes belong to positions; the zeros have the new length as well.
    assert_eq!(booth.received(ADA), [question, "poll.results [0, 0, 0]"]);
    assert_eq!(booth.received(BOB), [question, "poll.results [0, 0, 0]"]);
    booth.vote(BOB, 2);
    assert_eq!(booth.received(HOST), ["poll.results [0, 1, 1]"]);
}

#[test]
fn votes_for_removed_choices_are_dropped() {
    let mut booth = booth();
    booth.modify(HOST, "Eat?", &["a", "b", "c"]);
    booth.vote(ADA, 2);
    booth.vote(BOB, 0);
    let second = booth.join(4, Role::Attendee);
    booth.forget();
    booth.modify(HOST, "Eat?", &["a", "b"]);
    let question = "poll.question Eat? a/b true []";
    for who in [ADA, second] {
        assert_eq!(booth.received(who), [question, "poll.vote -1", "poll.results [0, 0]"]);
    }
    assert_eq!(booth.received(BOB), [question, "poll.results [0, 0]"]);
    assert_eq!(booth.received(HOST), [question, "poll.results [1, 0]"]);
    // They do not return with the choice.
    booth.modify(HOST, "Eat?", &["a", "b", "c"]);
    assert_eq!(booth.received(HOST).last().unwrap(), "poll.results [1, 0, 0]");
}

#[test]
fn invalid_question_is_answered_with_the_current_one() {
    let mut booth = booth();
    let long = "x".repeat(1001);
    for (question, choices) in [
        ("", &["a", "b"][..]),
        ("\n", &["a", "b"]),
        ("a\tb", &["a", "b"]),
        (&long, &["a", "b"]),
        ("Drink?", &[]),
        ("Drink?", &["a"]),
        ("Drink?", &["1", "2", "3", "4", "5", "6", "7", "8"]),
        ("Drink?", &["a", ""]),
        ("Drink?", &["a", "b\n"]),
        ("Drink?", &["a", &long]),
    ] {
        booth.modify(HOST, question, choices);
        assert_eq!(booth.received(HOST), ["poll.question Eat? now/later true []"], "{question}");
        assert!(booth.received(ADA).is_empty());
    }
    let these = super::choices(&["a", "b"]);
    for (remembers, xml) in [(false, ""), (true, "<a/>")] {
        let these = these.clone();
        booth.call(HOST, move |poll| drop(poll.s_modify("Drink?", &these, remembers, xml)));
        assert_eq!(booth.received(HOST), ["poll.question Eat? now/later true []"]);
        assert!(booth.received(ADA).is_empty());
    }
}

#[test]
fn attendee_poll_change_is_answered_with_the_state() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.forget();
    booth.call(ADA, |poll| drop(poll.s_clear_votes()));
    assert_eq!(booth.received(ADA), ["poll.results [0, 0]"]);
    booth.modify(ADA, "Drink?", &["a", "b"]);
    assert_eq!(booth.received(ADA), ["poll.question Eat? now/later true []"]);
    booth.call(ADA, |poll| drop(poll.s_set_open_state(false)));
    assert_eq!(booth.received(ADA), ["poll.open true"]);
    booth.call(ADA, |poll| drop(poll.s_set_results_state(true)));
    assert_eq!(booth.received(ADA), ["poll.shown false"]);
    for who in [HOST, BOB] {
        assert!(booth.received(who).is_empty());
    }
    // If the results are shown, the answer contains them.
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    booth.forget();
    booth.call(ADA, |poll| drop(poll.s_clear_votes()));
    assert_eq!(booth.received(ADA), ["poll.results [0, 1]"]);
}

#[test]
fn role_change_shows_and_hides_results() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    let second = booth.join(5, Role::Attendee);
    booth.forget();
    booth.world.set_role(5, Role::Presenter);
    for who in [BOB, second] {
        assert_eq!(booth.received(who), ["poll.results [0, 1]"]);
    }
    booth.world.set_role(5, Role::Organizer);
    assert!(booth.received(BOB).is_empty());
    booth.world.set_role(5, Role::Attendee);
    for who in [BOB, second] {
        assert_eq!(booth.received(who), ["poll.results [0, 0]"]);
    }
    for who in [HOST, ADA] {
        assert!(booth.received(who).is_empty());
    }
    // If the results are shown to all, a role makes no difference.
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    booth.forget();
    booth.world.set_role(5, Role::Presenter);
    assert!(booth.received(BOB).is_empty());
}

#[test]
fn vote_and_closing_can_share_a_turn() {
    let mut booth = booth();
    let (client, poll) = booth.polls[HOST];
    booth.world.pair.on_client(client, move |root, cx| {
        cx.try_tell(poll, |_, cx| drop(cx.peers().s_vote(0))).unwrap();
        cx.try_tell(root.contents, |_, cx| drop(cx.peers().s_delete_content(1))).unwrap();
    });
    let received = booth.world.received(client);
    assert!(!received.contains(&"poll.results [1, 0]".to_owned()), "{received:?}");
    assert!(received.contains(&"contents.removed 1".to_owned()), "{received:?}");
    assert!(booth.world.pair.client_error(client).is_none());
}
