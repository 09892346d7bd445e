//! The schedule of the seven queues, in virtual time.

use std::error::Error;

use comqc::{
    Message, ReadResult, Rule, decode_calls,
    queue::{
        Entry, ExceptionClass, MemoryQueue, Outcome, Played, Player, Queue, SqliteQueue, Stage,
        Step, play_next,
    },
};

use crate::ship::{Log, Q1, Q4, ShipCall};

/// The time at which the message is sent.
const START: u64 = 1_800_000_000;

/// An object whose first calls fail.
struct Flaky {
    failures: u32,
    failing: Outcome,
    tries: Vec<u64>,
    now: u64,
    log: Log,
}

impl Flaky {
    fn new(failures: u32) -> Self {
        Self { failures, failing: Outcome::Failed, tries: vec![], now: 0, log: Log::default() }
    }
}

impl Player for Flaky {
    fn play(&mut self, message: &Message<'_>) -> ReadResult<Outcome> {
        self.tries.push((self.now - START) / 60);
        let calls = decode_calls::<ShipCall>(message)?;
        if let Some(left) = self.failures.checked_sub(1) {
            self.failures = left;
            return Ok(self.failing);
        }
        calls.into_iter().for_each(|call| call.play(&mut self.log));
        Ok(Outcome::Done)
    }
}

/// An exception class that takes the calls or fails.
struct Exception {
    announced: u32,
    outcome: Outcome,
    calls: usize,
}

impl Player for Exception {
    fn play(&mut self, message: &Message<'_>) -> ReadResult<Outcome> {
        assert_eq!(self.announced, 1);
        self.calls += message.call_count();
        Ok(self.outcome)
    }
}

impl ExceptionClass for Exception {
    fn final_server_retry(&mut self) {
        self.announced += 1;
    }
}

/// Advances the time beyond the whole schedule. Returns the outcome of each try, with its minute.
fn run<Q: Queue>(
    queue: &mut Q,
    object: &mut Flaky,
    mut exception: Option<&mut Exception>,
) -> Result<Vec<(u64, Played)>, Box<dyn Error>> {
    let mut events = Vec::new();
    // The loop runs longer than the whole schedule.
    for second in 0..120 * 60 {
        object.now = START + second;
        loop {
            let exception = exception.as_deref_mut().map(|it| -> &mut dyn ExceptionClass { it });
            let Some((_, played)) = play_next(queue, object.now, object, exception)? else { break };
            events.push((second / 60, played));
        }
    }
    Ok(events)
}

fn sent() -> MemoryQueue {
    let mut queue = MemoryQueue::default();
    queue.send(Q1, START).unwrap();
    queue
}

fn only_entry(queue: &impl Queue) -> Entry {
    let entries = queue.list().unwrap();
    assert_eq!(entries.len(), 1);
    entries[0]
}

/// The minutes of the tries: at once, then three times each after 1, 2, 4, 8 and 16 minutes.
const MINUTES: [u64; 16] = [0, 1, 2, 3, 5, 7, 9, 13, 17, 21, 29, 37, 45, 61, 77, 93];

#[test]
fn object_that_fails_15_times_and_then_works_is_played() {
    let (mut queue, mut object) = (sent(), Flaky::new(15));
    let events = run(&mut queue, &mut object, None).unwrap();
    assert_eq!(object.tries, MINUTES);
    assert_eq!(events.last(), Some(&(93, Played::Done)));
    assert_eq!(object.log.0, ["customer 4", "order 1204", "item 12", "process"]);
    assert_eq!(queue.list().unwrap(), []);
}

