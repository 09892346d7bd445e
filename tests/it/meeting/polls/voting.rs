use proptest::{prelude::*, test_runner::Config};
use psom_objects::{package::PollDetail, server::Policy, types::Role};

use super::{ADA, BOB, Booth, HOST, booth, choices, create, join};
use crate::meeting::{store::MemoryStore, world};

#[test]
fn vote_is_acknowledged_and_counted() {
    let mut booth = booth();
    booth.vote(ADA, 0);
    assert_eq!(booth.received(ADA), ["poll.vote 0"]);
    assert_eq!(booth.received(HOST), ["poll.results [1, 0]"]);
    // Zeros are not sent again.
    assert!(booth.received(BOB).is_empty());
    booth.vote(ADA, 1);
    assert_eq!(
        (booth.received(ADA), booth.received(HOST)),
        (vec!["poll.vote 1".to_owned()], vec!["poll.results [0, 1]".to_owned()])
    );
}

#[test]
fn vote_can_be_withdrawn() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.forget();
    booth.vote(ADA, -1);
    assert_eq!(booth.received(ADA), ["poll.vote -1"]);
    assert_eq!(booth.received(HOST), ["poll.results [0, 0]"]);
}

#[test]
fn repeated_vote_is_acknowledged_without_effect() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.forget();
    booth.vote(ADA, 1);
    assert_eq!(booth.received(ADA), ["poll.vote 1"]);
    assert!(booth.received(HOST).is_empty());
}

#[test]
fn ruling_15_invalid_choice_is_answered_with_the_stored_vote() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.forget();
    // The first value is the number of choices.
    for choice in [2, 3, -2, 7, i32::MAX, i32::MIN] {
        booth.vote(ADA, choice);
        assert_eq!(booth.received(ADA), ["poll.vote 1"], "{choice}");
        booth.vote(BOB, choice);
        assert_eq!(booth.received(BOB), ["poll.vote -1"], "{choice}");
        assert!(booth.received(HOST).is_empty(), "{choice}");
    }
}

#[test]
fn closed_poll_answers_with_the_earlier_vote() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    booth.call(HOST, |poll| drop(poll.s_set_open_state(false)));
    booth.forget();
    for choice in [0, -1] {
        booth.vote(ADA, choice);
        booth.vote(BOB, choice);
        assert_eq!(booth.received(ADA), ["poll.vote 1"]);
        assert_eq!(booth.received(BOB), ["poll.vote -1"]);
        assert!(booth.received(HOST).is_empty());
    }
    booth.call(HOST, |poll| drop(poll.s_set_open_state(true)));
    booth.vote(ADA, 0);
    assert_eq!(booth.received(ADA), ["poll.open true", "poll.vote 0"]);
}

#[test]
fn forbidden_vote_is_answered_with_no_vote() {
    struct OnlyPresenters;
    impl Policy for OnlyPresenters {
        fn may_vote(&self, role: Role) -> bool {
            role >= Role::Presenter
        }
    }
    let store = MemoryStore::default();
    let mut config = world::config(store.clone());
    config.policy = std::sync::Arc::new(OnlyPresenters);
    let mut world = world::with(config, store);
    world.join_roles(|_| {});
    create(&mut world, PollDetail::new("Eat?", choices(&["now", "later"])));
    let mut booth = Booth { world, polls: Vec::new() };
    for (user, role) in [(2, Role::Presenter), (4, Role::Attendee)] {
        booth.join(user, role);
    }
    booth.forget();
    booth.vote(ADA, 0);
    assert_eq!(booth.received(ADA), ["poll.vote -1"]);
    assert!(booth.received(HOST).is_empty());
    booth.vote(HOST, 0);
    assert_eq!(booth.received(HOST), ["poll.vote 0", "poll.results [1, 0]"]);
}

#[test]
fn vote_belongs_to_the_user_on_all_connections() {
    let mut booth = booth();
    let second = booth.join(4, Role::Attendee);
    booth.forget();
    booth.vote(second, 1);
    assert_eq!(booth.received(second), ["poll.vote 1"]);
    assert_eq!(booth.received(ADA), ["poll.vote 1"]);
    assert!(booth.received(BOB).is_empty());
    // One user has one vote.
    assert_eq!(booth.received(HOST), ["poll.results [0, 1]"]);
    booth.vote(ADA, 0);
    assert_eq!(
        (booth.received(second), booth.received(HOST)),
        (vec!["poll.vote 0".to_owned()], vec!["poll.results [1, 0]".to_owned()])
    );
    // A refusal is sent only to the voting connection.
    booth.vote(ADA, 9);
    assert_eq!(booth.received(ADA), ["poll.vote 0", "poll.vote 0"]);
    assert!(booth.received(second).is_empty());
}

