//! The saved values of a [`Durable`] state.

use std::collections::BTreeMap;

use psom::{Config, Durable, DurableState, testing::Pair};

use super::common::{ClientRoot, ServerRoot};

/// Votes of users. A change can alter one value, several values or none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Votes(BTreeMap<u32, String>);

enum Change {
    Vote(u32, &'static str),
    Withdraw(u32),
    /// Removes all votes except those for one choice.
    Keep(&'static str),
    Nothing,
}

impl DurableState for Votes {
    type Change = Change;
    type Key = String;
    /// The number of votes.
    type Effect = usize;

    fn apply(&mut self, change: Change, touched: &mut Vec<String>) -> usize {
        match change {
            Change::Vote(user, choice) => {
                self.0.insert(user, choice.to_owned());
                touched.push(format!("vote/{user}"));
            }
            Change::Withdraw(user) => {
                self.0.remove(&user);
                touched.push(format!("vote/{user}"));
            }
            Change::Keep(choice) => {
                self.0.retain(|_, vote| vote == choice);
                touched.push("vote".to_owned());
                touched.extend(self.keys());
            }
            Change::Nothing => {}
        }
        self.0.len()
    }

    fn keys(&self) -> Vec<String> {
        self.0.keys().map(|user| format!("vote/{user}")).collect()
    }

    fn value(&self, key: &String) -> Option<String> {
        self.0.get(&key.strip_prefix("vote/")?.parse().ok()?).cloned()
    }
}

/// A space, its durable state, and the table that its journal has stored.
struct World {
    pair: Pair<ServerRoot, ClientRoot>,
    votes: Option<Durable<Votes>>,
    table: BTreeMap<String, String>,
}

impl World {
    fn new(votes: Votes) -> Self {
        let mut pair = Pair::<_, ClientRoot>::server(Config::default(), |_| ServerRoot::default());
        let votes = pair.on_server(move |_, cx| Durable::create(cx, "poll/", votes));
        let mut world = Self { pair, votes: Some(votes), table: BTreeMap::new() };
        world.store();
        world
    }

    /// Applies the writes of a turn to the table. Returns the number of writes.
    fn store(&mut self) -> usize {
        let writes = self.pair.take_writes();
        let count = writes.len();
        writes.into_iter().for_each(|write| write.apply(&mut self.table));
        count
    }

    /// Makes changes in one turn, and checks that the table has all values of the state. Returns
    /// the number of writes.
    fn change(&mut self, changes: Vec<Change>) -> usize {
        let mut votes = self.votes.take().unwrap();
        let after = self.pair.on_server(move |_, cx| {
            for change in changes {
                let count = votes.change(cx, change);
                assert_eq!(count, votes.0.len());
            }
            votes
        });
        let count = self.store();
        assert_eq!(self.table, after.values());
        self.votes = Some(after);
        count
    }
}

fn votes() -> Votes {
    Votes([(1, "tea".to_owned()), (2, "coffee".to_owned())].into())
}

#[test]
fn new_durable_state_saves_all_values() {
    let world = World::new(votes());
    let saved = [("poll/vote/1", "tea"), ("poll/vote/2", "coffee")];
    let saved = saved.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(world.table, saved.into());
}

#[test]
fn change_saves_only_the_values_that_it_touches() {
    let mut world = World::new(votes());
    assert_eq!(world.change(vec![Change::Vote(3, "tea")]), 1);
    assert_eq!(world.change(vec![Change::Withdraw(1)]), 1);
    assert_eq!(world.change(vec![Change::Nothing]), 0);
}

#[test]
fn removal_of_a_prefix_precedes_the_values_below_it() {
    let mut world = World::new(votes());
    assert_eq!(world.change(vec![Change::Keep("tea")]), 2);
    assert_eq!(world.votes.unwrap().0.len(), 1);
}

#[test]
fn last_change_of_a_turn_wins() {
    let mut world = World::new(votes());
    let changes = vec![Change::Vote(1, "coffee"), Change::Vote(1, "water"), Change::Withdraw(2)];
    assert_eq!(world.change(changes), 2);
    assert_eq!(world.table["poll/vote/1"], "water");
}

#[test]
fn restored_durable_state_saves_nothing_until_it_changes() {
    let mut world = World::new(Votes::default());
    world.votes = Some(Durable::restored("poll/", votes()));
    assert!(world.table.is_empty());
    let mut restored = world.votes.take().unwrap();
    assert_eq!(world.pair.on_server(move |_, cx| restored.change(cx, Change::Vote(1, "water"))), 2);
    world.store();
    assert_eq!(world.table, [("poll/vote/1".to_owned(), "water".to_owned())].into());
}