#[test]
fn message_waits_in_the_queue_of_its_delay() {
    let (mut queue, mut object) = (sent(), Flaky::new(99));
    let events = run(&mut queue, &mut object, None).unwrap();
    let waits = events.iter().filter_map(|(_, played)| match played {
        Played::Postponed(step) => Some((step.stage, step.tries)),
        _ => None,
    });
    let expected = (0..5).flat_map(|number| (0..3).map(move |tries| (Stage::Retry(number), tries)));
    assert_eq!(waits.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn object_that_never_works_sends_the_message_to_the_dead_queue() {
    let (mut queue, mut object) = (sent(), Flaky::new(99));
    let events = run(&mut queue, &mut object, None).unwrap();
    assert_eq!(object.tries, MINUTES);
    assert_eq!(events.last(), Some(&(93, Played::Dead)));
    let entry = only_entry(&queue);
    assert_eq!(entry.step.stage, Stage::Dead);
    assert_eq!(queue.body(entry.id).unwrap().unwrap(), Q1);
    assert_eq!(object.log.0, [""; 0]);
}

#[test]
fn exception_class_takes_the_calls_before_the_dead_queue() {
    let (mut queue, mut object) = (sent(), Flaky::new(99));
    let mut exception = Exception { announced: 0, outcome: Outcome::Done, calls: 0 };
    let events = run(&mut queue, &mut object, Some(&mut exception)).unwrap();
    assert_eq!(events.last(), Some(&(93, Played::Excepted)));
    assert_eq!((exception.announced, exception.calls), (1, 4));
    assert_eq!(queue.list().unwrap(), []);
}

#[test]
fn message_that_the_exception_class_refuses_is_dead() {
    let (mut queue, mut object) = (sent(), Flaky::new(99));
    let mut exception = Exception { announced: 0, outcome: Outcome::Failed, calls: 0 };
    let events = run(&mut queue, &mut object, Some(&mut exception)).unwrap();
    assert_eq!(events.last(), Some(&(93, Played::Dead)));
    assert_eq!(only_entry(&queue).step.stage, Stage::Dead);
}

#[test]
fn call_that_can_never_succeed_is_dead_at_once() {
    let (mut queue, mut object) = (sent(), Flaky::new(99));
    object.failing = Outcome::Impossible;
    let events = run(&mut queue, &mut object, None).unwrap();
    assert_eq!(events, [(0, Played::Dead)]);
    let (mut queue, mut exception) =
        (sent(), Exception { announced: 0, outcome: Outcome::Done, calls: 0 });
    let events = run(&mut queue, &mut object, Some(&mut exception)).unwrap();
    assert_eq!(events, [(0, Played::Excepted)]);
}

#[test]
fn removed_queues_shorten_the_schedule() {
    let (mut queue, mut object) = (sent(), Flaky::new(99));
    queue.remove_stage(Stage::Retry(1)).unwrap();
    queue.remove_stage(Stage::Retry(3)).unwrap();
    // Three queues are left: 1, 2 and 4 minutes, by their position.
    let events = run(&mut queue, &mut object, None).unwrap();
    assert_eq!(object.tries, MINUTES[..10]);
    let stages: Vec<_> = events
        .iter()
        .filter_map(|(_, played)| match played {
            Played::Postponed(Step { stage, tries: 0, .. }) => Some(*stage),
            _ => None,
        })
        .collect();
    assert_eq!(stages, [0, 2, 4].map(Stage::Retry));
    assert_eq!(events.last(), Some(&(21, Played::Dead)));
}

#[test]
fn without_retry_queues_one_failure_is_the_last() {
    let (mut queue, mut object) = (sent(), Flaky::new(99));
    for number in 0..5 {
        queue.remove_stage(Stage::Retry(number)).unwrap();
    }
    for fixed in [Stage::Input, Stage::Dead] {
        queue.remove_stage(fixed).unwrap();
    }
    assert_eq!(queue.stages().unwrap(), [Stage::Input, Stage::Dead]);
    assert_eq!(run(&mut queue, &mut object, None).unwrap(), [(0, Played::Dead)]);
}

#[test]
fn removing_a_queue_moves_its_messages_to_the_dead_queue() {
    let (mut queue, mut object) = (sent(), Flaky::new(1));
    object.now = START;
    play_next(&mut queue, START, &mut object, None).unwrap();
    assert_eq!(only_entry(&queue).step.stage, Stage::Retry(0));
    queue.remove_stage(Stage::Retry(0)).unwrap();
    assert_eq!(only_entry(&queue).step.stage, Stage::Dead);
}

#[test]
fn message_mover_brings_dead_messages_back() {
    let (mut queue, mut object) = (sent(), Flaky::new(16));
    run(&mut queue, &mut object, None).unwrap();
    assert_eq!(queue.move_messages(Stage::Dead, Stage::Input, START).unwrap(), 1);
    let events = run(&mut queue, &mut object, None).unwrap();
    assert_eq!(events, [(0, Played::Done)]);
}

#[test]
fn messages_are_played_in_the_order_of_sending() {
    let mut queue = MemoryQueue::default();
    let ids = [0, 0, 1].map(|later| queue.send(Q1, START + later).unwrap());
    let mut object = Flaky::new(0);
    let mut played = Vec::new();
    object.now = START + 1;
    while let Some((id, _)) = play_next(&mut queue, START + 1, &mut object, None).unwrap() {
        played.push(id);
    }
    assert_eq!(played, ids);
}

#[test]
fn packets_are_played_and_malformed_messages_are_rejected() {
    let mut queue = MemoryQueue::default();
    queue.send(Q4, START).unwrap();
    queue.send(&Q1[..440], START).unwrap();
    let mut object = Flaky::new(0);
    let events = run(&mut queue, &mut object, None).unwrap();
    assert_eq!(events[0].1, Played::Done);
    assert!(matches!(events[1].1, Played::Rejected(error) if error.rule == Rule::MessageSize));
    assert_eq!(only_entry(&queue).step.stage, Stage::Dead);
}

#[test]
fn sqlite_queue_keeps_the_same_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = SqliteQueue::open(folder.path().join("queue.db")).unwrap();
    queue.send(Q1, START).unwrap();
    let mut object = Flaky::new(15);
    let events = run(&mut queue, &mut object, None).unwrap();
    assert_eq!(object.tries, MINUTES);
    assert_eq!(events.last(), Some(&(93, Played::Done)));
}

#[test]
fn queues_have_the_names_that_windows_gives_them() {
    let names = Stage::ALL.map(|stage| stage.queue_name("Shop"));
    let expected = ["Shop", "Shop_0", "Shop_1", "Shop_2", "Shop_3", "Shop_4", "Shop_DeadQueue"];
    assert_eq!(names, expected);
    for stage in Stage::ALL {
        assert_eq!(stage.to_string().parse(), Ok(stage));
    }
    assert!("5".parse::<Stage>().is_err());
}