#[test]
fn vote_survives_leaving_and_returning() {
    let mut booth = booth();
    booth.vote(ADA, 1);
    let (client, _) = booth.polls[ADA];
    booth.world.pair.drop_client(client);
    booth.forget();
    booth.vote(BOB, 1);
    assert_eq!(booth.received(HOST), ["poll.results [0, 2]"]);
    let again = booth.join(4, Role::Attendee);
    let received = booth.received(again);
    assert!(received.contains(&"poll.vote 1".to_owned()), "{received:?}");
    assert!(received.contains(&"poll.results [0, 0]".to_owned()), "{received:?}");
}

#[test]
fn newcomer_gets_the_poll_state() {
    let mut booth = booth();
    booth.vote(ADA, 0);
    booth.vote(BOB, 1);
    booth.modify(HOST, "Drink?", &["now", "later", "never"]);
    booth.call(HOST, |poll| drop(poll.s_set_open_state(false)));
    booth.call(HOST, |poll| drop(poll.s_set_results_state(true)));
    let (client, _) = join(&mut booth.world, 6, Role::Attendee);
    assert_eq!(
        booth.world.received(client),
        [
            "poll.question Drink? now/later/never true []",
            "poll.open false",
            "poll.shown true",
            "poll.vote -1",
            "poll.results [1, 1, 0]",
            "poll.completed",
        ]
    );
}

#[test]
fn votes_of_one_turn_share_one_announcement() {
    let mut booth = booth();
    booth.call(ADA, |poll| (0..60).for_each(|vote| drop(poll.s_vote(vote % 2))));
    let received = booth.received(ADA);
    assert_eq!((received.len(), received.last().unwrap().as_str()), (60, "poll.vote 1"));
    let results = booth.received(HOST);
    assert_eq!(results.last().unwrap(), "poll.results [0, 1]");
    assert!(results.len() < 10, "{results:?}");
}

/// An action of a user on a poll.
#[derive(Debug, Clone)]
enum Step {
    Vote { who: usize, choice: i32 },
    Leave { who: usize },
    Open(bool),
    Show(bool),
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..VOTERS;
    let step = prop_oneof![
        12 => (who.clone(), -2..5i32).prop_map(|(who, choice)| Step::Vote { who, choice }),
        2 => who.prop_map(|who| Step::Leave { who }),
        1 => any::<bool>().prop_map(Step::Open),
        1 => any::<bool>().prop_map(Step::Show),
        1 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 0..60)
}

const VOTERS: usize = 5;
const CHOICES: usize = 3;

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn results_equal_the_counted_votes(steps in steps()) {
        let mut world = world::world();
        create(&mut world, PollDetail::new("Eat?", choices(&["a", "b", "c"])));
        let mut booth = Booth { world, polls: Vec::new() };
        booth.join(2, Role::Presenter);
        // Each voter's current client and vote.
        let user = |who: usize| 10 + who as i64;
        let mut places: Vec<_> =
            (0..VOTERS).map(|who| booth.join(user(who), Role::Attendee)).collect();
        booth.forget();
        let mut votes = [None; VOTERS];
        let mut open = true;
        let results = |seen: bool, votes: &[Option<usize>]| {
            let mut sums = [0; CHOICES];
            votes.iter().flatten().filter(|_| seen).for_each(|choice| sums[*choice] += 1);
            format!("poll.results {sums:?}")
        };
        let mut shown = vec![results(true, &votes); VOTERS + 1];
        let mut all_see = false;
        for step in steps {
            match step {
                Step::Vote { who, choice } => {
                    booth.vote(places[who], choice);
                    match choice {
                        0..3 if open => votes[who] = Some(choice as usize),
                        -1 if open => votes[who] = None,
                        _ => {}
                    }
                    let stored = votes[who].map_or(-1, |choice| choice as i32);
                    let received = booth.received(places[who]);
                    prop_assert_eq!(&received[0], &format!("poll.vote {stored}"));
                    if let Some(results) = received.get(1) {
                        shown[who].clone_from(results);
                    }
                }
                Step::Leave { who } => {
                    let (client, _) = booth.polls[places[who]];
                    booth.world.pair.drop_client(client);
                    places[who] = booth.join(user(who), Role::Attendee);
                }
                Step::Open(now) => {
                    open = now;
                    booth.call(HOST, move |poll| drop(poll.s_set_open_state(now)));
                }
                Step::Show(now) => {
                    all_see = now;
                    booth.call(HOST, move |poll| drop(poll.s_set_results_state(now)));
                }
                Step::Clear => {
                    votes = [None; VOTERS];
                    booth.call(HOST, |poll| drop(poll.s_clear_votes()));
                }
            }
            // The last results of each client are those that it may see.
            for (who, place) in places.iter().chain([&HOST]).enumerate() {
                let received = booth.received(*place);
                if let Some(received) = received.iter().rfind(|line| line.starts_with("poll.results")) {
                    shown[who].clone_from(received);
                }
            }
            let (voters, host) = shown.split_at(VOTERS);
            prop_assert_eq!(&host[0], &results(true, &votes));
            prop_assert!(voters.iter().all(|received| *received == results(all_see, &votes)));
        }
    }
}
