use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::time::{Instant, sleep_until};

use super::{
    journal::{Committing, Journal},
    link::Link,
};
use crate::{
    Config,
    error::JournalError,
    space::{ConnectionKey, Outgoing, WhenSafe, Write},
};

/// What a space has sent and what it has saved, in their order: output commit.
pub(super) struct Commits {
    journal: Arc<dyn Journal>,
    /// What is not safe yet, the oldest first.
    waiting: VecDeque<Committing>,
    /// How many commits are done.
    done: u64,
    /// What leaves when so many commits are done.
    held: VecDeque<(u64, Turn)>,
    /// Since when nothing was released, or peers were told that we are there all the same.
    silent_since: Instant,
}

/// What a turn leaves to be done outside of the space.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) outgoing: Vec<Outgoing>,
    pub(super) when_safe: Vec<WhenSafe>,
}

/// So many turns may wait for the journal, those that save nothing but come behind others included;
/// then the space waits too.
const MOST: usize = 64;

impl Commits {
    pub(super) fn new(journal: Arc<dyn Journal>) -> Self {
        let silent_since = Instant::now();
        Self { journal, waiting: VecDeque::new(), done: 0, held: VecDeque::new(), silent_since }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST || self.held.len() >= MOST
    }

    /// Takes a turn and what it has saved. Returns what may leave at once: all of it where nothing
    /// waits.
    pub(super) fn hold(&mut self, writes: Vec<Write>, turn: Turn) -> Turn {
        if !writes.is_empty() {
            if self.waiting.is_empty() {
                self.silent_since = Instant::now();
            }
            self.waiting.push_back(self.journal.commit(writes));
        }
        if self.waiting.is_empty() {
            return turn;
        }
        let after = self.done + self.waiting.len() as u64;
        self.held.push_back((after, turn));
        Turn::default()
    }

    /// The oldest commit is done: the turns that may leave now.
    pub(super) fn release(&mut self) -> Vec<Turn> {
        self.waiting.pop_front();
        self.done += 1;
        self.silent_since = Instant::now();
        let mut free = Vec::new();
        while let Some((after, _)) = self.held.front()
            && *after <= self.done
        {
            free.extend(self.held.pop_front().map(|(_, turn)| turn));
        }
        free
    }
}

/// Waits until the oldest commit is done; for ever where there is none. Where it takes long, peers are
/// pinged meanwhile: what is held must not look like silence.
pub(super) async fn committed(
    commits: &mut Option<Commits>,
    config: &Config,
    links: &HashMap<ConnectionKey, Arc<Link>>,
) -> Result<(), JournalError> {
    let oldest = commits.as_mut().and_then(|commits| {
        commits.waiting.front_mut().map(|oldest| (oldest, &mut commits.silent_since))
    });
    let Some((oldest, silent_since)) = oldest else { return std::future::pending().await };
    loop {
        tokio::select! {
            result = &mut *oldest => return result,
            () = sleep_until(*silent_since + config.ping_interval) => {
                links.values().for_each(|link| link.ping());
                *silent_since = Instant::now();
            }
        }
    }
}
